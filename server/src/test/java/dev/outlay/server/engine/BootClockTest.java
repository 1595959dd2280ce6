package dev.outlay.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BootClockTest {

    private static final Path UPTIME = Path.of("/proc/uptime");

    @Test
    void neverGoesBack() {
        for (BootClock clock : new BootClock[] {BootClock.system(), BootClock.fallback()}) {
            long before = clock.nanos();
            for (int i = 0; i < 100_000; i++) {
                long now = clock.nanos();
                assertTrue(now >= before, before + " then " + now);
                before = now;
            }
        }
    }

    @Test
    void isTheUptimeOfTheKernelSuspendIncluded() throws IOException {
        assumeTrue(Files.isReadable(UPTIME), "only Linux tells its uptime in /proc/uptime");
        BootClock clock = BootClock.system();
        assertTrue(clock.runsThroughSuspend());
        long before = clock.millis();
        String seconds = Files.readString(UPTIME).split(" ", -1)[0];
        long uptime = Math.round(Double.parseDouble(seconds) * 1000);
        long after = clock.millis();
        // The file has hundredths.
        assertTrue(
                before - 10 <= uptime && uptime <= after + 10,
                uptime + " between " + before + " and " + after);
    }

    @Test
    void theFallbackCountsTheSameSecondsAndSaysWhatItIs() {
        BootClock boot = BootClock.system();
        BootClock fallback = BootClock.fallback();
        assertFalse(fallback.runsThroughSuspend());
        long outerStart = boot.nanos();
        long innerStart = fallback.nanos();
        while (fallback.nanos() - innerStart < 5_000_000) {
            Thread.onSpinWait();
        }
        assertTrue(boot.nanos() - outerStart >= 4_900_000);
    }

    @Test
    void aManualClockMovesOnlyByHand() {
        ManualClock clock = new ManualClock();
        assertEquals(0, clock.millis());
        clock.advanceMillis(30_000);
        assertEquals(30_000, clock.millis());
        assertEquals(30_000_000_000L, clock.nanos());
    }
}
