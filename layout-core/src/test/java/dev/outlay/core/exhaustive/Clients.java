package dev.outlay.core.exhaustive;

import static dev.outlay.core.exhaustive.World.require;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.CommitRange;
import dev.outlay.core.command.Command.DeviceIncarnation;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.exhaustive.ClientProcess.Known;
import dev.outlay.core.exhaustive.ClientProcess.View;
import dev.outlay.core.exhaustive.World.Ask;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What the steps of clients do. */
final class Clients {

    private static final int[] NOTHING = new int[0];
    private static final Stateid NONE = new Stateid(new LayoutId(0, 0), 1);

    private final World world;

    Clients(World world) {
        this.world = world;
    }

    void step(Step step) {
        ClientProcess process = world.processes[step.host()];
        int at = step.at();
        switch (step.kind()) {
            case MAP_READ, MAP_RW -> map(process, step.kind(), at);
            case STORE -> store(process, at);
            case FLUSH -> world.memory.flush(process.host);
            case COMMIT -> commit(process, at);
            case LATE_COMMIT -> lateCommit(process, at);
            case RETURN -> giveBack(process, at, at + 1);
            case ANSWER -> answerRecalls(process);
            case RECALL -> {
                world.run(
                        new Command.RecallLayouts(
                                new RecallScope.Ranges(world.file, List.of(World.wholeFile())),
                                Optional.empty(),
                                false));
                world.goOn();
            }
            case TRUNCATE -> truncate(process, at);
            case PUNCH -> punch(process, at);
            case CRASH, STOP, RESUME, EXPIRE, PROVE, WORK, CRASH_ALL ->
                    throw new IllegalStateException("not a client's doing: " + step);
        }
    }

    // ---- back in touch with the server

    /** Whether the client may ask: if it has lost touch, it comes back first, or starts anew. */
    private boolean isReady(ClientProcess process) {
        if (!process.attached) {
            return reattach(process);
        }
        if (process.leaseOver) {
            Reply reply = world.run(new Command.ReviveClient(process.id())).reply().orElseThrow();
            if (reply instanceof Failure) {
                new Answers(world).restart(process);
                return false;
            }
            process.leaseOver = false;
            process.suspended = false;
        }
        return true;
    }

    private boolean reattach(ClientProcess process) {
        boolean inside = !process.leaseOver;
        var restated = process.restated(world.file);
        Reply reply =
                world.run(new Command.ReattachClient(process.id(), 0, restated))
                        .reply()
                        .orElseThrow();
        if (reply instanceof Failure failure) {
            require(!inside, () -> "its lease runs, and it may not come back: " + failure);
            new Answers(world).restart(process);
            return false;
        }
        process.attached = true;
        process.leaseOver = false;
        process.suspended = false;
        for (Reply.ReattachedLayout layout : ((Reply.Reattached) reply).layouts()) {
            require(
                    !inside || layout.failure().isEmpty(),
                    () -> "its lease runs, and what it holds is gone: " + layout);
            process.stateid = layout.stateid().orElse(process.stateid);
            for (int block = 0; block < Expected.BLOCKS; block++) {
                View view = process.views[block];
                ByteRange range = World.range(block);
                boolean kept =
                        view != null
                                && layout.ranges().stream()
                                        .anyMatch(
                                                r ->
                                                        r.range().contains(range)
                                                                && (r.kind().isWriter()
                                                                        || !view.isWriter()));
                require(
                        kept || !inside || view == null,
                        () -> "its lease runs, and it does not hold " + range + " any more");
                if (!kept) {
                    process.views[block] = null;
                }
            }
        }
        world.goOn();
        return true;
    }

    // ---- requests

    private void map(ClientProcess process, Step.Kind kind, int block) {
        if (!isReady(process)) {
            return;
        }
        Origin origin = process.nextOrigin();
        ByteRange range = World.range(block);
        world.submit(
                process,
                new Ask(kind, block, NOTHING, false),
                new Command.MapBlocks(
                        origin,
                        World.NOW,
                        world.file,
                        range.start(),
                        range.length(),
                        range.length(),
                        kind == Step.Kind.MAP_RW ? IoMode.RW : IoMode.READ,
                        Optional.empty(),
                        Command.MapFlags.NONE,
                        10,
                        world.freshLayout(),
                        60_000));
    }

    /**
     * Without a word to the server before: under a view, or, as a message that was long under way,
     * or made up, for a block that is not held.
     */
    private void commit(ClientProcess process, int block) {
        View view = process.views[block];
        boolean holds = view != null && view.isWriter();
        int[] stored = NOTHING;
        long at = -1;
        long epoch = 0;
        if (holds && view != null) {
            if (view.filled() == null && !world.expected.written[block] && !process.suspended) {
                fill(process, block, view, new int[Memory.LINES]);
            }
            stored =
                    Objects.requireNonNullElse(
                            Objects.requireNonNull(process.views[block]).filled(), NOTHING);
            world.memory.flush(process.host);
            at = view.block();
            epoch = view.epoch();
        } else {
            Known known = process.known[block];
            at = known != null ? known.block() : World.deviceBlock(world.extent(block), block);
            epoch = known != null ? known.epoch() : Long.MAX_VALUE;
        }
        boolean must = holds && !process.leaseOver;
        send(
                process,
                process.client,
                process.nextOrigin(),
                new Ask(Step.Kind.COMMIT, block, stored, must),
                Objects.requireNonNullElse(process.stateid, NONE),
                at,
                epoch,
                !process.attached);
    }

    /** A commit of the process that was there before arrives late. */
    private void lateCommit(ClientProcess process, int block) {
        ClientProcess.Former former = Objects.requireNonNull(process.former);
        View view = Objects.requireNonNull(former.views()[block]);
        send(
                process,
                former.client(),
                new Origin(new ClientId(former.client()), 1_000, 0),
                new Ask(Step.Kind.LATE_COMMIT, block, NOTHING, false),
                Objects.requireNonNullElse(former.stateid(), NONE),
                view.block(),
                view.epoch(),
                !process.attached);
    }

    private void send(
            ClientProcess process,
            long client,
            Origin origin,
            Ask ask,
            Stateid stateid,
            long at,
            long epoch,
            boolean reclaim) {
        ByteRange range = World.range(ask.at());
        Command.CommitBlocks commit =
                new Command.CommitBlocks(
                        origin,
                        World.NOW,
                        world.file,
                        stateid,
                        List.of(
                                new CommitRange(
                                        range.start(), range.length(), 0, at * Memory.BLOCK)),
                        List.of(new DeviceIncarnation(0, World.incarnation())),
                        epoch,
                        Durability.FORCED,
                        OptionalLong.of(World.lastWrite(ask.at())),
                        OptionalLong.empty(),
                        reclaim);
        ClientProcess sender =
                client == process.client ? process : new ClientProcess(process.host, client);
        world.submit(sender, ask, commit);
    }

    private void giveBack(ClientProcess process, int from, int end) {
        if (!isReady(process)) {
            return;
        }
        ByteRange range = new ByteRange(World.range(from).start(), World.range(end - 1).end());
        letGo(process, from, end);
        Origin origin = process.nextOrigin();
        world.submit(
                process,
                new Ask(Step.Kind.RETURN, from, NOTHING, true),
                new Command.ReturnLayout(
                        origin,
                        World.NOW,
                        new ReturnScope.Ranges(world.file, Optional.empty(), List.of(range))));
    }

    /** No dirty line and no access is left of what is given back. */
    private void letGo(ClientProcess process, int from, int end) {
        world.memory.flush(process.host);
        process.drop(from, end);
    }

    private void answerRecalls(ClientProcess process) {
        if (!isReady(process)) {
            return;
        }
        ClientEntry entry = Objects.requireNonNull(world.volume.tables().client(process.id()));
        for (Recall recall : List.copyOf(entry.recalls())) {
            world.run(new Command.AcknowledgeRecall(process.id(), recall.id()));
        }
        giveBack(process, 0, Expected.BLOCKS);
    }

    private void truncate(ClientProcess process, int variant) {
        if (!isReady(process)) {
            return;
        }
        long size = Step.SIZES[variant];
        long from = Math.min(size, world.expected.size) / Memory.BLOCK;
        letGo(process, (int) Math.min(from, Expected.BLOCKS), Expected.BLOCKS);
        Origin origin = process.nextOrigin();
        world.submit(
                process,
                new Ask(Step.Kind.TRUNCATE, variant, NOTHING, false),
                new Command.Truncate(origin, World.NOW, world.file, size));
    }

    private void punch(ClientProcess process, int variant) {
        if (!isReady(process)) {
            return;
        }
        letGo(process, variant < 2 ? variant : 0, variant < 2 ? variant + 1 : Expected.BLOCKS);
        Origin origin = process.nextOrigin();
        long start = (long) World.firstPunched(variant) * Memory.LINE;
        world.submit(
                process,
                new Ask(Step.Kind.PUNCH, variant, NOTHING, false),
                new Command.Deallocate(origin, World.NOW, world.file, start, Memory.BLOCK));
    }

    // ---- bytes

    void store(ClientProcess process, int block) {
        View view = Objects.requireNonNull(process.views[block]);
        int[] tags = new int[Memory.LINES];
        Arrays.setAll(tags, line -> world.freshTag());
        fill(process, block, view, tags);
    }

    private void fill(ClientProcess process, int block, View view, int[] tags) {
        for (int line = 0; line < Memory.LINES; line++) {
            world.memory.store(process.host, view.block(), line, tags[line]);
        }
        process.views[block] = new View(true, view.block(), view.epoch(), tags);
        Expected expected = world.expected;
        if (expected.writers[block] == process.client) {
            if (expected.written[block]) {
                expected.storedInPlace(block, tags);
            }
            return;
        }
        // It has been revoked, and is not proven: seen only as long as its block stays in place.
        Extent extent = world.extent(block);
        if (extent != null
                && extent.has(Extent.AT_RISK)
                && World.deviceBlock(extent, block) == view.block()) {
            for (int line = 0; line < Memory.LINES; line++) {
                expected.may(block * Memory.LINES + line, tags[line]);
            }
        }
    }

    /** Whether a commit would name a block whose place its sender can at least guess. */
    boolean canName(ClientProcess process, int block) {
        View view = process.views[block];
        boolean holds = view != null && view.isWriter();
        if (holds && view != null) {
            return !process.suspended || view.filled() != null || world.expected.written[block];
        }
        return world.expected.writers[block] != process.client
                && (process.known[block] != null || blockOf(world.extent(block), block) >= 0);
    }

    private static long blockOf(@Nullable Extent extent, int block) {
        return World.deviceBlock(extent, block);
    }
}
