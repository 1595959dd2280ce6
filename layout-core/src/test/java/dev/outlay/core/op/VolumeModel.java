package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outlay.core.VolumeState;
import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.ModelReach.Event;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.WaitingRoom;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.core.value.Waiter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The volume under test, a device of tags beneath it, and beside it the naive picture of what every
 * file holds and who holds it. Grants are learnt from answers as clients learn them; only their
 * ends are read from the facts.
 */
final class VolumeModel {

    static final int DEVICE_BLOCKS = 56;

    /** So few that requests run out of space now and then, for volumes of zeros. */
    private static final int FEW_BLOCKS = 36;

    final SplittableRandom random;

    /** Whether blocks hold zeros when they are handed out. */
    final boolean zeroed;

    final ModelReach reach;
    final TagDevice device = new TagDevice(DEVICE_BLOCKS);
    final Map<FileId, ModelFile> files = new TreeMap<>();
    final List<ModelProcess> processes = new ArrayList<>();

    /** Device blocks that a process ended without its own word could still touch. */
    final Set<Long> zombieBlocks = new HashSet<>();

    /** After so many commands what has changed is saved. */
    private static final int ROWS_EVERY = 37;

    private final List<byte[]> journal = new ArrayList<>();
    private final SavedRows saved = new SavedRows(Limits.DEFAULT);
    private int executed;
    private final Map<Long, Runnable> effects = new HashMap<>();
    private final Map<Long, Runnable> parked = new HashMap<>();
    private final Map<Long, ByteBuffer> sent = new HashMap<>();
    private VolumeState state = VolumeState.empty(Limits.DEFAULT);
    private FactRules rules = new FactRules(state.tables());

    VolumeModel(SplittableRandom random, ModelReach reach, boolean zeroed) {
        this.random = random;
        this.reach = reach;
        this.zeroed = zeroed;
        List<Fact> creation =
                VolumeState.creation(
                        new VolumeSettings(
                                new UUID(1, 2),
                                "m",
                                VolumeKit.BLOCK,
                                Durability.FORCED,
                                1,
                                VolumeSettings.FencePolicy.STRICT,
                                zeroed
                                        ? VolumeSettings.Allocation.ZEROED
                                        : VolumeSettings.Allocation.UNWRITTEN,
                                VolumeSettings.Placement.LINEAR,
                                0),
                        List.of(VolumeKit.device(0, zeroed ? FEW_BLOCKS : DEVICE_BLOCKS)));
        state.noteChanges();
        creation.forEach(state::apply);
        journal.add(FactCodec.record(creation));
    }

    void run(int commands) {
        ModelClients clients = new ModelClients(this);
        for (int i = 0; i < commands; i++) {
            clients.step();
            for (ModelFile file : files.values()) {
                if (!file.removed) {
                    assertEquals(file.size, node(file).sizeBytes(), "size of " + file.name);
                }
            }
            if (i % 20 == 0) {
                verifyEveryByte();
            }
            if (i % 200 == 0) {
                verifyReplay();
            }
        }
        verifyReplay();
    }

    VolumeState state() {
        return state;
    }

    FileNode node(ModelFile file) {
        return Objects.requireNonNull(state.tables().file(file.id), file.name);
    }

    boolean isInGrace() {
        return state.tables().isInGrace();
    }

    // ---- commands

    Execution execute(Command command) {
        rules.before(command);
        Execution execution = state.execute(command);
        byte[] record = FactCodec.record(execution.facts());
        if (record.length > 0) {
            journal.add(record);
        }
        if (++executed % ROWS_EVERY == 0) {
            saved.take(state, journal.size());
        }
        rules.after(execution.facts());
        assertEquals(
                List.of(), StateChecker.check(state.tables()), () -> "findings after " + command);
        if (command instanceof Command.Write write) {
            for (Fact fact : execution.facts()) {
                if (fact instanceof Fact.WorkIntended(Work work)) {
                    sent.put(work.id(), write.bytes());
                }
            }
        }
        follow(execution.facts());
        if (command instanceof Command.EndWait || command instanceof Command.CancelWaits) {
            execution.facts().stream()
                    .filter(Fact.WaitEnded.class::isInstance)
                    .forEach(f -> parked.remove(((Fact.WaitEnded) f).ticket()));
        }
        return execution;
    }

    // ---- waiting

    void park(long ticket, Runnable again) {
        parked.put(ticket, again);
    }

    List<Waiter> waiters() {
        return processes.stream()
                .flatMap(p -> state.tables().waiting().of(p.id()).stream())
                .toList();
    }

    /** Whoever has a turn since something was given back has it now. */
    void goOn() {
        WaitingRoom.Ready ready = state.takeReady();
        while (!ready.tickets().isEmpty()) {
            for (long ticket : ready.tickets()) {
                Runnable again = parked.remove(ticket);
                if (again != null) {
                    again.run();
                }
            }
            ready = state.takeReady();
        }
    }

    /** What a request does once the zeros it waits for are durable. */
    void whenDone(long work, Runnable effect) {
        effects.put(work, effect);
    }

    /** The device has the zeros; the server hears of it. */
    void complete(long id) {
        for (Work work : List.copyOf(state.tables().works())) {
            if (work.id() == id) {
                doTasks(work);
                execute(new Command.CompleteWork(id, 5_000));
                Runnable effect = effects.remove(id);
                ModelFile file = files.get(work.file());
                // A clone whose source is removed meanwhile fails, too.
                boolean gone =
                        work.elsewhere()
                                .map(other -> files.get(other.file()))
                                .filter(other -> other.removed)
                                .isPresent();
                if (effect != null && file != null && !file.removed && !gone) {
                    effect.run();
                }
            }
        }
    }

    private void doTasks(Work work) {
        for (Fact.Task task : work.tasks()) {
            switch (task) {
                case Fact.Task.Zero(DeviceRange range) -> device.zero(range);
                case Fact.Task.Copy(DeviceRange from, DeviceRange to) -> device.copy(from, to);
                case Fact.Task.Fill(DeviceRange range, int from) ->
                        device.fill(range, Objects.requireNonNull(sent.get(work.id())), from);
            }
        }
        sent.remove(work.id());
        ModelFile file = files.get(work.file());
        FileNode node = state.tables().file(work.file());
        if (file == null || file.removed || node == null) {
            return;
        }
        if (work.then() instanceof Fact.Continuation.Grant) {
            reach.reached(Event.ZEROED_FIRST);
            return;
        }
        if (!work.durable()) {
            reach.reached(
                    work.then() instanceof Fact.Continuation.Nothing
                            ? Event.RELOCATED
                            : Event.REWRITTEN);
        }
        List<Extent> touched =
                work.durable() ? node.extents().mapped(work.blocked()) : work.fresh();
        for (Extent extent : touched) {
            for (DeviceRange zeroed : work.zero()) {
                for (long at = zeroed.start(); at < zeroed.end(); at += TagDevice.UNIT) {
                    long inside = at - extent.deviceOffset();
                    if (inside >= 0 && inside < extent.length()) {
                        file.content[(int) ((extent.fileOffset() + inside) / TagDevice.UNIT)] = 0;
                    }
                }
            }
        }
    }

    void crash() {
        reach.reached(Event.CRASH);
        VolumeState again = replayed();
        assertArrayEquals(state.image(), again.image(), "the journal gives another state");
        saved.check(state, journal);
        state = saved.load(journal);
        parked.clear();
        effects.keySet().removeIf(work -> work >= Work.FIRST_VOLATILE);
        sent.clear();
        rules = new FactRules(state.tables());
        processes.forEach(p -> p.reattached = false);
        execute(new Command.BeginGrace());
        if (!isInGrace()) {
            processes.forEach(p -> p.reattached = true);
        }
    }

    // ---- facts

    private void follow(List<Fact> facts) {
        Set<ClientId> endedNow = new HashSet<>();
        for (Fact fact : facts) {
            if (fact instanceof Fact.ClientEnded f && f.cause() != EndCause.OWN_WORD) {
                endedNow.add(f.client());
            }
        }
        for (Fact fact : facts) {
            switch (fact) {
                case Fact.LayoutReturned f -> returned(f, endedNow.contains(f.client()));
                case Fact.ClientEnded f -> ended(f);
                case Fact.ClientForgotten f ->
                        files.values().forEach(file -> file.forget(f.client()));
                case Fact.ExtentsAllocated f ->
                        f.extents().forEach(e -> checkAllocated(e, endedNow));
                case Fact.ExtentsReplaced f ->
                        f.extents().forEach(e -> checkAllocated(e, endedNow));
                case Fact.CopiesAllocated f ->
                        f.extents().forEach(e -> checkAllocated(e, endedNow));
                default -> {}
            }
        }
    }

    private void returned(Fact.LayoutReturned f, boolean revoked) {
        ModelFile file = Objects.requireNonNull(files.get(f.file()));
        ModelProcess process = process(f.client());
        for (ByteRange range : f.ranges()) {
            int from = (int) (range.start() / VolumeKit.BLOCK);
            int to = (int) (range.end() / VolumeKit.BLOCK);
            file.ended(f.client(), from, to);
            if (process != null && !revoked && process.isLive()) {
                process.drop(f.file(), from, to);
            }
        }
    }

    private void ended(Fact.ClientEnded f) {
        ModelProcess process = Objects.requireNonNull(process(f.client()));
        if (f.cause() == EndCause.OWN_WORD) {
            process.gone = true;
            files.values().forEach(file -> file.forget(f.client()));
            return;
        }
        if (!process.zombie) {
            if (f.cause() == EndCause.EXPIRED && process.reattached) {
                reach.reached(Event.LAPSED_REVOKED);
            }
            process.zombie = true;
            process.views
                    .values()
                    .forEach(
                            view ->
                                    view.blocks.values().stream()
                                            .filter(h -> h.kind != GrantKind.READ)
                                            .forEach(
                                                    h -> {
                                                        zombieBlocks.add(h.deviceBlock);
                                                        if (!h.written && h.sourceBlock >= 0) {
                                                            zombieBlocks.add(h.sourceBlock);
                                                        }
                                                    }));
        }
        if (f.cause() == EndCause.EXPIRED) {
            files.values().forEach(file -> file.forget(f.client()));
        }
    }

    /**
     * I7: nobody who has not given it back can reach a block that is handed out; but plain readers
     * whose lease is over.
     */
    private void checkAllocated(Extent extent, Set<ClientId> endedNow) {
        for (long at = 0; at < extent.length(); at += VolumeKit.BLOCK) {
            long block = (extent.deviceOffset() + at) / VolumeKit.BLOCK;
            assertFalse(zombieBlocks.contains(block), () -> "block " + block + " is not proven");
            for (ModelProcess process : processes) {
                if (process.isLive()) {
                    boolean readersToo = !endedNow.contains(process.id());
                    assertFalse(
                            process.holds(block, readersToo),
                            () -> "block " + block + " is held by " + process.id());
                }
            }
        }
    }

    @Nullable ModelProcess process(ClientId id) {
        for (ModelProcess process : processes) {
            if (process.id().equals(id)) {
                return process;
            }
        }
        return null;
    }

    /** The process stores no more: what it alone could touch may be handed out. */
    void proven(ModelProcess process) {
        process.zombie = false;
        process.gone = true;
        process.views.clear();
        zombieBlocks.removeIf(
                block ->
                        processes.stream()
                                .filter(p -> p.zombie)
                                .noneMatch(p -> p.holds(block, false)));
    }

    // ---- checks

    /** The device beneath a file holds what the model says, wherever nobody stores uncommitted. */
    private void verifyEveryByte() {
        for (ModelFile file : files.values()) {
            if (file.removed) {
                continue;
            }
            FileNode node = node(file);
            for (int block = 0; block < ModelFile.BLOCKS; block++) {
                verifyBlock(file, node, block);
            }
        }
    }

    private void verifyBlock(ModelFile file, FileNode node, int block) {
        long start = VolumeKit.blocks(block);
        Extent extent = node.extents().find(start);
        boolean written = extent != null && extent.state() == ExtentState.WRITTEN;
        assertEquals(file.written[block], written, () -> file.name + " block " + block);
        if (node.workOn(new ByteRange(start, start + VolumeKit.BLOCK)) != null) {
            return;
        }
        for (int unit = 0; unit < TagDevice.UNITS; unit++) {
            long found =
                    extent != null && written
                            ? device.get(
                                    (extent.deviceOffset() + start - extent.fileOffset())
                                            / VolumeKit.BLOCK,
                                    unit)
                            : 0;
            long expected = file.content[block * TagDevice.UNITS + unit];
            int at = unit;
            assertEquals(expected, found, () -> file.name + " block " + block + " unit " + at);
        }
    }

    private void verifyReplay() {
        byte[] image = state.image();
        VolumeState again = replayed();
        assertArrayEquals(image, again.image(), "the journal gives another state");
        again.execute(new Command.BeginGrace());
        assertEquals(List.of(), StateChecker.check(again.tables()));
        assertArrayEquals(image, VolumeState.restore(Limits.DEFAULT, image).image());
        saved.check(state, journal);
    }

    private VolumeState replayed() {
        VolumeState again = VolumeState.empty(Limits.DEFAULT);
        journal.forEach(record -> FactCodec.facts(record).forEach(again::apply));
        return again;
    }
}
