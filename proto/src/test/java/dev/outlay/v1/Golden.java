package dev.outlay.v1;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The files that fix the wire format, and the one way to write them anew: {@code ./mvnw -pl proto
 * test -Doutlay.golden=write}. To be done only after an addition; whatever else changes a golden
 * file breaks clients that are in the field.
 */
final class Golden {
    static final String HOW =
            "If this is a pure addition, write the golden files anew with -Doutlay.golden=write"
                    + " and look at the difference; anything else breaks clients in the field.";

    private static final Path DIRECTORY =
            Path.of(System.getProperty("basedir", "."), "src/test/resources/golden");

    private Golden() {}

    static boolean writing() {
        return "write".equals(System.getProperty("outlay.golden"));
    }

    static Path path(String name) {
        return DIRECTORY.resolve(name);
    }

    static List<String> read(String name) throws IOException {
        return Files.readAllLines(path(name));
    }

    static void write(String name, List<String> lines) throws IOException {
        Files.createDirectories(path(name).getParent());
        Files.write(path(name), lines);
    }

    /** Every file of the API. */
    static List<FileDescriptor> apiFiles() {
        return List.of(
                Common.getDescriptor(),
                SessionsOuterClass.getDescriptor(),
                LayoutsOuterClass.getDescriptor(),
                FilesOuterClass.getDescriptor(),
                DevicesOuterClass.getDescriptor(),
                AdminOuterClass.getDescriptor(),
                Fence.getDescriptor());
    }

    /** Every message of the API, nested ones after the one that holds them. */
    static List<Descriptor> messages() {
        List<Descriptor> found = new ArrayList<>();
        apiFiles().forEach(file -> file.getMessageTypes().forEach(type -> collect(type, found)));
        return found;
    }

    private static void collect(Descriptor type, List<Descriptor> found) {
        found.add(type);
        type.getNestedTypes().forEach(nested -> collect(nested, found));
    }

    /** Name without the package, nested names joined by a dot. */
    static String shortName(Descriptor type) {
        return type.getFullName().substring(type.getFile().getPackage().length() + 1);
    }
}
