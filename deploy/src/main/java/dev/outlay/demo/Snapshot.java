package dev.outlay.demo;

import dev.outlay.client.ExtentListing;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.demo.Picture.Kind;
import dev.outlay.demo.Picture.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The map of a file at one moment.
 *
 * @param extents as any reader is told: those that are not written have no address
 */
record Snapshot(List<Extent> extents, long fileBytes) {

    Snapshot {
        extents = List.copyOf(extents);
    }

    /** Asks the server. */
    static Snapshot take(LayoutClient client, String volume, String path) throws OutlayException {
        FileId file = client.lookup(volume, path).file();
        List<Extent> extents = new ArrayList<>();
        OptionalLong next = OptionalLong.of(0);
        long size = 0;
        while (next.isPresent()) {
            ExtentListing page = client.extents(volume, file, next.getAsLong(), 0);
            extents.addAll(page.extents());
            size = page.attributes().sizeBytes();
            next = page.nextOffset();
        }
        return new Snapshot(extents, size);
    }

    /** The file as a line. */
    Picture file() {
        List<Mark> marks = new ArrayList<>();
        for (Extent extent : extents) {
            marks.add(new Mark(extent.range(), kind(extent)));
        }
        return new Picture(fileBytes, marks);
    }

    /**
     * The device as a line.
     *
     * @param granted places of a writer that has not committed, which no listing tells
     * @param grantedAs what they are now
     */
    Picture device(List<DeviceRange> granted, Kind grantedAs) {
        List<Mark> marks = new ArrayList<>();
        for (Extent extent : extents) {
            if (extent.hasAddress()) {
                marks.add(new Mark(range(extent.deviceRange()), kind(extent)));
            }
        }
        granted.forEach(place -> marks.add(new Mark(range(place), grantedAs)));
        return new Picture(DeviceFile.SIZE_BYTES, marks);
    }

    private static ByteRange range(DeviceRange place) {
        return new ByteRange(place.start(), place.end());
    }

    private static Kind kind(Extent extent) {
        return switch (extent.state()) {
            case HOLE -> Kind.HOLE;
            case UNWRITTEN -> Kind.UNWRITTEN;
            case WRITTEN -> Kind.WRITTEN;
        };
    }
}
