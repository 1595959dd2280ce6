package dev.outlay.client.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DaxFileDeviceTest {

    private static final boolean AFFECTED = Runtime.version().feature() == 25;

    @Test
    void theFlagsOfTheBuildMakeItSafe() {
        assertTrue(DaxFileDevice.forceIsSafe());
    }

    @Test
    void aJvmWithoutTheFlagsIsToldFromOneWithThem() throws Exception {
        assertEquals(AFFECTED ? "false" : "true", probe());
        assertEquals(AFFECTED ? "false" : "true", probe("-XX:+UnlockDiagnosticVMOptions"));
        assertEquals(
                "true",
                probe("-XX:+UnlockDiagnosticVMOptions", "-XX:-DelayCompilerStubsGeneration"));
    }

    /** Says whether this JVM can flush persistent memory. */
    static final class Probe {

        private Probe() {}

        @SuppressWarnings("SystemOut") // The test reads this line.
        public static void main(String[] arguments) {
            System.out.println(DaxFileDevice.forceIsSafe());
        }
    }

    private static String probe(String... flags) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // A later release may have lost the flag.
        command.add("-XX:+IgnoreUnrecognizedVMOptions");
        command.addAll(List.of(flags));
        command.addAll(
                List.of("-cp", System.getProperty("java.class.path"), Probe.class.getName()));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader output = process.inputReader()) {
            String line = output.readLine();
            assertEquals(0, process.waitFor());
            return String.valueOf(line);
        }
    }
}
