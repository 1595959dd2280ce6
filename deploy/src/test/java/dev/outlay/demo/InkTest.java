package dev.outlay.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class InkTest {

    @Test
    void everyByteHasOneWriterAtMost() {
        for (int value = 0; value <= 0xFF; value++) {
            byte b = (byte) value;
            assertTrue(Arrays.stream(Ink.values()).filter(ink -> ink.has(b)).count() <= 1);
        }
        for (Ink ink : Ink.values()) {
            for (byte b : ink.bytes(123_456_789_012L, 10_000)) {
                assertTrue(ink.has(b), () -> ink + " " + b);
            }
        }
    }

    @Test
    void aWritersBytesDependOnTheirOffset() {
        assertArrayEquals(
                Arrays.copyOfRange(Ink.A.bytes(0, 8192), 4096, 8192), Ink.A.bytes(4096, 4096));
        assertFalse(Arrays.equals(Ink.A.bytes(0, 4096), Ink.A.bytes(4096, 4096)));
        assertFalse(Arrays.equals(Ink.C.bytes(0, 4096), Ink.C.bytes(1 << 20, 4096)));
    }

    @Test
    void theFormerOwnersByteIsTheOneOfTheScenarios() {
        assertEquals((byte) 0xCD, Ink.FORMER_OWNER.at(77));
        assertEquals(0, Ink.ZERO.at(77));
    }
}
