package dev.outlay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is asked of fio, and what is taken from its answer. */
final class FileSystemSyncTest {

    @Test
    void fioWritesPastThePageCacheIntoUnwrittenBlocksAndWaitsForEach() {
        List<String> command = FileSystemSync.fioCommand(Path.of("/mnt/disk"), 8, 1_500_000_000L);
        for (String option :
                List.of(
                        "--directory=/mnt/disk",
                        "--bs=4096",
                        "--direct=1",
                        "--fdatasync=1",
                        "--fallocate=posix",
                        "--numjobs=8",
                        "--size=134217728",
                        "--runtime=1500ms")) {
            assertTrue(command.contains(option), command.toString());
        }
    }

    @Test
    void itsAnswerMayComeAfterAWarning() throws IOException {
        String said =
                """
                note: both iodepth >= 1 and synchronous I/O engine are selected
                {"fio version": "fio-3.36", "jobs": [{"jobname": "sync",
                  "read": {"iops": 0.0}, "write": {"iops": 4711.5, "bw": 18846}}]}
                """;
        assertEquals(4711.5, FileSystemSync.writesPerSecond(said));
    }

    @Test
    void anythingElseIsAFailureThatShowsIt() {
        IOException failure =
                assertThrows(
                        IOException.class, () -> FileSystemSync.writesPerSecond("fio: bad option"));
        assertTrue(String.valueOf(failure.getMessage()).contains("fio: bad option"));
    }
}
