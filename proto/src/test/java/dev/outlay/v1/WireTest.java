package dev.outlay.v1;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Messages as bytes in files, each beside its meaning as text: what old clients send is still
 * understood, and what new ones send is what old servers know.
 */
class WireTest {
    private static final int HEX_COLUMNS = 96;

    /** One file for each message type; its samples together set every field. */
    @TestFactory
    Stream<DynamicTest> bytesMeanWhatTheyMeant() {
        return Golden.messages().stream()
                .map(type -> DynamicTest.dynamicTest(Golden.shortName(type), () -> check(type)));
    }

    private static void check(Descriptor type) throws IOException {
        String file = "wire/" + Golden.shortName(type) + ".txt";
        if (Golden.writing()) {
            write(file, Samples.of(type));
        }
        List<FieldDescriptor> seen = new ArrayList<>();
        for (Map.Entry<String, Sample> golden : read(file).entrySet()) {
            String where = file + ", sample " + golden.getKey() + ". " + Golden.HOW;
            ByteString bytes = golden.getValue().bytes();
            DynamicMessage decoded = DynamicMessage.parseFrom(type, bytes);
            DynamicMessage.Builder meant = DynamicMessage.newBuilder(type);
            TextFormat.merge(golden.getValue().text(), meant);

            assertEquals(meant.build(), decoded, where);
            assertTrue(decoded.getUnknownFields().asMap().isEmpty(), where);
            assertEquals(bytes, decoded.toByteString(), where);
            seen.addAll(decoded.getAllFields().keySet());
        }
        assertTrue(
                seen.containsAll(type.getFields()),
                () -> file + " lacks a field of " + type.getFields() + ". " + Golden.HOW);
    }

    /** The generated classes, not only the descriptors, agree with the bytes. */
    @TestFactory
    Stream<DynamicTest> generatedClassesAgree() {
        return Stream.of(Request.getDefaultInstance(), Reply.getDefaultInstance())
                .map(
                        type ->
                                DynamicTest.dynamicTest(
                                        type.getDescriptorForType().getName(), () -> agree(type)));
    }

    private static void agree(Message type) throws IOException {
        String file = "wire/" + type.getDescriptorForType().getName() + ".txt";
        for (Sample golden : read(file).values()) {
            Message decoded = type.getParserForType().parseFrom(golden.bytes());
            assertEquals(golden.bytes(), decoded.toByteString(), file);
            assertEquals(golden.text(), TextFormat.printer().printToString(decoded), file);
        }
    }

    private record Sample(String text, ByteString bytes) {}

    private static void write(String file, Map<String, Message> samples) throws IOException {
        List<String> lines = new ArrayList<>();
        samples.forEach(
                (name, message) -> {
                    lines.add("# " + name);
                    lines.addAll(
                            TextFormat.printer()
                                    .printToString(message)
                                    .lines()
                                    .filter(line -> !line.isEmpty())
                                    .toList());
                    String hex = HexFormat.of().formatHex(message.toByteArray());
                    for (int i = 0; i < hex.length(); i += HEX_COLUMNS) {
                        lines.add("= " + hex.substring(i, Math.min(hex.length(), i + HEX_COLUMNS)));
                    }
                });
        Golden.write(file, lines);
    }

    private static Map<String, Sample> read(String file) throws IOException {
        Map<String, Sample> samples = new LinkedHashMap<>();
        String name = "";
        StringBuilder text = new StringBuilder();
        StringBuilder hex = new StringBuilder();
        List<String> lines = new ArrayList<>(Golden.read(file));
        lines.add("# end");
        for (String line : lines) {
            if (line.startsWith("# ")) {
                if (!name.isEmpty()) {
                    byte[] bytes = HexFormat.of().parseHex(hex);
                    samples.put(name, new Sample(text.toString(), ByteString.copyFrom(bytes)));
                }
                name = line.substring(2);
                text.setLength(0);
                hex.setLength(0);
            } else if (line.startsWith("= ")) {
                hex.append(line, 2, line.length());
            } else {
                text.append(line).append('\n');
            }
        }
        return samples;
    }
}
