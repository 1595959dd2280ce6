package dev.outlay.core.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import java.util.List;
import org.junit.jupiter.api.Test;

class HistoryLineTest {

    private static final HistoryLine LINE =
            new Draft("grant")
                    .with("client", new ClientId(0x17))
                    .with("file", 4L)
                    .with("name", "a \"b\"\\\n")
                    .with("kept", true)
                    .with("held", List.of(new LayoutRange(new ByteRange(0, 8192), GrantKind.RW)))
                    .with("ranges", List.of(new ByteRange(4096, 8192), ByteRange.from(12288)))
                    .with("places", List.of(new DeviceRange(1, 4096, 512)))
                    .with(
                            "blocks",
                            List.of(
                                    new Extent(
                                            0,
                                            4096,
                                            ExtentState.WRITTEN,
                                            0,
                                            40960,
                                            Extent.SHARED | Extent.AT_RISK),
                                    Extent.hole(new ByteRange(4096, 8192))))
                    .at(12, 1_700_000_000_123L, 4711, 9);

    /** What is written today is read by every later version. */
    private static final String TEXT =
            "{\"seq\":12,\"at\":\"2023-11-14T22:13:20.123Z\",\"pos\":4711,\"step\":9,"
                    + "\"event\":\"grant\",\"client\":\"0000000000000017\",\"file\":4,"
                    + "\"name\":\"a \\\"b\\\"\\\\\\u000a\",\"kept\":true,"
                    + "\"held\":[\"0+8192 RW\"],\"ranges\":[\"4096+4096\",\"12288+\"],"
                    + "\"places\":[\"1:4096+512\"],"
                    + "\"blocks\":[\"0+4096@0:40960 written shared at-risk\",\"4096+4096 hole\"],"
                    + "\"crc\":\"1fd54c97\"}";

    @Test
    void aLineIsWrittenAsItIsDocumented() {
        assertEquals(TEXT, LINE.encode());
    }

    @Test
    void whatIsWrittenIsReadBack() throws HistoryFormatException {
        HistoryLine read = HistoryLine.decode(LINE.encode());
        assertEquals(12, read.seq());
        assertEquals(LINE.atMillis(), read.atMillis());
        assertEquals(4711, read.position());
        assertEquals(9, read.step());
        assertEquals("grant", read.event());
        for (HistoryLine each : List.of(LINE, read)) {
            assertEquals(0x17, each.client("client"));
            assertEquals(4, each.number("file"));
            assertEquals("a \"b\"\\\n", each.text("name"));
            assertTrue(each.flag("kept"));
            assertEquals(LINE.fields().get("held"), each.held("held"));
            assertEquals(LINE.fields().get("ranges"), each.ranges("ranges"));
            assertEquals(LINE.fields().get("places"), each.places("places"));
            assertEquals(LINE.fields().get("blocks"), each.blocks("blocks"));
            assertEquals(List.of(), each.blocks("none"));
        }
        assertEquals(LINE.encode(), read.encode());
    }

    @Test
    void everyCutAndEveryFlippedBitIsNoticed() {
        String line = LINE.encode();
        for (int cut = 0; cut < line.length(); cut++) {
            String torn = line.substring(0, cut);
            assertThrows(HistoryFormatException.class, () -> HistoryLine.decode(torn));
        }
        for (int at = 0; at < line.length(); at++) {
            StringBuilder flipped = new StringBuilder(line);
            flipped.setCharAt(at, (char) (line.charAt(at) ^ 1));
            String damaged = flipped.toString();
            assertThrows(HistoryFormatException.class, () -> HistoryLine.decode(damaged));
        }
    }

    @Test
    void whatIsMissingIsNamed() {
        HistoryFormatException missing =
                assertThrows(HistoryFormatException.class, () -> LINE.number("epoch"));
        assertEquals("'grant' has no number 'epoch'", missing.getMessage());
        HistoryLine odd = new Draft("free").with("ranges", List.of("12")).at(1, 0, 0, 0);
        assertThrows(HistoryFormatException.class, () -> odd.ranges("ranges"));
        assertThrows(HistoryFormatException.class, () -> odd.blocks("ranges"));
        assertThrows(HistoryFormatException.class, () -> odd.held("ranges"));
        assertThrows(HistoryFormatException.class, () -> odd.places("ranges"));
    }
}
