package dev.outlay.core.op;

import dev.outlay.core.command.Command.MapBlocks;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Reason;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * MapBlocks: where do these bytes belong?
 *
 * <p>Conflicts are looked for before anything is allocated, so that a refused call leaks no block.
 * A reader is told no address of bytes it may not see; a writer learns of an extent only with the
 * reply, which waits for allocation and grant to be durable.
 *
 * <p>Source: RFC 8881 18.43, RFC 5663 2.3; {@code xfs_fs_map_blocks} and {@code iomap_begin} in
 * Linux.
 */
final class MapBlocksOp {

    private MapBlocksOp() {}

    static Decision decide(VolumeTables tables, MapBlocks ask) {
        MapContext map = MapContext.of(tables, ask);
        ByteRange range = checkedRange(map, tables.waiting().of(ask.origin()).isEmpty());
        Recalls.refuseUnderRecall(
                Objects.requireNonNull(tables.client(map.caller())), map.file().id(), range);
        Fact.Work work = map.file().firstChange(range);
        if (work != null) {
            long free = work.blocked().start() - range.start();
            if (free < Math.max(ask.minLength(), tables.blockSize())) {
                return Decision.awaitWork(List.of(), work.id());
            }
            range = ByteRange.ofLength(range.start(), free);
        }
        long risk = Relocation.firstRisk(tables, map.file(), range);
        if (risk < range.end()) {
            if (risk - range.start() >= Math.max(ask.minLength(), tables.blockSize())) {
                range = new ByteRange(range.start(), risk);
            } else {
                Decision move = relocate(map, range);
                if (move != null) {
                    return move;
                }
            }
        }
        return ask.iomode() == IoMode.READ
                ? new MapForRead(map).decide(range)
                : new MapForWrite(map, null).decide(range);
    }

    /** The RW grant of a part of the request whose blocks have been zeroed. */
    static Decision grant(VolumeTables tables, MapBlocks ask, ByteRange part, Fact.Work zeroing) {
        MapContext map = MapContext.of(tables, ask);
        ByteRange range = checkedRange(map, false).intersect(part);
        Recalls.refuseUnderRecall(
                Objects.requireNonNull(tables.client(map.caller())), map.file().id(), range);
        return new MapForWrite(map, zeroing).decide(range);
    }

    /** Moves what is at risk out of the way of this request, if there is need; otherwise null. */
    private static @Nullable Decision relocate(MapContext map, ByteRange range) {
        long blockSize = map.tables().blockSize();
        long size = Math.ceilDiv(map.file().sizeBytes(), blockSize) * blockSize;
        long end = map.ask().iomode() == IoMode.READ ? Math.min(range.end(), size) : range.end();
        return end <= range.start()
                ? null
                : Relocation.ahead(
                        map.tables(), map.file(), map.ask(), new ByteRange(range.start(), end));
    }

    /**
     * @param comesNow false: it has its place in the queue, or had its blocks zeroed, so that its
     *     stateid was no old one when it came, whatever the client has used since
     */
    private static ByteRange checkedRange(MapContext map, boolean comesNow) {
        MapBlocks ask = map.ask();
        ByteRange range = Checks.blocks(map.tables(), ask.offset(), ask.length());
        if (ask.minLength() < 0 || ask.minLength() > ask.length()) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "min_length "
                            + ask.minLength()
                            + " must be between 0 and length "
                            + ask.length());
        }
        if (ask.maxExtents() < 1) {
            throw new Refusal(Reason.TOO_SMALL, "max_extents must be at least 1");
        }
        if (ask.flags().mapped() && ask.iomode() == IoMode.RW) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "the flag MAPPED goes with iomode READ: RW grants are durable anyway");
        }
        if (ask.flags().atomic() && ask.iomode() == IoMode.READ) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT, "the flag ATOMIC goes with iomode RW: it overwrites");
        }
        if (ask.iomode() == IoMode.RW) {
            Checks.writable(map.file());
        }
        ask.stateid().ifPresent(sent -> Checks.stateid(map.own(), sent, comesNow));
        return range;
    }
}
