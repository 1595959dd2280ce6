package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.outlay.core.VolumeState;
import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.state.WaitingRoom;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Interest;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.core.value.VolumeSettings.Allocation;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import dev.outlay.core.value.VolumeSettings.Placement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A volume on one device and the journal of its durable facts. After every command the state is
 * checked and the facts are held against the rules they follow; after every test the journal,
 * replayed through its bytes, must give the same state, byte for byte.
 *
 * <p>Use it as an extension: {@code @RegisterExtension final VolumeKit kit =
 * VolumeKit.ofBlocks(64);}
 */
public final class VolumeKit implements AfterEachCallback {

    public static final int BLOCK = 4096;
    public static final long DEVICE_INCARNATION = 7;

    /** After so many commands what has changed is saved. */
    private static final int ROWS_EVERY = 3;

    private final Limits limits;
    private final List<byte[]> journal = new ArrayList<>();
    private final SavedRows saved;
    private int executed;
    private final Map<Long, List<Pending>> waiting = new HashMap<>();
    private final List<Notice> notices = new ArrayList<>();
    private boolean going;
    private VolumeState state;
    private FactRules rules;
    private long nowMillis = 1_000_000;
    private long nextLayoutId = 1;
    private long nextClient = 1;

    private VolumeKit(
            int blocks, Limits limits, Durability least, FencePolicy fence, Allocation allocation) {
        this(limits, least, fence, allocation, Placement.LINEAR, 0, List.of(device(0, blocks)));
    }

    private VolumeKit(
            Limits limits,
            Durability least,
            FencePolicy fence,
            Allocation allocation,
            Placement placement,
            long stripeBytes,
            List<VolumeDevice> devices) {
        this.limits = limits;
        this.saved = new SavedRows(limits);
        this.state = VolumeState.empty(limits);
        this.state.noteChanges();
        this.rules = new FactRules(state.tables());
        List<Fact> creation =
                VolumeState.creation(
                        new VolumeSettings(
                                new UUID(1, 2),
                                "test",
                                BLOCK,
                                least,
                                nowMillis,
                                fence,
                                allocation,
                                placement,
                                stripeBytes),
                        devices);
        creation.forEach(state::apply);
        journal.add(FactCodec.record(creation));
    }

    public static VolumeKit ofBlocks(int blocks) {
        return ofBlocks(blocks, Limits.DEFAULT);
    }

    /** A volume on which time counts as a proof. */
    public static VolumeKit timed(int blocks) {
        return new VolumeKit(
                blocks, Limits.DEFAULT, Durability.FORCED, FencePolicy.TIMED, Allocation.UNWRITTEN);
    }

    public static VolumeKit ofBlocks(int blocks, Limits limits) {
        return new VolumeKit(
                blocks, limits, Durability.FORCED, FencePolicy.STRICT, Allocation.UNWRITTEN);
    }

    /** A volume of so many devices that take turns after so many blocks. */
    public static VolumeKit striped(int devices, int blocksEach, int stripeBlocks) {
        return new VolumeKit(
                Limits.DEFAULT,
                Durability.FORCED,
                FencePolicy.STRICT,
                Allocation.UNWRITTEN,
                Placement.STRIPED,
                blocks(stripeBlocks),
                IntStream.range(0, devices).mapToObj(i -> device(i, blocksEach)).toList());
    }

    /** A volume that hands out blocks full of zeros. */
    public static VolumeKit zeroed(int blocks, Limits limits) {
        return new VolumeKit(
                blocks, limits, Durability.FORCED, FencePolicy.STRICT, Allocation.ZEROED);
    }

    /** A device of so many blocks behind its label. */
    static VolumeDevice device(int index, int blocks) {
        return new VolumeDevice(
                index,
                new UUID(3, index),
                DEVICE_INCARNATION,
                (blocks + 2L) * BLOCK,
                BLOCK,
                (long) blocks * BLOCK,
                "/dev/test" + index,
                true);
    }

    /** So many blocks, in bytes. */
    public static long blocks(long count) {
        return count * BLOCK;
    }

    // ---- who asks

    /** A new client, a process start of its own, known to the volume. */
    public Party client(String owner) {
        long number = nextClient++;
        ClientRecord record =
                new ClientRecord(
                        new ClientId(number),
                        "principal",
                        owner,
                        number * 100,
                        1,
                        2,
                        30_000,
                        5_000);
        Party party = new Party(this, record);
        party.join();
        return party;
    }

    // ---- what happens

    /** Executes one command; journals, and checks everything that can be checked. */
    public Execution execute(Command command) {
        byte[] before = state.image();
        state.decide(command);
        assertArrayEquals(
                before, state.image(), () -> "deciding has changed the state: " + command);
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
        notices.addAll(execution.notices());
        assertEquals(
                List.of(), StateChecker.check(state.tables()), () -> "findings after " + command);
        if (command instanceof Command.EndWait || command instanceof Command.CancelWaits) {
            endWaits(execution);
        }
        if (!going) {
            going = true;
            goOn();
            going = false;
        }
        return execution;
    }

    public Reply answer(Command command) {
        return execute(command).reply().orElseThrow();
    }

    /**
     * Executes a command and, as often as it waits for work on the device, has that done first. If
     * it waits for others its time is over at once.
     */
    public Reply settle(Command command) {
        Execution execution = execute(command);
        while (execution.reply().isEmpty()) {
            if (execution.awaitedTurn().isPresent()) {
                return answer(new Command.EndWait(execution.awaitedTurn().getAsLong()));
            }
            complete(execution.awaitedWork().orElseThrow());
            execution = execute(command);
        }
        return execution.reply().get();
    }

    /** Asks and waits: for others, and for work on the device, which is done at once. */
    public Pending ask(Command command) {
        Pending pending = new Pending(command);
        go(pending);
        return pending;
    }

    /** A request under way. */
    public static final class Pending {
        private final Command command;
        private @Nullable Reply reply;

        private Pending(Command command) {
            this.command = command;
        }

        public boolean waits() {
            return reply == null;
        }

        /** What it was answered with. */
        public Reply reply() {
            return Objects.requireNonNull(reply, () -> "still waits: " + command);
        }

        public <R extends Reply> R reply(Class<R> kind) {
            return assertInstanceOf(kind, reply());
        }
    }

    private void go(Pending pending) {
        Execution execution = execute(pending.command);
        while (execution.awaitedWork().isPresent()) {
            complete(execution.awaitedWork().getAsLong());
            execution = execute(pending.command);
        }
        pending.reply = execution.reply().orElse(null);
        execution
                .awaitedTurn()
                .ifPresent(
                        ticket ->
                                waiting.computeIfAbsent(ticket, t -> new ArrayList<>())
                                        .add(pending));
    }

    /** Whose wait has been ended from outside is told so. */
    private void endWaits(Execution execution) {
        for (Fact fact : execution.facts()) {
            if (fact instanceof Fact.WaitEnded ended) {
                List<Pending> over = waiting.remove(ended.ticket());
                if (over != null) {
                    over.forEach(p -> p.reply = execution.reply().orElseThrow());
                }
            }
        }
    }

    /** Whoever has a turn since something was given back has it now. */
    private void goOn() {
        WaitingRoom.Ready ready = state.takeReady();
        while (!ready.isEmpty()) {
            for (Interest interest : ready.interests()) {
                notices.add(
                        new Notice.LayoutAvailable(
                                interest.client(), interest.file(), interest.range()));
            }
            for (long ticket : ready.tickets()) {
                List<Pending> turn = waiting.remove(ticket);
                if (turn != null) {
                    turn.forEach(this::go);
                }
            }
            ready = state.takeReady();
        }
    }

    /** What was told unasked since this was asked last, in order. */
    public List<Notice> takeNotices() {
        List<Notice> told = List.copyOf(notices);
        notices.clear();
        return told;
    }

    /** The recalls among {@link #takeNotices}. */
    public List<Recall> takeRecalls() {
        return takeNotices().stream()
                .filter(Notice.RecallSent.class::isInstance)
                .map(n -> ((Notice.RecallSent) n).recall())
                .toList();
    }

    /** The zeros of this work are durable. */
    public Reply complete(long work) {
        return answer(new Command.CompleteWork(work, tick()));
    }

    /** All work on the device is done. */
    public void completeAll() {
        for (Work work : works()) {
            complete(work.id());
        }
    }

    /** The server dies without warning and starts again from its journal, in grace. */
    public void crash() {
        VolumeState again = replayed();
        assertArrayEquals(state.image(), again.image(), "the journal gives another state");
        saved.check(state, journal);
        state = saved.load(journal);
        waiting.clear();
        notices.clear();
        rules = new FactRules(state.tables());
        execute(new Command.BeginGrace());
    }

    public void endGrace() {
        execute(new Command.EndGrace());
    }

    /** The state that the journal alone gives. */
    VolumeState replayed() {
        VolumeState again = VolumeState.empty(limits);
        journal.forEach(record -> FactCodec.facts(record).forEach(again::apply));
        return again;
    }

    /** The state as a crash before the last record was durable leaves it. */
    VolumeState replayedWithoutLastRecord() {
        VolumeState again = VolumeState.empty(limits);
        journal.subList(0, journal.size() - 1)
                .forEach(record -> FactCodec.facts(record).forEach(again::apply));
        return again;
    }

    int journalRecords() {
        return journal.size();
    }

    /** Length of the last record of the journal. */
    int lastRecordBytes() {
        return journal.getLast().length;
    }

    // ---- what is there

    public VolumeTables tables() {
        return state.tables();
    }

    public VolumeState state() {
        return state;
    }

    public FileNode node(FileId file) {
        return Objects.requireNonNull(tables().file(file), () -> "no file " + file);
    }

    public FileAttributes attributes(FileId file) {
        return node(file).attributes();
    }

    public long size(FileId file) {
        return attributes(file).sizeBytes();
    }

    /** What is mapped of a file, in order. */
    public List<Extent> extents(FileId file) {
        return node(file).extents().all();
    }

    /**
     * One letter a block: {@code .} hole, {@code u} unwritten, {@code k} kept, {@code W} written,
     * {@code R} at risk, {@code S} shared, {@code P} half of a pair.
     */
    public String picture(FileId file, int blocks) {
        StringBuilder picture = new StringBuilder();
        for (CopyOnWrite.Piece piece :
                CopyOnWrite.pieces(tables(), node(file), new ByteRange(0, blocks(blocks)), false)) {
            Extent e = piece.main();
            String letter =
                    switch (e.state()) {
                        case HOLE -> ".";
                        case UNWRITTEN -> e.has(Extent.KEPT) ? "k" : "u";
                        case WRITTEN ->
                                e.has(Extent.AT_RISK)
                                        ? "R"
                                        : piece.copy() != null
                                                ? "P"
                                                : e.has(Extent.SHARED) ? "S" : "W";
                    };
            picture.append(letter.repeat((int) (e.length() / BLOCK)));
        }
        return picture.toString();
    }

    public SpaceUse space() {
        return tables().spaceUse();
    }

    public long freeBlocks() {
        return space().free() / BLOCK;
    }

    public List<Work> works() {
        return List.copyOf(tables().works());
    }

    public <R extends Reply> R query(Command command, Class<R> kind) {
        return assertInstanceOf(kind, answer(command));
    }

    long tick() {
        nowMillis += 1_000;
        return nowMillis;
    }

    long freshId() {
        return nextLayoutId++;
    }

    // ---- the end of a test

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getExecutionException().isEmpty()) {
            checkReplay();
        }
    }

    /** The journal gives this state, and so does its image. */
    public void checkReplay() {
        byte[] image = state.image();
        VolumeState again = replayed();
        assertArrayEquals(image, again.image(), "the journal gives another state");
        assertEquals(space(), again.tables().spaceUse(), "the journal gives other counts");
        again.execute(new Command.BeginGrace());
        assertEquals(List.of(), StateChecker.check(again.tables()));
        VolumeState restored = VolumeState.restore(limits, image);
        assertArrayEquals(image, restored.image(), "the image gives another state");
        assertEquals(space(), restored.tables().spaceUse(), "the image gives other counts");
        restored.execute(new Command.BeginGrace());
        assertEquals(List.of(), StateChecker.check(restored.tables()));
        saved.check(state, journal);
    }
}
