package dev.outlay.v1;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The API as a list of numbers and types, compared with the list that clients in the field have.
 */
class DescriptorTest {
    private static final String GOLDEN = "descriptor.txt";

    /** A field of a scalar type, an rpc, or a number of an enum other than its zero. */
    private static final Pattern NEEDS_COMMENT =
            Pattern.compile(
                    "\\s+(?:(?:optional |repeated )?(?:u?int32|u?int64|fixed32|fixed64|bool|bytes|string)"
                            + " \\w+ = \\d+;|rpc .*|REASON_\\w+ = .*)");

    @Test
    void numbersAndTypesAreThoseInTheField() throws IOException {
        List<String> now = describe();
        if (Golden.writing()) {
            Golden.write(GOLDEN, now);
        }
        List<String> golden = Golden.read(GOLDEN);
        TreeSet<String> lost = new TreeSet<>(golden);
        now.forEach(lost::remove);
        assertTrue(lost.isEmpty(), () -> "changed or gone: " + lost + ". " + Golden.HOW);
        TreeSet<String> added = new TreeSet<>(now);
        golden.forEach(added::remove);
        assertTrue(added.isEmpty(), () -> "not in " + GOLDEN + ": " + added + ". " + Golden.HOW);
    }

    @Test
    void zeroOfEveryEnumIsUnspecified() {
        for (FileDescriptor file : Golden.apiFiles()) {
            for (EnumDescriptor type : file.getEnumTypes()) {
                String zero = type.findValueByNumber(0).getName();
                assertTrue(zero.endsWith("_UNSPECIFIED"), zero);
            }
        }
    }

    /** A reply's body has the number of its request's, so that neither end needs a second table. */
    @Test
    void repliesAreNumberedAsTheirRequests() {
        Descriptor reply = Reply.getDescriptor();
        for (FieldDescriptor body : Request.getDescriptor().getOneofs().get(0).getFields()) {
            FieldDescriptor answer = reply.findFieldByNumber(body.getNumber());
            assertEquals(body.getName(), answer.getName());
            assertEquals(
                    body.getMessageType().getName().replace("Request", "Response"),
                    answer.getMessageType().getName());
        }
    }

    /** Every unary call that is not administration can be made on a stream, too. */
    @Test
    void everyOperationTravelsOnTheStream() {
        TreeSet<String> onStream = new TreeSet<>();
        Request.getDescriptor()
                .getFields()
                .forEach(
                        field -> {
                            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                                onStream.add(field.getMessageType().getName());
                            }
                        });
        for (FileDescriptor file : Golden.apiFiles()) {
            for (ServiceDescriptor service : file.getServices()) {
                for (MethodDescriptor method : service.getMethods()) {
                    if (service.getName().equals("Admin") || method.isClientStreaming()) {
                        continue;
                    }
                    String request = method.getInputType().getName();
                    assertTrue(onStream.contains(request), request);
                }
            }
        }
    }

    @Test
    void everyFieldAndCallIsExplained() throws IOException {
        List<String> bare = new ArrayList<>();
        for (FileDescriptor file : Golden.apiFiles()) {
            Path source =
                    Path.of(System.getProperty("basedir", "."), "src/main/proto", file.getName());
            List<String> lines = Files.readAllLines(source);
            for (int i = 1; i < lines.size(); i++) {
                if (NEEDS_COMMENT.matcher(lines.get(i)).matches()
                        && !lines.get(i - 1).strip().startsWith("//")) {
                    bare.add(file.getName() + ":" + (i + 1) + ":" + lines.get(i));
                }
            }
        }
        assertEquals(List.of(), bare, "say what it means, its unit and its range");
    }

    private static List<String> describe() {
        List<String> lines = new ArrayList<>();
        for (FileDescriptor file : Golden.apiFiles()) {
            file.getEnumTypes().forEach(type -> describe(type, lines));
            file.getServices().forEach(service -> describe(service, lines));
        }
        for (Descriptor type : Golden.messages()) {
            type.getEnumTypes().forEach(nested -> describe(nested, lines));
            type.getFields().forEach(field -> lines.add(describe(field)));
            type.toProto()
                    .getReservedRangeList()
                    .forEach(
                            range -> {
                                for (int n = range.getStart(); n < range.getEnd(); n++) {
                                    lines.add(type.getFullName() + " reserves " + n);
                                }
                            });
            if (type.getFields().isEmpty()) {
                lines.add(type.getFullName() + " is empty");
            }
        }
        Collections.sort(lines);
        return lines;
    }

    private static String describe(FieldDescriptor field) {
        String type =
                switch (field.getJavaType()) {
                    case MESSAGE -> field.getMessageType().getFullName();
                    case ENUM -> field.getEnumType().getFullName();
                    case INT, LONG, FLOAT, DOUBLE, BOOLEAN, STRING, BYTE_STRING ->
                            field.getType().name().toLowerCase(java.util.Locale.ROOT);
                };
        String label =
                field.isRepeated()
                        ? "repeated"
                        : field.getRealContainingOneof() != null
                                ? "oneof " + field.getRealContainingOneof().getName()
                                : field.hasPresence() ? "optional" : "plain";
        return field.getFullName() + " = " + field.getNumber() + " " + type + " " + label;
    }

    private static void describe(EnumDescriptor type, List<String> lines) {
        type.getValues()
                .forEach(
                        value ->
                                lines.add(
                                        type.getFullName()
                                                + "."
                                                + value.getName()
                                                + " = "
                                                + value.getNumber()));
    }

    private static void describe(ServiceDescriptor service, List<String> lines) {
        for (MethodDescriptor method : service.getMethods()) {
            lines.add(
                    method.getFullName()
                            + " ("
                            + (method.isClientStreaming() ? "stream " : "")
                            + method.getInputType().getFullName()
                            + ") -> ("
                            + (method.isServerStreaming() ? "stream " : "")
                            + method.getOutputType().getFullName()
                            + ")");
        }
    }
}
