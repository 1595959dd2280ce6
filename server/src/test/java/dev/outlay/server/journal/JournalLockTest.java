package dev.outlay.server.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One server a volume. */
class JournalLockTest {

    @TempDir private Path directory = Path.of("");

    /** Locks the directory named and holds it until its input ends: run as another process. */
    public static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws IOException {
            try (JournalLock lock = JournalLock.acquire(Path.of(arguments[0]))) {
                System.out.println("locked " + lock.hashCode());
                System.in.transferTo(System.out);
            }
        }
    }

    @Test
    void aSecondOpenerInTheProcessIsRefused() throws IOException {
        JournalLock lock = JournalLock.acquire(directory);
        VolumeLockedException e =
                assertThrows(VolumeLockedException.class, () -> JournalLock.acquire(directory));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains("pid " + ProcessHandle.current().pid()), message);
        lock.close();
        lock.close();
        JournalLock.acquire(directory).close();
    }

    @Test
    void anotherProcessIsNamedAndItsDeathFreesTheVolume() throws Exception {
        Process holder =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Holder.class.getName(),
                                directory.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try {
            String line = holder.inputReader().readLine();
            assertTrue(line != null && line.startsWith("locked"), line);
            // Twice, for a refused attempt must leave the lock as it was.
            for (int i = 0; i < 2; i++) {
                VolumeLockedException e =
                        assertThrows(
                                VolumeLockedException.class, () -> JournalLock.acquire(directory));
                String message = String.valueOf(e.getMessage());
                assertTrue(message.contains("in use by pid " + holder.pid()), message);
            }
        } finally {
            holder.destroyForcibly();
        }
        assertEquals(128 + 9, holder.waitFor());
        JournalLock.acquire(directory).close();
    }
}
