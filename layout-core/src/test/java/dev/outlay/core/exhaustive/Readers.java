package dev.outlay.core.exhaustive;

import static dev.outlay.core.exhaustive.World.require;

import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.command.Command;
import dev.outlay.core.exhaustive.ClientProcess.View;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.Decision;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Origin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What everybody who could read now would find (I1), and what must hold of the volume besides. */
final class Readers {

    private static final LayoutId FRESH = new LayoutId(2, 1);

    private final World world;

    Readers(World world) {
        this.world = world;
    }

    void checkAll() {
        require(
                world.volume.tables().file(world.file) != null
                        && Objects.requireNonNull(world.volume.tables().file(world.file))
                                        .sizeBytes()
                                == world.expected.size,
                () -> "I14: the file should end at " + world.expected.size);
        consistent();
        for (ClientProcess process : world.processes) {
            for (int block = 0; block < Expected.BLOCKS; block++) {
                View view = process.views[block];
                if (view != null && !view.isWriter() && process.mayRead(block)) {
                    check(block, view.block(), "what " + World.NAMES[process.host] + " holds");
                }
            }
        }
        checkTail();
        lookAtAll();
    }

    /** What one who holds nothing would be told now of each block, to read it himself or not. */
    private void lookAtAll() {
        List<Command.Mutation> later = new ArrayList<>();
        for (int block = 0; block < Expected.BLOCKS; block++) {
            if (World.range(block).start() < world.expected.size) {
                for (Command.Mutation request : List.of(map(block), read(block))) {
                    Decision decision = world.volume.decide(request);
                    if (decision.outcome() instanceof Decision.Outcome.Answer(Reply reply)) {
                        look(reply);
                    } else if (!(decision.outcome() instanceof Decision.Outcome.AwaitTurn)) {
                        later.add(request);
                    }
                }
            }
        }
        if (!later.isEmpty()) {
            // Something has to happen first: it does so in a world of its own.
            Readers elsewhere = new Readers(world.copy());
            later.forEach(request -> elsewhere.look(request, 0));
        }
    }

    private void consistent() {
        List<String> findings = StateChecker.check(world.volume.tables());
        require(findings.isEmpty(), findings::toString);
    }

    /** The lines of a block, before end of file, as they lie on the device. */
    void check(int block, long deviceBlock, String who) {
        for (int line = 0; line < Memory.LINES; line++) {
            check(
                    block * Memory.LINES + line,
                    deviceBlock < 0 ? 0 : world.memory.get(deviceBlock, line),
                    who);
        }
    }

    private void check(int line, int found, String who) {
        require(
                line >= world.expected.lines() || world.expected.allows(line, found),
                () ->
                        "I1: line "
                                + line
                                + " is read as "
                                + (found == Memory.STALE ? "raw storage" : String.valueOf(found))
                                + " by "
                                + who
                                + "; it should be "
                                + Arrays.toString(world.expected.values[line]));
    }

    /** I15: after the last writer nothing is left past the end of the file. */
    private void checkTail() {
        int tail = world.expected.tail();
        if (tail < 0) {
            return;
        }
        int block = tail / Memory.LINES;
        Extent extent = world.extent(block);
        boolean reachable =
                extent != null
                        && extent.state() == ExtentState.WRITTEN
                        && !extent.has(Extent.AT_RISK)
                        && world.expected.writers[block] == 0
                        && Objects.requireNonNull(world.volume.tables().file(world.file))
                                        .workOn(World.range(block))
                                == null;
        int found =
                reachable
                        ? world.memory.get(World.deviceBlock(extent, block), tail % Memory.LINES)
                        : 0;
        require(found == 0, () -> "I15: line " + tail + " past end of file holds " + found);
    }

    // ---- one who holds nothing

    private Command.Mutation map(int block) {
        ByteRange range = World.range(block);
        return new Command.MapBlocks(
                origin(1_000 + block),
                World.NOW,
                world.file,
                range.start(),
                range.length(),
                0,
                IoMode.READ,
                Optional.empty(),
                Command.MapFlags.NONE,
                10,
                FRESH,
                0);
    }

    private Command.Mutation read(int block) {
        return new Command.Read(
                origin(2_000 + block),
                World.NOW,
                world.file,
                World.range(block).start(),
                Memory.BLOCK);
    }

    private Origin origin(long operation) {
        return new Origin(world.processes[World.OBSERVER].id(), operation, 0);
    }

    private void look(Command.Mutation request, int works) {
        Execution done = world.run(request);
        consistent();
        if (done.reply().isPresent()) {
            look(done.reply().get());
        } else if (done.awaitedWork().isPresent()) {
            require(works < 10, () -> "waits for work again and again: " + request);
            List<Long> ids = world.works().stream().map(Work::id).toList();
            world.finishWork(ids.indexOf(done.awaitedWork().getAsLong()));
            look(request, works + 1);
        }
    }

    private void look(Reply reply) {
        List<Extent> extents =
                switch (reply) {
                    case Reply.Mapped mapped -> mapped.extents();
                    case Reply.ReadPlan plan -> plan.extents();
                    default -> List.of();
                };
        for (Extent extent : extents) {
            require(
                    extent.hasAddress() == (extent.state() == ExtentState.WRITTEN),
                    () -> "an address of bytes that may not be seen: " + extent);
            for (long at = extent.fileOffset(); at < extent.end(); at += Memory.LINE) {
                long onDevice = extent.deviceOffset() + at - extent.fileOffset();
                int found =
                        extent.hasAddress() ? world.memory.seen[(int) (onDevice / Memory.LINE)] : 0;
                check(
                        (int) (at / Memory.LINE),
                        found,
                        reply instanceof Reply.Mapped ? "a new reader" : "the server");
            }
        }
    }
}
