package dev.outlay.core.exhaustive;

import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.VolumeKit;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.WaitingRoom;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One volume with one file, the memory beneath it, two clients and one who only looks; and what
 * must hold of them. The server's part here is what the engine does with commands: those that wait
 * are executed again when their turn or their device work comes, grace ends when all are back.
 */
final class World {

    static final int HOSTS = 2;

    /** The host of a client that holds nothing and only reads. */
    static final int OBSERVER = 2;

    static final int SERVER = 3;
    static final String[] NAMES = {"A", "B", "O", "server"};
    static final int DEVICE_BLOCKS = 6;
    static final long NOW = 2_000_000;

    /** A request under way. */
    record Pending(
            int host, long client, Ask ask, Command.Mutation command, long work, long ticket) {}

    /** What a client asked for; each one is itself alone. */
    static final class Ask {
        private final Step.Kind kind;
        private final int at;
        private final int[] stored;
        private final boolean mustSucceed;

        /**
         * @param stored of a commit, what its client has stored, by line
         * @param mustSucceed whether nothing may stand in its way
         */
        Ask(Step.Kind kind, int at, int[] stored, boolean mustSucceed) {
            this.kind = kind;
            this.at = at;
            this.stored = stored;
            this.mustSucceed = mustSucceed;
        }

        Step.Kind kind() {
            return kind;
        }

        int at() {
            return at;
        }

        int[] stored() {
            return stored;
        }

        boolean mustSucceed() {
            return mustSucceed;
        }
    }

    final Volume volume;
    final Memory memory;
    final ClientProcess[] processes = new ClientProcess[HOSTS + 1];
    final Expected expected;
    final List<Pending> pending = new ArrayList<>();

    /** What the completion of work on the device brings about, by its id. */
    final Map<Long, Ask> effects = new TreeMap<>();

    FileId file = FileId.ROOT;
    int crashes;
    private int nextTag = 1;
    private long nextClient = 1;
    private long nextLayout = 1;

    /** Whether answers are lost on their way, since the server is about to crash. */
    private Step.Fate fate = Step.Fate.ANSWERED;

    World() {
        volume = new Volume(DEVICE_BLOCKS);
        memory = new Memory(DEVICE_BLOCKS + 2);
        expected = new Expected();
        for (int host = 0; host <= HOSTS; host++) {
            processes[host] = new ClientProcess(host, nextClient++);
            run(new Command.JoinClient(processes[host].record()));
        }
        Reply created =
                run(new Command.CreateFile(
                                processes[OBSERVER].nextOrigin(),
                                NOW,
                                FileId.ROOT,
                                "f",
                                FileKind.FILE,
                                0644,
                                ""))
                        .reply()
                        .orElseThrow();
        file = ((Reply.FileChanged) created).attributes().file();
    }

    private World(World other) {
        volume = other.volume.split();
        memory = other.memory.copy();
        expected = other.expected.copy();
        for (int host = 0; host <= HOSTS; host++) {
            processes[host] = other.processes[host].copy();
        }
        pending.addAll(other.pending);
        effects.putAll(other.effects);
        file = other.file;
        crashes = other.crashes;
        nextTag = other.nextTag;
        nextClient = other.nextClient;
        nextLayout = other.nextLayout;
    }

    World copy() {
        return new World(this);
    }

    static ByteRange range(int block) {
        return ByteRange.ofLength((long) block * Memory.BLOCK, Memory.BLOCK);
    }

    static ByteRange wholeFile() {
        return new ByteRange(0, (long) Expected.BLOCKS * Memory.BLOCK);
    }

    int freshTag() {
        return nextTag++;
    }

    LayoutId freshLayout() {
        return new LayoutId(1, nextLayout++);
    }

    /** Does one step, and has all follow that follows without anybody's doing. */
    void step(Step step) {
        fate = step.fate();
        switch (step.kind()) {
            case CRASH_ALL -> crash();
            case WORK -> finishWork(step.at());
            case CRASH, STOP, RESUME, EXPIRE, PROVE -> new Hosts(this).step(step);
            default -> new Clients(this).step(step);
        }
        if (fate != Step.Fate.ANSWERED) {
            fate = Step.Fate.ANSWERED;
            crash();
        }
    }

    // ---- the server

    void submit(ClientProcess process, Ask ask, Command.Mutation command) {
        if (fate == Step.Fate.LOST) {
            return;
        }
        go(new Pending(process.host, process.client, ask, command, 0, 0));
        goOn();
    }

    private void go(Pending request) {
        Execution done = run(request.command, request.ask);
        if (done.reply().isPresent()) {
            answer(request, done.reply().get());
        } else {
            pending.add(
                    new Pending(
                            request.host,
                            request.client,
                            request.ask,
                            request.command,
                            done.awaitedWork().orElse(0),
                            done.awaitedTurn().orElse(0)));
        }
    }

    private void answer(Pending request, Reply reply) {
        ClientProcess process = processes[request.host];
        if (fate == Step.Fate.ANSWERED && process.client == request.client && process.isRunning()) {
            new Answers(this).learn(process, request, reply);
        }
    }

    /** Executes what the server itself has to say. */
    Execution run(Command command) {
        return run(command, null);
    }

    private Execution run(Command command, @Nullable Ask ask) {
        Execution done = volume.execute(command);
        for (Fact fact : done.facts()) {
            follow(fact, command, ask);
        }
        return done;
    }

    /** Whoever has a turn has it now. */
    void goOn() {
        WaitingRoom.Ready ready = volume.state().takeReady();
        while (!ready.isEmpty()) {
            for (long ticket : ready.tickets()) {
                again(pending.stream().filter(p -> p.ticket == ticket).toList());
            }
            ready = volume.state().takeReady();
        }
        if (volume.tables().isInGrace() && volume.tables().isEverybodyBack()) {
            run(new Command.EndGrace());
            goOn();
        }
    }

    private void again(List<Pending> requests) {
        for (Pending request : requests) {
            if (pending.remove(request)) {
                go(request);
            }
        }
    }

    List<Work> works() {
        return List.copyOf(volume.tables().works());
    }

    void finishWork(int index) {
        Work work = works().get(index);
        work.tasks().forEach(memory::work);
        if (fate == Step.Fate.LOST) {
            return;
        }
        run(new Command.CompleteWork(work.id(), NOW));
        effects.remove(work.id());
        again(pending.stream().filter(p -> p.work == work.id()).toList());
        goOn();
    }

    private void crash() {
        crashes++;
        volume.crash();
        pending.clear();
        effects.keySet().removeIf(work -> work >= Work.FIRST_VOLATILE);
        run(new Command.BeginGrace());
        boolean grace = volume.tables().isInGrace();
        for (ClientProcess process : processes) {
            process.attached = !grace;
        }
        if (grace) {
            ClientProcess observer = processes[OBSERVER];
            run(new Command.ReattachClient(observer.id(), 0, List.of()));
            observer.attached = true;
            goOn();
        }
    }

    // ---- what follows for the file

    private void follow(Fact fact, Command command, @Nullable Ask ask) {
        switch (fact) {
            case Fact.LayoutGranted f -> {
                for (LayoutRange range : f.ranges()) {
                    for (int block = 0; block < Expected.BLOCKS; block++) {
                        if (range.kind() == GrantKind.RW && range.range().contains(range(block))) {
                            expected.granted(block, f.client().value());
                        }
                    }
                }
            }
            case Fact.LayoutReturned f -> {
                for (ByteRange range : f.ranges()) {
                    for (int block = 0; block < Expected.BLOCKS; block++) {
                        if (range.contains(range(block))) {
                            expected.ended(block, f.client().value());
                        }
                    }
                }
            }
            case Fact.ClientEnded f -> {
                if (f.cause() == EndCause.EXPIRED) {
                    mayExpire(f.client().value());
                }
            }
            case Fact.WorkIntended(Work work) -> {
                boolean changes =
                        work.then() instanceof Continuation.Resize
                                || work.then() instanceof Continuation.Punch;
                if (changes) {
                    effects.put(work.id(), Objects.requireNonNull(ask));
                }
            }
            case Fact.AttributesSet f -> {
                Ask cause =
                        command instanceof Command.CompleteWork complete
                                ? effects.get(complete.work())
                                : ask;
                happened(Objects.requireNonNull(cause), command);
            }
            default -> {}
        }
    }

    /** Section 3.4: nobody is overtaken inside his own lease. */
    private void mayExpire(long client) {
        for (ClientProcess process : processes) {
            if (process.client == client && process.status != ClientProcess.Status.DEAD) {
                require(
                        process.leaseOver,
                        () -> NAMES[process.host] + " has expired though its lease runs");
            }
        }
    }

    private void happened(Ask cause, Command command) {
        switch (cause.kind()) {
            case COMMIT, LATE_COMMIT -> {
                long client = ((Command.CommitBlocks) command).origin().client().value();
                require(
                        expected.writers[cause.at()] == client,
                        () -> "I3: a commit of block " + cause.at() + ", never granted to it");
                expected.committed(cause.at(), cause.stored(), lastWrite(cause.at()));
            }
            case TRUNCATE -> expected.truncated(Step.SIZES[cause.at()]);
            case PUNCH ->
                    expected.punched(
                            firstPunched(cause.at()), firstPunched(cause.at()) + Memory.LINES);
            default -> throw new IllegalStateException("changes nothing: " + cause.kind());
        }
    }

    /** A commit ends inside its block. */
    static long lastWrite(int block) {
        return range(block).start() + Memory.LINE - 1;
    }

    /** The first line of a punch: of the first block, the second, or across both. */
    static int firstPunched(int variant) {
        return variant < 2 ? variant * Memory.LINES : 1;
    }

    // ---- what is there

    /** Where a block of the file lies, or null if it has none. */
    @Nullable Extent extent(int block) {
        return Objects.requireNonNull(volume.tables().file(file))
                .extents()
                .find(range(block).start());
    }

    /** The block of the device beneath a block of the file; -1 if there is none. */
    static long deviceBlock(@Nullable Extent extent, int block) {
        return extent == null || !extent.hasAddress()
                ? -1
                : (extent.deviceOffset() + range(block).start() - extent.fileOffset())
                        / Memory.BLOCK;
    }

    /** The block of the file that is written at this block of the device; -1 if none is. */
    int fileBlock(long deviceBlock) {
        for (int block = 0; block < Expected.BLOCKS; block++) {
            Extent extent = extent(block);
            if (extent != null
                    && extent.state() == ExtentState.WRITTEN
                    && deviceBlock(extent, block) == deviceBlock) {
                return block;
            }
        }
        return -1;
    }

    static void require(boolean holds, java.util.function.Supplier<String> otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise.get());
        }
    }

    long startClient() {
        return nextClient++;
    }

    static long incarnation() {
        return VolumeKit.DEVICE_INCARNATION;
    }
}
