package dev.outlay;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import java.util.Set;
import picocli.CommandLine.IVersionProvider;

/** The version of this build, as the build wrote it into {@code version.properties}. */
final class Version {

    /** Short for {@code --version}, as picocli has it. */
    private static final Set<String> OPTIONS = Set.of("--version", "-V");

    private Version() {}

    /**
     * Whether nothing else is asked for: what a program does most often, and without its command
     * line.
     */
    static boolean isAllAskedFor(String[] args) {
        return args.length == 1 && OPTIONS.contains(args[0]);
    }

    /** The version as {@code outlay --version} prints it, with that of Java. */
    static String line() {
        return "outlay " + current() + " (Java " + System.getProperty("java.runtime.version") + ")";
    }

    /** The version alone, such as {@code 0.1.0}. */
    static String current() {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in == null) {
                throw new IllegalStateException(
                        "version.properties is missing from the program - build it again");
            }
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version", "unknown");
    }

    /** For the option of each command. */
    static final class Provider implements IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {line()};
        }
    }
}
