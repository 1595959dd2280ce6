package dev.outlay.server.engine;

import dev.outlay.core.VolumeState;
import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.codec.ByteWriter;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.op.Decision;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.Row;
import dev.outlay.core.state.WaitingRoom;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Interest;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Recall;
import dev.outlay.server.history.FactListener;
import dev.outlay.server.journal.Journal;
import dev.outlay.server.journal.JournalFullException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the engine of a volume does with a batch of commands: decide and apply each, append the
 * facts, force once, answer. Nothing is answered before everything it may have seen is durable.
 *
 * <p>Driven by one thread, which is the volume's own in the server and the scheduler's in a
 * simulation; it starts no thread and reads no clock. If the journal fails, memory is ahead of the
 * disk: the state is thrown away and read back from the durable prefix, as after a restart; until
 * that succeeds every command is refused with the reason, but for those that were under way.
 */
final class VolumeLogic {

    private static final Logger LOG = LoggerFactory.getLogger(VolumeLogic.class);
    private static final long READ_ONLY_RETRY_MILLIS = 500;

    /** So many pages of extents are looked at each time whether they may leave memory. */
    private static final int SHRINK_PAGES = 2048;

    private static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0).asReadOnlyBuffer();

    /** What happens outside of the volume's thread. */
    interface Effects {
        /**
         * Work on devices is to be done; its completion comes back as a command, unless the {@link
         * VolumeLogic#era era} has changed by then.
         *
         * @param bytes what a client's Write brought along; otherwise empty
         */
        void startWork(Work work, ByteBuffer bytes);

        /**
         * Whether nothing that was started before is still reading or writing devices, or writing
         * the checkpoint. State that was thrown away has forgotten which blocks and rows that
         * concerns, so it is not built again before.
         */
        boolean isQuiet();

        /**
         * The {@code awaited} clients must re-attach: grace has begun and ends after {@code
         * millis}, unless all come back before.
         */
        void graceBegan(long millis, List<ClientId> awaited);

        /** Grace is over; of those awaited the {@code lost} did not come back and have expired. */
        void graceEnded(List<ClientId> back, List<ClientId> lost);

        /** {@code command} is to be submitted once {@code millis} have passed. */
        void after(long millis, Command command);

        /** To be told to a client, or to the server itself. */
        void tell(Notice notice);

        /** Whether the lease of a client may be renewed, as far as this volume is concerned. */
        void renewals(ClientId client, boolean allowed);

        /** A batch has been answered. */
        void batchDone(int commands);
    }

    private final String name;
    private final VolumeStore store;
    private final Effects effects;
    private final FactListener facts;
    private final int maxBatchBytes;
    private final Map<Long, List<Submission>> parked = new HashMap<>();

    /**
     * Under way when the journal failed. Whether they have happened, or are certain to, is known
     * once the state is built again: then they are executed again, and answered.
     */
    private final List<Submission> interrupted = new ArrayList<>();

    private final TurnedAway turnedAway;
    private final Map<Long, List<Submission>> waiting = new HashMap<>();
    private final Set<ClientId> renewalsStopped = new HashSet<>();
    private Map<ClientId, List<Notice.RecallSent>> openRecalls = Map.of();
    private boolean recallsTouched;
    private @Nullable VolumeState state;
    private Journal journal;
    private long snapshotPosition;
    private boolean saveAll;
    private @Nullable String readOnlyReason;
    private long era;
    private List<ClientId> awaited = List.of();

    VolumeLogic(
            String name,
            VolumeStore store,
            VolumeStore.Loaded loaded,
            int maxBatchBytes,
            FactListener facts,
            Effects effects) {
        this.name = name;
        this.store = store;
        this.effects = effects;
        this.facts = facts;
        this.maxBatchBytes = maxBatchBytes;
        this.turnedAway = new TurnedAway(store.limits().outstandingOperations());
        this.state = loaded.state();
        this.journal = loaded.journal();
        this.snapshotPosition = loaded.snapshotPosition();
    }

    /**
     * After a restart, before any command: grace for the clients of the journal, and device work
     * that was under way.
     */
    void begin() {
        VolumeState current = state;
        if (current == null) {
            return;
        }
        facts.opened(current, journal.forcedPosition(), era > 0);
        Command grace = new Command.BeginGrace();
        FactListener.Done began = FactListener.Done.of(grace, current.execute(grace).facts());
        facts.happened(current, journal.forcedPosition(), List.of(began));
        if (current.tables().isInGrace()) {
            long millis =
                    current.tables().clients().stream()
                            .mapToLong(c -> c.record().leaseMillis() + c.record().maxIoMillis())
                            .max()
                            .orElse(0);
            LOG.info("volume={} event=grace-began millis={}", name, millis);
            awaited =
                    current.tables().clients().stream()
                            .filter(c -> c.ended().isEmpty())
                            .map(c -> c.record().id())
                            .toList();
            effects.graceBegan(millis, awaited);
        }
        for (ClientEntry client : current.tables().clients()) {
            ClientId id = client.record().id();
            if (client.ended().isPresent() && current.tables().quarantine().names(id)) {
                effects.tell(new Notice.NeedsFence(id));
            }
        }
        current.tables().works().forEach(work -> effects.startWork(work, NO_BYTES));
    }

    // ---- reads

    /** Whether the command may be answered without a batch: it reads, and is over in a moment. */
    static boolean isRead(Command command) {
        return command instanceof Command.MapBlocks map
                ? map.iomode() == IoMode.READ
                : command instanceof Command.GetAttributes || command instanceof Command.Lookup;
    }

    /**
     * Answers a read at once, if all is well, all it needs is in memory, and it comes to nothing
     * that is durable, nor to anything that others have to hear of; null if it has to go through a
     * batch. To be called between batches, when all that was decided is durable.
     */
    @Nullable Reply answerAtOnce(Command command) {
        VolumeState current = state;
        if (current == null
                || readOnlyReason != null
                || !interrupted.isEmpty()
                || !turnedAway.isEmpty()
                || current.tables().waiting().size() > 0) {
            return null;
        }
        try {
            Decision decision = current.decideInMemory(command);
            if (decision == null
                    || !(decision.outcome() instanceof Decision.Outcome.Answer(Reply reply))
                    || !decision.notices().isEmpty()
                    || !concernCallerAlone(decision.facts())) {
                return null;
            }
            for (Fact fact : decision.facts()) {
                current.apply(fact);
            }
            if (!decision.facts().isEmpty() && facts.listens()) {
                facts.happened(
                        current,
                        journal.forcedPosition(),
                        List.of(FactListener.Done.of(command, decision.facts())));
            }
            return reply;
        } catch (RuntimeException e) {
            fail(broken(e), List.of());
            return turnAway(command);
        }
    }

    /** A grant to read and the answer that goes with it, kept in memory. */
    private static boolean concernCallerAlone(List<Fact> facts) {
        for (Fact fact : facts) {
            boolean own =
                    fact instanceof Fact.SeqidSeen
                            || fact instanceof Fact.LayoutGranted
                            || fact instanceof Fact.Answered;
            if (!own || fact.isDurable()) {
                return false;
            }
        }
        return true;
    }

    // ---- batches

    /**
     * Processes a batch to its end: when this returns, every reply that can be given has been
     * given.
     */
    void process(Collection<Submission> batch) {
        Decided decided = decide(batch);
        if (decided != null) {
            force(decided);
        }
    }

    /**
     * A batch that has been decided and applied, and what is to follow once it is durable. Nobody
     * outside may see anything of it before.
     */
    final class Decided {
        private final VolumeState state;
        private final boolean graceBefore;
        private final List<Runnable> answers = new ArrayList<>();
        private final List<Runnable> works = new ArrayList<>();
        private final List<Runnable> afterwards = new ArrayList<>();
        private final List<Submission> undecided = new ArrayList<>();
        private final List<FactListener.Done> happened = new ArrayList<>();
        private final Records records = new Records();
        private int commands;
        private Set<ClientId> overdue = Set.of();
        private Optional<Map<ClientId, List<Notice.RecallSent>>> recalls = Optional.empty();
        private @Nullable IOException failure;

        /** What the state machine broke at, if it did: it is not tried again. */
        private @Nullable Submission broke;

        private Decided(VolumeState state) {
            this.state = state;
            this.graceBefore = state.tables().isInGrace();
        }

        int commands() {
            return commands;
        }

        long recordBytes() {
            return records.bytes;
        }

        /** Whether it has come to an end that a force cannot change. */
        boolean hasFailed() {
            return failure != null;
        }
    }

    /**
     * Decides and applies a batch; null if that cannot be, and all of it has been answered. One
     * batch may be decided while the one before it is being forced, if that one {@link
     * #mayBeOvertaken}.
     */
    @Nullable Decided decide(Collection<Submission> batch) {
        VolumeState current = usableState();
        if (current == null) {
            batch.forEach(this::refuseOrJoin);
            return null;
        }
        Decided decided = new Decided(current);
        decide(batch, decided);
        return decided;
    }

    /** Decides more, into a batch that has not failed and of which no force has begun. */
    void decide(Collection<Submission> more, Decided decided) {
        boolean full = !hasRoom();
        if (!full) {
            turnedAway.forget(decided.state, more);
        }
        Deque<Submission> queue = new ArrayDeque<>(interrupted);
        interrupted.clear();
        queue.addAll(more);
        decided.commands += more.size();
        try {
            decide(decided, queue, full);
        } catch (IOException e) {
            decided.failure = e;
        } catch (RuntimeException e) {
            decided.failure = broken(e);
        }
        if (decided.hasFailed()) {
            decided.undecided.addAll(queue);
        }
    }

    private void decide(Decided decided, Deque<Submission> queue, boolean full) throws IOException {
        VolumeState current = decided.state;
        List<Runnable> answers = decided.answers;
        while (!queue.isEmpty()) {
            Submission submission = queue.removeFirst();
            Optional<Reply.Failure> refusal = turnedAway(submission.command());
            if (refusal.isEmpty() && full && !isServedWhenFull(current, submission.command())) {
                refusal = Optional.of(turnAway(submission.command()));
            }
            if (refusal.isPresent()) {
                Reply.Failure why = refusal.get();
                decided.undecided.add(submission);
                answers.add(() -> submission.reply().complete(why));
                queue.addAll(leaving(current, submission.command()));
                continue;
            }
            decided.broke = submission;
            Execution done = current.execute(submission.command());
            decided.broke = null;
            decided.undecided.add(submission);
            decided.records.add(done.facts());
            if (!done.facts().isEmpty() && facts.listens()) {
                decided.happened.add(FactListener.Done.of(submission.command(), done.facts()));
            }
            collectWorks(submission.command(), done.facts(), decided.works);
            collectTimers(current, submission.command(), done, decided.afterwards);
            // What the server itself has to know it knows before anybody is answered.
            for (Notice notice : done.notices()) {
                if (notice instanceof Notice.ToServer) {
                    answers.add(() -> effects.tell(notice));
                }
            }
            if (submission.command() instanceof Command.CompleteWork complete) {
                queue.addAll(Optional.ofNullable(parked.remove(complete.work())).orElse(List.of()));
            }
            if (done.reply().isPresent()) {
                Reply reply = done.reply().get();
                answers.add(() -> submission.reply().complete(reply));
            }
            if (done.awaitedWork().isPresent()) {
                hold(parked, done.awaitedWork().getAsLong(), submission);
            }
            if (done.awaitedTurn().isPresent()) {
                hold(waiting, done.awaitedTurn().getAsLong(), submission);
            }
            endWaits(submission.command(), done, answers);
            queue.addAll(takeReady(current, decided.afterwards));
            if (queue.isEmpty()
                    && current.tables().isInGrace()
                    && current.tables().isEverybodyBack()) {
                LOG.info("volume={} event=grace-ended", name);
                queue.add(Submission.of(new Command.EndGrace()));
            }
        }
    }

    /**
     * Whether the next batch may be decided before this one is durable. Only while all is well: who
     * is told of what happened, and what ends grace, is told by a state that goes no further.
     */
    boolean mayBeOvertaken(Decided decided) {
        return !decided.hasFailed()
                && decided.recordBytes() > 0
                && !decided.graceBefore
                && !facts.looksAtState()
                && readOnlyReason == null
                && turnedAway.isEmpty();
    }

    /** Nothing more is decided into the batch; all of its records are appended. */
    private void close(Decided decided) {
        if (decided.hasFailed()) {
            return;
        }
        try {
            decided.records.flush();
            decided.overdue = overdue(decided.state);
            decided.recalls = recallsIfTouched(decided.state);
        } catch (IOException e) {
            decided.failure = e;
        } catch (RuntimeException e) {
            decided.failure = broken(e);
        }
    }

    /**
     * Begins to make what was decided last durable, which any thread may do; null if the batch has
     * failed, as {@link #force} will tell.
     */
    Journal.@Nullable Force beginForce(Decided decided) {
        close(decided);
        try {
            return decided.hasFailed() ? null : journal.beginForce();
        } catch (IOException e) {
            decided.failure = e;
            return null;
        }
    }

    /** Makes what was decided last durable, and answers it. */
    void force(Decided decided) {
        close(decided);
        if (!decided.hasFailed()) {
            try {
                journal.force();
            } catch (IOException e) {
                decided.failure = e;
            }
        }
        end(decided);
    }

    /**
     * Waits until what was begun to be forced is durable, and answers it. If it fails, the batch
     * decided meanwhile is lost as well.
     *
     * @param next that batch, if there is one; it has {@linkplain Decided#hasFailed failed} then
     */
    void endForce(Decided decided, @Nullable Decided next) {
        try {
            journal.endForce();
        } catch (IOException e) {
            decided.failure = e;
            if (next != null) {
                decided.undecided.addAll(next.undecided);
                next.undecided.clear();
                next.failure = e;
            }
        }
        end(decided);
    }

    private void end(Decided decided) {
        IOException failure = decided.failure;
        if (failure != null) {
            fail(failure, decided.undecided);
            Submission broke = decided.broke;
            if (broke != null) {
                broke.reply().complete(turnAway(broke.command()));
            }
            return;
        }
        VolumeState current = decided.state;
        if (!decided.happened.isEmpty()) {
            facts.happened(current, journal.forcedPosition(), decided.happened);
        }
        if (decided.graceBefore && !current.tables().isInGrace()) {
            effects.graceEnded(
                    awaited.stream().filter(c -> !current.tables().isEnded(c)).toList(),
                    awaited.stream().filter(current.tables()::isEnded).toList());
            awaited = List.of();
        }
        decided.answers.forEach(Runnable::run);
        decided.works.forEach(Runnable::run);
        decided.afterwards.forEach(Runnable::run);
        tellRenewals(decided.overdue);
        openRecalls = decided.recalls.orElse(openRecalls);
        effects.batchDone(decided.commands);
    }

    private static void hold(Map<Long, List<Submission>> held, long by, Submission submission) {
        held.computeIfAbsent(by, _ -> new ArrayList<>()).add(submission);
    }

    /** A request that is refused here has no place in the queue any more. */
    private static List<Submission> leaving(VolumeState state, Command command) {
        return command instanceof Command.Mutation mutation
                ? state.tables().waiting().of(mutation.origin()).stream()
                        .map(waiter -> Submission.of(new Command.EndWait(waiter.ticket())))
                        .toList()
                : List.of();
    }

    /** What needs no room in the journal: to look, to read, to come back, to wait for work. */
    private static boolean isServedWhenFull(VolumeState state, Command command) {
        if (command instanceof Command.Query) {
            return true;
        }
        Decision decision = state.decide(command);
        return !(decision.outcome() instanceof Decision.Outcome.AwaitTurn)
                && decision.facts().stream().noneMatch(Fact::isDurable);
    }

    private void collectWorks(Command command, List<Fact> facts, List<Runnable> works) {
        ByteBuffer bytes = command instanceof Command.Write write ? write.bytes() : NO_BYTES;
        for (Fact fact : facts) {
            if (fact instanceof Fact.WorkIntended(Work work) && !work.isReading()) {
                works.add(() -> effects.startWork(work, bytes));
            }
        }
    }

    // ---- recalls and waits

    /** What is told once the batch is durable, and what time will bring. */
    private void collectTimers(
            VolumeState current, Command command, Execution done, List<Runnable> afterwards) {
        for (Notice notice : done.notices()) {
            if (notice instanceof Notice.ToClient) {
                afterwards.add(() -> effects.tell(notice));
            }
        }
        Limits limits = current.tables().limits();
        for (Fact fact : done.facts()) {
            recallsTouched |= changesRecalls(fact);
            if (fact instanceof Fact.WaitBegan began
                    && began.waiter().waitMillis() != Long.MAX_VALUE) {
                Command end = new Command.EndWait(began.waiter().ticket());
                afterwards.add(() -> effects.after(began.waiter().waitMillis(), end));
            } else if (fact instanceof Fact.RecallBegan began) {
                Recall recall = began.recall();
                Command due =
                        new Command.RecallDue(
                                recall.client(),
                                recall.id(),
                                recall.pieces(),
                                limits.recallExtensions());
                afterwards.add(() -> effects.after(limits.recallMillis(), due));
            } else if (fact instanceof Fact.RecallOverdue overdue) {
                LOG.warn(
                        "volume={} event=recall-overdue client={} recall={}",
                        name,
                        overdue.client(),
                        overdue.recall());
            }
        }
        if (command instanceof Command.RecallDue due
                && done.reply().orElse(null) instanceof Reply.RecallExtended extended) {
            Command again =
                    new Command.RecallDue(
                            due.client(), due.recall(), extended.pieces(), due.extensions() - 1);
            afterwards.add(() -> effects.after(limits.recallMillis(), again));
        }
    }

    /** Requests whose wait was ended from outside are told so; they are not tried again. */
    private void endWaits(Command command, Execution done, List<Runnable> answers) {
        if (command instanceof Command.EndWait || command instanceof Command.CancelWaits) {
            Reply told = done.reply().orElseThrow();
            for (Fact fact : done.facts()) {
                if (fact instanceof Fact.WaitEnded ended) {
                    for (Submission s :
                            Optional.ofNullable(waiting.remove(ended.ticket())).orElse(List.of())) {
                        answers.add(() -> s.reply().complete(told));
                    }
                }
            }
        }
    }

    /** Requests whose turn may have come. */
    private List<Submission> takeReady(VolumeState current, List<Runnable> afterwards) {
        WaitingRoom.Ready ready = current.takeReady();
        if (ready.isEmpty()) {
            return List.of();
        }
        List<Submission> again = new ArrayList<>();
        for (long ticket : ready.tickets()) {
            again.addAll(Optional.ofNullable(waiting.remove(ticket)).orElse(List.of()));
        }
        for (Interest interest : ready.interests()) {
            Notice notice =
                    new Notice.LayoutAvailable(
                            interest.client(), interest.file(), interest.range());
            afterwards.add(() -> effects.tell(notice));
        }
        return again;
    }

    private static boolean changesRecalls(Fact fact) {
        return fact instanceof Fact.RecallBegan
                || fact instanceof Fact.RecallAcknowledged
                || fact instanceof Fact.RecallOverdue
                || fact instanceof Fact.RecallEnded
                || fact instanceof Fact.ClientEnded;
    }

    /** What clients have been asked for, if that has changed. */
    private Optional<Map<ClientId, List<Notice.RecallSent>>> recallsIfTouched(VolumeState current) {
        if (!recallsTouched) {
            return Optional.empty();
        }
        recallsTouched = false;
        List<ClientEntry> recalled = current.tables().recalled();
        Map<ClientId, List<Notice.RecallSent>> open = new HashMap<>();
        for (ClientEntry client : recalled) {
            ClientId id = client.record().id();
            if (current.execute(new Command.ListRecalls(id)).reply().orElseThrow()
                    instanceof Reply.Recalls recalls) {
                open.put(id, recalls.recalls());
            }
        }
        return Optional.of(open);
    }

    /** What clients have been asked to give back and have not, as of the last batch. */
    Map<ClientId, List<Notice.RecallSent>> openRecalls() {
        return openRecalls;
    }

    private static Set<ClientId> overdue(VolumeState current) {
        if (current.tables().recalled().isEmpty()) {
            return Set.of();
        }
        Set<ClientId> overdue = new HashSet<>();
        for (ClientEntry client : current.tables().recalled()) {
            if (client.isOverdue()) {
                overdue.add(client.record().id());
            }
        }
        return overdue;
    }

    /** A client that does not answer a recall in time is not renewed until it does. */
    private void tellRenewals(Set<ClientId> stopped) {
        for (ClientId client : stopped) {
            if (renewalsStopped.add(client)) {
                effects.renewals(client, false);
            }
        }
        renewalsStopped.removeIf(
                client -> {
                    boolean resumed = !stopped.contains(client);
                    if (resumed) {
                        effects.renewals(client, true);
                    }
                    return resumed;
                });
    }

    /**
     * Records of a batch on their way into the journal; one journal batch unless they are too large
     * for one.
     */
    private final class Records {
        private final ByteWriter writer = new ByteWriter();
        private final List<byte[]> waiting = new ArrayList<>();
        private long waitingBytes;
        private long bytes;

        void add(List<Fact> facts) throws IOException {
            byte[] record = FactCodec.record(writer, facts);
            if (record.length == 0) {
                return;
            }
            if (waitingBytes + record.length > maxBatchBytes / 2) {
                flush();
            }
            waiting.add(record);
            waitingBytes += record.length;
            bytes += record.length;
        }

        void flush() throws IOException {
            if (!waiting.isEmpty()) {
                journal.append(waiting);
                waiting.clear();
                waitingBytes = 0;
            }
        }
    }

    // ---- trouble

    /** The state, read back first if the journal had failed; null while that does not succeed. */
    private @Nullable VolumeState usableState() {
        if (state == null && effects.isQuiet()) {
            rebuild();
        }
        return state;
    }

    /** Looks whether what made the volume read-only has passed, while nobody asks for anything. */
    void recover() {
        if (readOnlyReason != null && usableState() != null) {
            process(List.of());
        }
    }

    private boolean hasRoom() {
        try {
            journal.ensureRoom();
            if (readOnlyReason != null) {
                LOG.info("volume={} event=writable-again", name);
                readOnlyReason = null;
            }
            return true;
        } catch (JournalFullException e) {
            becomeReadOnly("the journal's disk is full: " + e.getMessage());
            return false;
        } catch (IOException e) {
            becomeReadOnly(String.valueOf(e.getMessage()));
            return false;
        }
    }

    private void becomeReadOnly(String reason) {
        if (!reason.equals(readOnlyReason)) {
            LOG.error("volume={} event=read-only reason=\"{}\"", name, reason);
            readOnlyReason = reason;
            look(turnedAway::forget);
        }
    }

    /** What was thrown on the way to a decision: the state is not to be relied on. */
    private IOException broken(RuntimeException e) {
        if (e instanceof UncheckedIOException unread) {
            return Objects.requireNonNull(unread.getCause());
        }
        LOG.error("volume={} event=invariant-broken", name, e);
        return new IOException("the state machine broke an invariant: " + e, e);
    }

    private void fail(IOException cause, List<Submission> undecided) {
        becomeReadOnly(String.valueOf(cause.getMessage()));
        state = null;
        era++;
        Set<Submission> underWay = new LinkedHashSet<>();
        for (Map<Long, List<Submission>> held : List.of(parked, waiting)) {
            held.values().forEach(underWay::addAll);
            held.clear();
        }
        underWay.addAll(undecided);
        for (Submission submission : underWay) {
            if (submission.command() instanceof Command.Mutation) {
                interrupted.add(submission);
            } else {
                submission.reply().complete(readOnly());
            }
        }
        renewalsStopped.forEach(client -> effects.renewals(client, true));
        renewalsStopped.clear();
    }

    /** While there is no state: refuses, unless it is one more try of what waits for the state. */
    private void refuseOrJoin(Submission submission) {
        if (submission.command() instanceof Command.Mutation retry
                && interrupted.stream().anyMatch(s -> isSame(s.command(), retry))) {
            interrupted.add(submission);
        } else {
            Command command = submission.command();
            submission.reply().complete(turnedAway(command).orElseGet(() -> turnAway(command)));
        }
    }

    /** What {@code command} was refused with before, for want of a journal. */
    private Optional<Reply.Failure> turnedAway(Command command) {
        return !turnedAway.isEmpty() && command instanceof Command.Mutation mutation
                ? turnedAway.answer(mutation)
                : Optional.empty();
    }

    private Reply.Failure turnAway(Command command) {
        return command instanceof Command.Mutation mutation
                ? turnedAway.add(mutation, readOnly())
                : readOnly();
    }

    private static boolean isSame(Command command, Command.Mutation retry) {
        return command instanceof Command.Mutation first
                && first.origin().client().equals(retry.origin().client())
                && first.origin().operationId() == retry.origin().operationId();
    }

    private void rebuild() {
        long forced = journal.forcedPosition();
        try {
            journal.close();
        } catch (IOException e) {
            LOG.warn("volume={} event=close-failed reason=\"{}\"", name, e.getMessage());
        }
        try {
            VolumeStore.Loaded loaded = store.reload(forced);
            state = loaded.state();
            saveAll = false;
            journal = loaded.journal();
            openRecalls = Map.of();
            readOnlyReason = null;
            LOG.info("volume={} event=rebuilt position={}", name, journal.forcedPosition());
            begin();
        } catch (IOException | RuntimeException e) {
            becomeReadOnly(String.valueOf(e.getMessage()));
        }
    }

    private Reply.Failure readOnly() {
        return new Reply.Failure(
                Reason.READ_ONLY,
                "volume '" + name + "' is read-only: " + readOnlyReason,
                READ_ONLY_RETRY_MILLIS);
    }

    // ---- checkpoints

    /**
     * What has changed of the state up to the forced position of the journal.
     *
     * @param taken by which number the state knows it
     */
    record Changes(long position, List<Row> rows, VolumeState state, int taken) {
        long bytes() {
            return rows.stream()
                    .mapToLong(row -> row instanceof Row.Put put ? put.value().length : 0)
                    .sum();
        }
    }

    /**
     * Takes what has changed since it was taken last, to be written to the checkpoint; empty while
     * there is no state.
     */
    Optional<Changes> takeChanges() {
        VolumeState current = state;
        if (current == null) {
            return Optional.empty();
        }
        List<Row> rows = saveAll ? current.takeAllRows() : current.takeRows();
        saveAll = false;
        return Optional.of(new Changes(journal.forcedPosition(), rows, current, current.taken()));
    }

    /** What was taken may not have been written, so the next is all of it. */
    void changesLost() {
        saveAll = true;
    }

    /** How many facts have changed the state since changes were taken. */
    int changes() {
        VolumeState current = state;
        return current == null ? 0 : current.changes();
    }

    /** The checkpoint of this position is durable: the journal before it goes. */
    void snapshotTaken(long position) {
        snapshotPosition = position;
        try {
            journal.discardBefore(Math.min(position, journal.forcedPosition()));
        } catch (IOException e) {
            LOG.warn("volume={} event=journal-not-cut reason=\"{}\"", name, e.getMessage());
        }
    }

    /** How many extents are in memory, about. */
    long residentExtents() {
        VolumeState current = state;
        return current == null ? 0 : current.residentExtents();
    }

    /** Extents leave memory, as many as may and are too many. */
    void shrink(long mostExtents) {
        VolumeState current = state;
        if (current != null) {
            current.shrink(mostExtents, SHRINK_PAGES);
        }
    }

    long bytesSinceSnapshot() {
        return journal.forcedPosition() - snapshotPosition;
    }

    // ---- state for others

    /**
     * Rises whenever the state is thrown away: completions of work started before say nothing about
     * what is known after.
     */
    long era() {
        return era;
    }

    EngineStatus status() {
        return new EngineStatus(
                journal.forcedPosition(), snapshotPosition, Optional.ofNullable(readOnlyReason));
    }

    /** Runs {@code look} on the state, if there is one. */
    void look(Consumer<VolumeState> look) {
        if (state != null) {
            look.accept(state);
        }
    }

    /** What waits for a turn, by its ticket. */
    Map<Long, List<Command>> waiting() {
        return commands(waiting);
    }

    /** What waits for device work, by that. */
    Map<Long, List<Command>> parked() {
        return commands(parked);
    }

    private static Map<Long, List<Command>> commands(Map<Long, List<Submission>> held) {
        Map<Long, List<Command>> all = new TreeMap<>();
        held.forEach((key, list) -> all.put(key, list.stream().map(Submission::command).toList()));
        return all;
    }

    void close() throws IOException {
        Reply stopping =
                Reply.Failure.of(Reason.SHUTTING_DOWN, "the server stops; retry the operation");
        for (Map<Long, List<Submission>> held : List.of(parked, waiting)) {
            held.values().forEach(list -> list.forEach(s -> s.reply().complete(stopping)));
        }
        interrupted.forEach(s -> s.reply().complete(stopping));
        journal.close();
    }
}
