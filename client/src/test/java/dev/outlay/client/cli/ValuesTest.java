package dev.outlay.client.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.SavedSession;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Stateid;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Values of the command line, the file between two commands, and the progress line. */
class ValuesTest {

    @Test
    void namesOfFilesAreVolumeAndPath() {
        assertEquals(new VolumePath("data", "/dir/file"), VolumePath.parse("data:/dir//file/"));
        assertTrue(VolumePath.parse("data:/").isRoot());
        assertEquals("data:/dir", VolumePath.parse("data:/dir/file").parent().toString());
        assertEquals("data:/file", VolumePath.parse("data:/").child("file").toString());
        assertEquals("file", VolumePath.parse("data:/dir/file").name());
        for (String wrong : List.of("", "data", "data:", "data:dir", ":/dir", "/dir")) {
            assertTrue(message(() -> VolumePath.parse(wrong)).contains("data:/dir/file"), wrong);
        }
    }

    @Test
    void rangesMayHaveAPlace() {
        assertEquals(new ByteRange(4096, 12288), RangeSpec.parse("4KiB+8192").range());
        RangeSpec placed = RangeSpec.parse("0+64KiB@3:1MiB");
        assertEquals(new RangeSpec.Address(3, 1 << 20), placed.address().orElseThrow());
        for (String wrong : List.of("", "0", "0-5", "0+0", "-1+5", "0+5@", "0+5@1", "0+5@1:x")) {
            assertThrows(IllegalArgumentException.class, () -> RangeSpec.parse(wrong), wrong);
        }
    }

    @Test
    void aStateidIsReadAsItIsPrinted() {
        Stateid stateid = new Stateid(new LayoutId(-5, 77), -2);
        assertEquals(stateid, Converters.stateid(stateid.toString()));
        assertTrue(message(() -> Converters.stateid("1:2")).contains("ID:SEQ"));
    }

    @Test
    void theStateOfASessionIsReadAsItIsWritten() {
        SessionState state =
                SessionState.none("cli/me@here/1")
                        .opened(
                                new SavedSession(
                                        "cli/me@here/1", -3, -4, "0f".repeat(16), Map.of("a", 7L)),
                                600_000)
                        .holding(VolumePath.parse("a:/f"), true)
                        .holding(VolumePath.parse("a:/g"), true)
                        .holding(VolumePath.parse("a:/g"), false);
        assertEquals(state, SessionState.fromJson(state.toJson()));
        assertEquals(
                SessionState.none("me"), SessionState.fromJson(SessionState.none("me").toJson()));
        for (String junk : List.of("", "{}", "[]", "{\"format\": 9}", "junk")) {
            assertThrows(IllegalArgumentException.class, () -> SessionState.fromJson(junk), junk);
        }
    }

    @Test
    void aSecondCommandWaitsForTheFirst(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("private").resolve("session.json");
        try (SessionFile first = SessionFile.lock(file, 1)) {
            CommandFailure failure =
                    assertThrows(CommandFailure.class, () -> SessionFile.lock(file, 1).close());
            assertEquals(ExitCode.TRY_LATER, failure.exitCode());
            assertTrue(String.valueOf(failure.getMessage()).contains("--state"));
            first.write(SessionState.none("me"));
        }
        try (SessionFile second = SessionFile.lock(file, 1)) {
            assertEquals("me", second.read().owner());
        }
    }

    @Test
    void progressIsDrawnOnATerminalAndWiped() {
        AtomicLong clock = new AtomicLong();
        StringWriter drawn = new StringWriter();
        try (Progress progress =
                new Progress(new PrintWriter(drawn, true), true, "put", 4096, clock::get)) {
            progress.at(1);
            assertEquals("", drawn.toString());
            clock.set(1_000_000_000);
            progress.at(1024);
        }
        assertEquals("\r\033[Kput 25% of 4 KiB, 1 KiB, 1 KiB/s\r\033[K", drawn.toString());
        StringWriter silent = new StringWriter();
        try (Progress progress =
                new Progress(new PrintWriter(silent, true), false, "put", 4096, clock::get)) {
            clock.set(9_000_000_000L);
            progress.at(1024);
        }
        assertEquals("", silent.toString());
    }

    private static String message(Runnable call) {
        return Objects.requireNonNull(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
