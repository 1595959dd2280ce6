package dev.outlay.core.op;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.CommitRange;
import dev.outlay.core.command.Command.DeviceIncarnation;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * CommitBlocks; unless told otherwise under the newest epoch, flushed, at the label's incarnation.
 */
final class CommitRequest extends Request<Reply.Committed> {

    private static final class Options {
        final List<CommitRange> ranges = new ArrayList<>();
        long epoch;
        long incarnation = VolumeKit.DEVICE_INCARNATION;
        final Map<Integer, Long> incarnations = new HashMap<>();
        Durability durability = Durability.DEVICE_FLUSHED;
        OptionalLong lastWrite = OptionalLong.empty();
        OptionalLong mtime = OptionalLong.empty();
        boolean reclaim;
    }

    private final Options options;

    CommitRequest(VolumeKit kit, Party party, FileId file, Stateid stateid) {
        this(kit, party, file, stateid, new Options());
        options.epoch = kit.node(file).mapEpoch();
    }

    private CommitRequest(
            VolumeKit kit, Party party, FileId file, Stateid stateid, Options options) {
        super(
                kit,
                party,
                Reply.Committed.class,
                (Origin origin) ->
                        new Command.CommitBlocks(
                                origin,
                                kit.tick(),
                                file,
                                stateid,
                                options.ranges,
                                options.ranges.stream()
                                        .map(CommitRange::device)
                                        .distinct()
                                        .map(
                                                d ->
                                                        new DeviceIncarnation(
                                                                d,
                                                                options.incarnations.getOrDefault(
                                                                        d, options.incarnation)))
                                        .toList(),
                                options.epoch,
                                options.durability,
                                options.lastWrite,
                                options.mtime,
                                options.reclaim));
        this.options = options;
    }

    /** Everything of an answer that has an address, of pairs the second half, with its epoch. */
    CommitRequest of(Reply.Mapped mapped) {
        options.epoch = mapped.mapEpoch();
        stored(mapped).stream().filter(Extent::hasAddress).forEach(this::of);
        return this;
    }

    /** Where a writer stores: of a pair, the destination. */
    static List<Extent> stored(Reply.Mapped mapped) {
        List<Extent> stored = new ArrayList<>();
        for (Extent extent : mapped.extents()) {
            if (!stored.isEmpty() && stored.getLast().fileOffset() == extent.fileOffset()) {
                stored.removeLast();
            }
            stored.add(extent);
        }
        return stored;
    }

    /** The part of an answer inside {@code bytes}, with its epoch. */
    CommitRequest of(Reply.Mapped mapped, ByteRange bytes) {
        options.epoch = mapped.mapEpoch();
        mapped.extents().stream()
                .filter(e -> e.range().overlaps(bytes))
                .forEach(e -> of(e.slice(bytes)));
        return this;
    }

    CommitRequest of(Extent extent) {
        return device(extent.device(), extent);
    }

    CommitRequest range(long offset, long length, long deviceOffset) {
        options.ranges.add(new CommitRange(offset, length, 0, deviceOffset));
        return this;
    }

    CommitRequest device(int device, Extent extent) {
        options.ranges.add(
                new CommitRange(
                        extent.fileOffset(), extent.length(), device, extent.deviceOffset()));
        return this;
    }

    CommitRequest epoch(long epoch) {
        options.epoch = epoch;
        return this;
    }

    CommitRequest incarnation(long incarnation) {
        options.incarnation = incarnation;
        return this;
    }

    /** As read from the label of one device. */
    CommitRequest incarnationOf(int device, long incarnation) {
        options.incarnations.put(device, incarnation);
        return this;
    }

    CommitRequest durability(Durability durability) {
        options.durability = durability;
        return this;
    }

    CommitRequest lastWrite(long offset) {
        options.lastWrite = OptionalLong.of(offset);
        return this;
    }

    /** Under a grant that the journal knows, though it may not be restated yet. */
    CommitRequest reclaiming() {
        options.reclaim = true;
        return this;
    }

    CommitRequest mtime(long millis) {
        options.mtime = OptionalLong.of(millis);
        return this;
    }
}
