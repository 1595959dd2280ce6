package dev.outlay.core;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;

/**
 * The files that fix what lies on disk, in hex, and the one way to write them anew: {@code ./mvnw
 * -pl layout-core test -Doutlay.golden=write}. To be done only after an addition; whatever else
 * changes a golden file makes volumes in the field unreadable.
 */
public final class Golden {

    private static final int BYTES_PER_LINE = 32;

    private static final Path DIRECTORY =
            Path.of(System.getProperty("basedir", "."), "src/test/resources/golden");

    private Golden() {}

    /** The bytes that the file says; with the property set, first writes it from {@code actual}. */
    public static byte[] of(String name, byte[] actual) {
        Path file = DIRECTORY.resolve(name.toLowerCase(Locale.ROOT) + ".hex");
        try {
            if ("write".equals(System.getProperty("outlay.golden"))) {
                Files.createDirectories(file.getParent());
                Files.writeString(file, hex(actual));
            }
            return HexFormat.of().parseHex(Files.readString(file).replaceAll("\\s", ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hex(byte[] bytes) {
        StringBuilder lines = new StringBuilder();
        for (int at = 0; at < bytes.length; at += BYTES_PER_LINE) {
            int end = Math.min(bytes.length, at + BYTES_PER_LINE);
            lines.append(HexFormat.of().formatHex(bytes, at, end)).append('\n');
        }
        return lines.toString();
    }
}
