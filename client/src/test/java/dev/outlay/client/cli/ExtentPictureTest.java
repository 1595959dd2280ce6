package dev.outlay.client.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExtentPictureTest {

    private static final List<ExtentState> STATES = List.of(ExtentState.values());

    @Test
    void eachStateHasItsCharacter() {
        List<Extent> extents =
                List.of(
                        extent(0, 4, ExtentState.WRITTEN, 0),
                        extent(8, 4, ExtentState.UNWRITTEN, Extent.NEW),
                        extent(12, 4, ExtentState.WRITTEN, Extent.AT_RISK));
        assertEquals("##..uu!!", ExtentPicture.draw(extents, 16, 8));
        assertEquals("####....uuuu!!!!", ExtentPicture.draw(extents, 16, 64));
    }

    @Test
    void aCellWrittenInPartIsShownSo() {
        assertEquals("+.", ExtentPicture.draw(List.of(extent(0, 1, ExtentState.WRITTEN, 0)), 8, 2));
        assertEquals("..", ExtentPicture.draw(List.of(), 8, 2));
        assertEquals("", ExtentPicture.draw(List.of(), 0, 2));
    }

    @Test
    void cellsAgreeWithAWalkOfEveryByte() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int run = 0; run < 500; run++) {
            int length = 1 + random.nextInt(300);
            int width = 1 + random.nextInt(80);
            ExtentState[] bytes = new ExtentState[length];
            List<Extent> extents = new ArrayList<>();
            int at = 0;
            while (at < length) {
                int end = Math.min(length, at + 1 + random.nextInt(40));
                ExtentState state = STATES.get(random.nextInt(STATES.size()));
                for (int i = at; i < end; i++) {
                    bytes[i] = state;
                }
                if (state != ExtentState.HOLE) {
                    extents.add(extent(at, end - at, state, 0));
                }
                at = end;
            }
            assertEquals(
                    walk(bytes, Math.min(width, length)),
                    ExtentPicture.draw(extents, length, width),
                    "seed " + seed + ", run " + run);
        }
    }

    private static String walk(ExtentState[] bytes, int cells) {
        StringBuilder picture = new StringBuilder();
        for (int cell = 0; cell < cells; cell++) {
            int start = start(cell, bytes.length, cells);
            int end = start(cell + 1, bytes.length, cells);
            int written = 0;
            int unwritten = 0;
            for (int i = start; i < end; i++) {
                written += bytes[i] == ExtentState.WRITTEN ? 1 : 0;
                unwritten += bytes[i] == ExtentState.UNWRITTEN ? 1 : 0;
            }
            picture.append(
                    written == end - start ? '#' : written > 0 ? '+' : unwritten > 0 ? 'u' : '.');
        }
        return picture.toString();
    }

    private static int start(int cell, int length, int cells) {
        return (int) ((long) cell * length / cells);
    }

    private static Extent extent(long offset, long length, ExtentState state, int flags) {
        return new Extent(offset, length, state, 0, 4096 + offset, flags);
    }
}
