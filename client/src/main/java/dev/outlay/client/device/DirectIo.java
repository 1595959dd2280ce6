package dev.outlay.client.device;

import java.nio.file.OpenOption;

/**
 * The open option for direct I/O. It is public and lives in {@code jdk.unsupported}; the compiler
 * warns of its use in a way that cannot be suppressed, so it is looked up by name.
 */
public final class DirectIo {

    private static final String OPTIONS = "com.sun.nio.file.ExtendedOpenOption";

    /** {@code ExtendedOpenOption.DIRECT}. */
    public static final OpenOption DIRECT = find();

    private DirectIo() {}

    private static OpenOption find() {
        try {
            for (Object option : Class.forName(OPTIONS).getEnumConstants()) {
                if (option instanceof OpenOption found && found.toString().equals("DIRECT")) {
                    return found;
                }
            }
        } catch (ClassNotFoundException e) {
            throw new ExceptionInInitializerError(e);
        }
        throw new ExceptionInInitializerError(
                "this Java has no direct I/O: no DIRECT in " + OPTIONS);
    }
}
