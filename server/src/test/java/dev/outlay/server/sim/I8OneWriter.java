package dev.outlay.server.sim;

import dev.outlay.core.value.ByteRange;
import dev.outlay.server.sim.Holdings.Hold;
import dev.outlay.server.sim.Picture.ClientView;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.server.sim.Picture.LayoutView;
import dev.outlay.server.sim.Sharing.How;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.List;
import java.util.Map;

/**
 * I8: per block writers ≤ 1, and a writer excludes cached readers; on CONCURRENT files this binds
 * holes, unwritten and SHARED blocks only; ATOMIC writers coexist with readers of the source.
 *
 * <p>From pictures: no two layouts of a file hold a block in ways that do not bear each other, but
 * what an ended client left READ beside its own next incarnation. From messages: when a grant
 * reaches its client, no other client whose lease runs by its own clock believes to hold a block of
 * it in such a way.
 */
final class I8OneWriter implements Invariant {

    private final World world;
    private final Believed believed;
    private final Leases leases;
    private Picture picture;

    I8OneWriter(World world, Believed believed, Leases leases, int blocks) {
        this.world = world;
        this.believed = believed;
        this.leases = leases;
        this.picture = Picture.empty(blocks);
    }

    @Override
    public void batch(Picture before, Picture now) {
        picture = now;
        for (FileView file : now.files().values()) {
            if (file.layouts().size() < 2) {
                continue;
            }
            List<Map.Entry<Long, LayoutView>> all = List.copyOf(file.layouts().entrySet());
            for (var writer : all) {
                for (ByteRange range : writer.getValue().write().ranges()) {
                    all.stream()
                            .filter(other -> !other.getKey().equals(writer.getKey()))
                            .forEach(other -> check(file, writer, range, other));
                }
            }
        }
    }

    private void check(
            FileView file,
            Map.Entry<Long, LayoutView> writer,
            ByteRange range,
            Map.Entry<Long, LayoutView> other) {
        LayoutView beside = other.getValue();
        if (!beside.write().overlaps(range)
                && (!beside.read().overlaps(range)
                        || isFormerSelf(other.getKey(), writer.getKey()))) {
            return;
        }
        for (long at = range.start(); at < range.end(); at += SimServer.BLOCK) {
            ByteRange block = ByteRange.ofLength(at, SimServer.BLOCK);
            boolean both = beside.write().overlaps(block) || beside.read().overlaps(block);
            long index = at / SimServer.BLOCK;
            if (both) {
                compare(
                        file,
                        index,
                        writer.getKey(),
                        how(writer.getValue(), block),
                        other.getKey(),
                        how(beside, block));
            }
        }
    }

    private boolean isFormerSelf(long reader, long writer) {
        ClientView was = picture.clients().get(reader);
        ClientView is = picture.clients().get(writer);
        return was != null
                && is != null
                && was.ended().isPresent()
                && was.owner().equals(is.owner());
    }

    private static How how(LayoutView layout, ByteRange block) {
        return layout.atomic().overlaps(block)
                ? How.ATOMIC
                : layout.write().overlaps(block) ? How.WRITE : How.READ;
    }

    private static How how(Hold hold) {
        return !hold.write() ? How.READ : hold.atomic() ? How.ATOMIC : How.WRITE;
    }

    private void compare(FileView file, long index, long one, How how, long other, How beside) {
        world.count("I8 block held by two");
        if (!Sharing.bears(picture, file, index, how, beside)) {
            world.violated(
                    "I8",
                    "block "
                            + index
                            + " of file "
                            + file.id()
                            + " is held by client "
                            + Long.toHexString(one)
                            + " for "
                            + how
                            + " and by client "
                            + Long.toHexString(other)
                            + " for "
                            + beside);
        }
    }

    @Override
    public void got(long client, Request request, Reply reply) {
        FileView file = picture.files().get(request.getMapBlocks().getFileId());
        if (!reply.hasMapBlocks() || file == null || !leases.isLive(client)) {
            return;
        }
        Holdings all = believed.holdings();
        for (long other : all.clients()) {
            Map<Long, Hold> beside = all.of(other, file.id());
            if (other == client
                    || beside.isEmpty()
                    || !leases.isLive(other)
                    || believed.isTaking(other, file.id())) {
                continue;
            }
            all.of(client, file.id())
                    .forEach(
                            (index, hold) -> {
                                Hold held = beside.get(index);
                                if (held != null && (hold.write() || held.write())) {
                                    compare(file, index, client, how(hold), other, how(held));
                                }
                            });
        }
    }
}
