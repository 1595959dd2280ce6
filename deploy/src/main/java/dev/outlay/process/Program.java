package dev.outlay.process;

import dev.outlay.Outlay;
import java.nio.file.Path;
import java.util.List;

/** How this program is started once more. */
public final class Program {

    /** Set by the launcher: its own absolute path. */
    private static final String LAUNCHER = "outlay.launcher";

    private Program() {}

    /**
     * The words that start {@code outlay} as another process: the launcher, which becomes the JVM
     * under the same process id; without one, this JVM's java and class path.
     */
    public static List<String> command() {
        String launcher = System.getProperty(LAUNCHER, "");
        if (!launcher.isEmpty()) {
            return List.of(launcher);
        }
        return List.of(
                Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path", ""),
                Outlay.class.getName());
    }
}
