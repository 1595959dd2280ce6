package dev.outlay.server.scenario;

import java.nio.file.Path;
import java.util.List;

/** How a class of the tests is run as a process of its own. */
final class Jvm {
    private Jvm() {}

    static List<String> command(Class<?> mainClass) {
        String surefire = System.getProperty("surefire.test.class.path");
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // Short-lived: started quickly counts more than running fast.
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                surefire != null ? surefire : System.getProperty("java.class.path"),
                mainClass.getName());
    }
}
