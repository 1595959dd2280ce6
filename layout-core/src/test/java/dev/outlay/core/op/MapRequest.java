package dev.outlay.core.op;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.MapFlags;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Stateid;
import java.util.Optional;

/** MapBlocks, with what it may say beside the range. */
final class MapRequest extends Request<Reply.Mapped> {

    private static final class Options {
        long minLength;
        Optional<Stateid> stateid = Optional.empty();
        MapFlags flags = MapFlags.NONE;
        int maxExtents = 1000;
        long waitMillis;
    }

    private final Options options;

    MapRequest(VolumeKit kit, Party party, FileId file, long offset, long length, IoMode iomode) {
        this(kit, party, file, offset, length, iomode, new Options(), kit.freshId());
    }

    private MapRequest(
            VolumeKit kit,
            Party party,
            FileId file,
            long offset,
            long length,
            IoMode iomode,
            Options options,
            long freshId) {
        super(
                kit,
                party,
                Reply.Mapped.class,
                (Origin origin) ->
                        new Command.MapBlocks(
                                origin,
                                kit.tick(),
                                file,
                                offset,
                                length,
                                options.minLength,
                                iomode,
                                options.stateid,
                                options.flags,
                                options.maxExtents,
                                new LayoutId(99, freshId),
                                options.waitMillis));
        this.options = options;
    }

    MapRequest min(long minLength) {
        options.minLength = minLength;
        return this;
    }

    MapRequest waiting(long millis) {
        options.waitMillis = millis;
        return this;
    }

    MapRequest under(Stateid stateid) {
        options.stateid = Optional.of(stateid);
        return this;
    }

    MapRequest noAllocate() {
        options.flags = new MapFlags(true, false, false);
        return this;
    }

    MapRequest alignHuge() {
        options.flags = new MapFlags(false, true, false);
        return this;
    }

    MapRequest mapped() {
        options.flags = new MapFlags(false, false, true);
        return this;
    }

    /** Waits for others, for a minute. */
    MapRequest waiting() {
        options.waitMillis = 60_000;
        return this;
    }

    MapRequest atomic() {
        options.flags = new MapFlags(false, false, false, true);
        return this;
    }

    MapRequest maxExtents(int max) {
        options.maxExtents = max;
        return this;
    }
}
