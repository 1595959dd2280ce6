package dev.outlay.core.history;

import dev.outlay.core.history.Exposure.Device;
import dev.outlay.core.history.Exposure.File;
import dev.outlay.core.history.Exposure.Owner;
import dev.outlay.core.history.Exposure.Place;
import dev.outlay.core.history.Exposure.Use;
import java.util.List;

/** I21: bytes in each block state, counted block by block. */
record SpaceCount(
        long total,
        long free,
        long reserved,
        long granted,
        long mapped,
        long pending,
        long quarantined) {

    static SpaceCount stated(HistoryLine line) throws HistoryFormatException {
        return new SpaceCount(
                line.number("total"),
                line.number("free"),
                line.number("reserved"),
                line.number("granted"),
                line.number("mapped"),
                line.number("pending"),
                line.number("quarantined"));
    }

    static SpaceCount of(Exposure now) {
        long total = 0;
        long reserved = 0;
        long granted = 0;
        long mapped = 0;
        long pending = 0;
        long quarantined = 0;
        for (Device device : now.devices.values()) {
            total += device.length;
            for (Spans.Span<List<Owner>> span : device.uses.all()) {
                boolean work = span.value().getFirst().use() == Use.WORK;
                boolean removing = span.value().stream().allMatch(owner -> isRemoving(now, owner));
                long uncommitted = work || removing ? 0 : uncommitted(now, span);
                reserved += work ? span.length() : 0;
                pending += !work && removing ? span.length() : 0;
                granted += uncommitted;
                mapped += work || removing ? 0 : span.length() - uncommitted;
            }
            for (var span : device.suspects.all()) {
                quarantined +=
                        device.uses.gaps(span.start(), span.end()).stream()
                                .mapToLong(Spans.Span::length)
                                .sum();
            }
        }
        long free = total - reserved - granted - mapped - pending - quarantined;
        return new SpaceCount(total, free, reserved, granted, mapped, pending, quarantined);
    }

    private static boolean isRemoving(Exposure now, Owner owner) {
        File file = owner.use() == Use.WORK ? null : now.files.get(owner.id());
        return file != null && file.removing;
    }

    /** Blocks under a grant that no commit has named, and that nobody asked to keep. */
    private static long uncommitted(Exposure now, Spans.Span<List<Owner>> span) {
        long bytes = 0;
        Owner owner = span.value().getFirst();
        File file = now.files.get(owner.id());
        if (file == null || span.value().size() > 1) {
            return 0;
        }
        Spans<Place> blocks = file.blocks(owner.use());
        for (Spans.Span<Place> piece :
                blocks.within(span.start() + owner.shift(), span.end() + owner.shift())) {
            bytes += piece.value().written() || piece.value().kept() ? 0 : piece.length();
        }
        return bytes;
    }
}
