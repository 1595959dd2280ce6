package dev.outlay.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.demo.Picture.Kind;
import dev.outlay.demo.Picture.Mark;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class PictureTest {

    private static final long MIB = 1 << 20;

    private final Snapshot snapshot =
            new Snapshot(
                    List.of(
                            new Extent(0, 4 * MIB, ExtentState.WRITTEN, 0, 16 * MIB, 0),
                            new Extent(
                                    4 * MIB,
                                    8 * MIB,
                                    ExtentState.UNWRITTEN,
                                    Extent.NO_DEVICE,
                                    0,
                                    0),
                            Extent.hole(new ByteRange(12 * MIB, 16 * MIB))),
                    16 * MIB);

    @Test
    void aFileShowsWhatItsRangesAre() {
        assertEquals("####uuuuuuuu....", draw(snapshot.file(), 16));
    }

    @Test
    void aDeviceShowsWhoseItsBlocksAre() {
        List<DeviceRange> granted =
                List.of(
                        new DeviceRange(0, 20 * MIB, 4 * MIB),
                        new DeviceRange(0, 32 * MIB, 4 * MIB));
        assertEquals("....#u..u.......", draw(snapshot.device(granted, Kind.UNWRITTEN), 16));
        assertEquals("....#x..x.......", draw(snapshot.device(granted, Kind.QUARANTINED), 16));
    }

    @Test
    void aCellIsOfTheKindOfMostOfItsBytes() {
        Picture picture =
                new Picture(
                        400,
                        List.of(
                                new Mark(new ByteRange(0, 49), Kind.WRITTEN),
                                new Mark(new ByteRange(100, 150), Kind.UNWRITTEN),
                                new Mark(new ByteRange(200, 250), Kind.UNWRITTEN),
                                new Mark(new ByteRange(250, 300), Kind.QUARANTINED),
                                new Mark(new ByteRange(300, 399), Kind.WRITTEN)));
        assertEquals(".ux#", draw(picture, 4));
    }

    @Test
    void coloursAndOtherSignsOnlyWhereTheyAreWanted() {
        Picture picture = new Picture(64, List.of(new Mark(new ByteRange(0, 64), Kind.WRITTEN)));
        assertEquals("   file            " + "#".repeat(64), told(picture, false, true));
        assertEquals("   file            " + "█".repeat(64), told(picture, false, false));
        assertEquals(
                "   file            " + "\u001b[32m█\u001b[0m".repeat(64),
                told(picture, true, false));
    }

    private static String told(Picture picture, boolean colours, boolean plain) {
        StringWriter text = new StringWriter();
        new Narrator(new PrintWriter(text), new Narrator.Style(colours, plain))
                .picture("file", picture);
        return text.toString().stripTrailing();
    }

    private static String draw(Picture picture, int width) {
        return picture.cells(width).stream()
                .map(kind -> String.valueOf(kind.sign(true)))
                .collect(Collectors.joining());
    }
}
