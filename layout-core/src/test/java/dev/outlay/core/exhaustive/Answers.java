package dev.outlay.core.exhaustive;

import static dev.outlay.core.exhaustive.World.require;

import dev.outlay.core.command.Command;
import dev.outlay.core.exhaustive.ClientProcess.Known;
import dev.outlay.core.exhaustive.ClientProcess.View;
import dev.outlay.core.exhaustive.World.Pending;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Reason.ErrorClass;
import org.jspecify.annotations.Nullable;

/** What a client makes of an answer, and what an answer may say. */
final class Answers {

    private final World world;

    Answers(World world) {
        this.world = world;
    }

    void learn(ClientProcess process, Pending request, Reply reply) {
        switch (reply) {
            case Failure failure -> refused(process, request, failure);
            case Reply.Mapped mapped -> mapped(process, request, mapped);
            case Reply.Committed committed -> {}
            case Reply.Returned returned ->
                    returned.layouts()
                            .forEach(l -> process.stateid = l.remaining().orElse(process.stateid));
            case Reply.FileChanged changed -> changed.returned().forEach(l -> ended(process, l));
            default -> throw new AssertionError("not an answer to " + request + ": " + reply);
        }
    }

    /** What was granted after the request was sent has ended with it, too. */
    private static void ended(ClientProcess process, Reply.ReturnedLayout layout) {
        process.stateid = layout.remaining().orElse(process.stateid);
        for (int block = 0; block < Expected.BLOCKS; block++) {
            if (layout.ranges().stream().anyMatch(World.range(block)::overlaps)) {
                process.drop(block, block + 1);
            }
        }
    }

    private void refused(ClientProcess process, Pending request, Failure failure) {
        if (failure.reason() == Reason.FENCED || failure.reason() == Reason.EXPIRED) {
            require(process.leaseOver, () -> "its lease runs, and it is told " + failure.message());
            restart(process);
            return;
        }
        require(
                !mustSucceed(process, request),
                () -> "what was granted is refused: " + failure.reason() + " " + failure.message());
        boolean commit = request.command() instanceof Command.CommitBlocks;
        require(
                commit || failure.reason().errorClass() == ErrorClass.RETRY,
                () -> "an honest request is refused: " + failure);
    }

    /** Nothing may stand in the way of a return, nor of a commit of what is still held. */
    private static boolean mustSucceed(ClientProcess process, Pending request) {
        if (process.leaseOver || !request.ask().mustSucceed()) {
            return false;
        }
        View view = process.views[request.ask().at()];
        return request.ask().kind() == Step.Kind.RETURN || (view != null && view.isWriter());
    }

    /** It ends, and another process begins in its place. */
    void restart(ClientProcess process) {
        long old = process.client;
        process.restart(world.startClient());
        world.pending.removeIf(p -> p.client() == old);
        world.run(new Command.JoinClient(process.record()));
        world.run(
                new Command.EndClient(
                        new dev.outlay.core.value.ClientId(old),
                        dev.outlay.core.value.EndCause.SUPERSEDED));
        world.goOn();
    }

    private void mapped(ClientProcess process, Pending request, Reply.Mapped mapped) {
        process.stateid = mapped.stateid().orElse(process.stateid);
        int block = request.ask().at();
        Extent extent = null;
        for (Extent each : mapped.extents()) {
            if (each.range().contains(World.range(block).start())) {
                extent = each;
            }
        }
        if (extent == null) {
            return;
        }
        long at = World.deviceBlock(extent, block);
        checkRisk(process, block, extent);
        if (promisedNothing(process)) {
            return;
        }
        if (request.ask().kind() == Step.Kind.MAP_READ) {
            new Readers(world).check(block, at, "what is granted for READ");
        }
        for (LayoutRange granted : mapped.granted()) {
            if (granted.range().contains(World.range(block))) {
                // Whoever asks to read is not told where it may store.
                boolean writer =
                        granted.kind().isWriter() && request.ask().kind() == Step.Kind.MAP_RW;
                checkOthers(process, block, at, writer, extent);
                View before = process.views[block];
                if (before != null && before.isWriter() && !writer) {
                    continue;
                }
                boolean same = before != null && before.block() == at && before.isWriter();
                int[] filled = same && before != null ? before.filled() : null;
                process.views[block] = new View(writer, at, mapped.mapEpoch(), filled);
                if (at >= 0) {
                    process.known[block] = new Known(at, mapped.mapEpoch());
                }
            }
        }
    }

    /** Who cuts a file starts nothing there until that is answered (section 3.6). */
    private boolean promisedNothing(ClientProcess process) {
        return world.pending.stream()
                .filter(p -> p.client() == process.client)
                .anyMatch(
                        p ->
                                p.ask().kind() == Step.Kind.TRUNCATE
                                        || p.ask().kind() == Step.Kind.PUNCH);
    }

    /** Bytes that an ended writer can reach are shown where they lie only if nothing else can. */
    private void checkRisk(ClientProcess process, int block, Extent extent) {
        if (extent.has(Extent.AT_RISK)) {
            boolean excused =
                    world.volume.tables().isInGrace()
                            || world.volume.tables().spaceUse().free() == 0
                            || process.views[block] != null;
            require(excused, () -> "blocks at risk are granted though others are free: " + extent);
        } else {
            checkNobodyStores(process, block, World.deviceBlock(extent, block));
        }
    }

    /** I7, I9: whoever could still store there has not given it back. */
    private void checkNobodyStores(ClientProcess process, int block, long at) {
        for (ClientProcess other : world.processes) {
            require(
                    other == process || at < 0 || !other.mayStoreTo(at),
                    () ->
                            "block "
                                    + block
                                    + " lies on device block "
                                    + at
                                    + ", where "
                                    + World.NAMES[other.host]
                                    + " may still store");
        }
    }

    private void checkOthers(
            ClientProcess process, int block, long at, boolean writer, @Nullable Extent extent) {
        require(
                !writer || extent == null || extent.state() != ExtentState.HOLE,
                () -> "RW on a hole");
        for (ClientProcess other : world.processes) {
            View view = other.views[block];
            boolean cached = writer && other != process && view != null && other.mayRead(block);
            require(
                    !cached,
                    () -> "I8: " + World.NAMES[other.host] + " still holds block " + block);
        }
        if (writer) {
            checkNobodyStores(process, block, at);
        }
    }
}
