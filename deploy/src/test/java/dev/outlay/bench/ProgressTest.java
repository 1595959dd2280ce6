package dev.outlay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

final class ProgressTest {

    private final StringWriter said = new StringWriter();

    @Test
    void aTerminalHasOneLineThatIsOverwritten() {
        show(new Progress(new PrintWriter(said), true));
        assertEquals(
                "\r\033[Kmeasuring map (1 of 12) ...\r\033[Kmap, round 1 of 7\r\033[K",
                said.toString());
    }

    @Test
    void aFileHasALineForEachBenchmark() {
        show(new Progress(new PrintWriter(said), false));
        assertEquals("measuring map (1 of 12) ...\n", said.toString());
    }

    private static void show(Progress progress) {
        progress.begin("map", 1, 12);
        progress.say("map, round 1 of 7");
        progress.clear();
    }
}
