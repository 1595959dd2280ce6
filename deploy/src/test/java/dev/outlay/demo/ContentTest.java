package dev.outlay.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ByteRange;
import dev.outlay.demo.Content.Outcome;
import dev.outlay.demo.Content.Piece;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The demonstration can fail: one byte that no commit explains is enough. */
final class ContentTest {

    private static final int EARLIER = 4096;
    private static final int SIZE = (2 << 20) + 12_288;
    private static final Content EXPECTED =
            Content.of(
                    new Piece(new ByteRange(0, EARLIER), Ink.EARLIER),
                    new Piece(new ByteRange(EARLIER, SIZE), Ink.ZERO));

    private final byte[] read = right();

    @Test
    void whatWasCommittedIsRight() {
        Outcome outcome = compare();
        assertTrue(outcome.isRight());
        assertEquals(SIZE, outcome.bytes());
    }

    @Test
    void aStaleByteOfTheFormerOwnerIsFound() {
        for (int at : new int[] {EARLIER, EARLIER + 1, 1 << 20, SIZE - 1}) {
            read[at] = (byte) 0xCD;
            Outcome outcome = compare();
            assertEquals(1, outcome.wrong());
            assertEquals(at, outcome.firstWrong());
            assertEquals(Map.of(Ink.FORMER_OWNER, 1L), outcome.wrongByInk());
            read[at] = 0;
        }
        assertTrue(compare().isRight());
    }

    @Test
    void bytesOfTheKilledWriterAreFoundAndNamed() {
        System.arraycopy(Ink.A.bytes(8192, 4096), 0, read, 8192, 4096);
        read[SIZE - 1] = (byte) 0xCD;
        Outcome outcome = compare();
        assertFalse(outcome.isRight());
        assertEquals(
                "4097 bytes are wrong, the first at offset 8192 (1 of them the former owner's 0xCD,"
                        + " 4096 of them A's bytes)",
                outcome.problem());
    }

    @Test
    void zerosWhereBytesWereCommittedAreFound() {
        read[EARLIER - 1] = 0;
        assertEquals(1, compare().wrong());
        assertEquals(Map.of(Ink.ZERO, 1L), compare().wrongByInk());
    }

    @Test
    void committedBytesFromAnotherPlaceAreFound() {
        System.arraycopy(Ink.EARLIER.bytes(EARLIER, EARLIER), 0, read, 0, EARLIER);
        assertTrue(compare().wrong() > EARLIER / 2);
    }

    @Test
    void anotherLengthIsFound() {
        Outcome cut = compare(Arrays.copyOf(read, SIZE - 3));
        assertEquals(3, cut.wrong());
        assertEquals(SIZE - 3, cut.firstWrong());
        Outcome longer = compare(Arrays.copyOf(read, SIZE + 5));
        assertEquals(5, longer.wrong());
        assertEquals(SIZE, longer.firstWrong());
        Outcome nothing = compare(new byte[0]);
        assertEquals(SIZE, nothing.wrong());
        assertEquals(0, nothing.bytes());
    }

    @Test
    void piecesLeaveNoGaps() {
        Piece first = new Piece(new ByteRange(0, 1), Ink.A);
        Piece later = new Piece(new ByteRange(2, 3), Ink.A);
        assertThrows(IllegalArgumentException.class, () -> Content.of(first, later));
    }

    private Outcome compare() {
        return compare(read);
    }

    private static Outcome compare(byte[] bytes) {
        try {
            return EXPECTED.compare(new ByteArrayInputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] right() {
        byte[] bytes = new byte[SIZE];
        System.arraycopy(Ink.EARLIER.bytes(0, EARLIER), 0, bytes, 0, EARLIER);
        return bytes;
    }
}
