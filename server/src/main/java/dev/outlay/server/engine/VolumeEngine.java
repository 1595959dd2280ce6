package dev.outlay.server.engine;

import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.history.FactListener;
import dev.outlay.server.metrics.VolumeMeters;
import dev.outlay.server.metrics.VolumeSample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One volume at work: a queue, one thread that owns the volume's state ({@link VolumeLogic}), and
 * at times threads for work on devices and for the checkpoint.
 *
 * <p>{@link #submit} may be called from any thread and never waits; replies are completed on the
 * volume's thread, after the force that makes them true, so what hangs on them must be short. A
 * read that finds the volume at rest, with nothing before it and nothing decided that is not
 * durable, is answered where it is submitted: it needs neither the thread nor the journal. Of many
 * that come together none is, so that one thread decides some while another encodes others.
 */
public final class VolumeEngine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VolumeEngine.class);
    private static final int MAX_QUEUED = 1 << 16;

    /** Reads that nothing durable precedes are answered so many at a time. */
    private static final int READS_AT_ONCE = 64;

    /**
     * The standard for {@link Parts#changesAtOnce}: few enough that taking them is over in a
     * millisecond or two, and enough that what changes again and again is written once.
     */
    static final int CHANGES_AT_ONCE = 8192;

    private static final Duration RETRY = Duration.ofSeconds(1);

    /** Device work that fails is tried again soon, then ever later, up to {@link #RETRY}. */
    private static final Duration FIRST_RETRY = Duration.ofMillis(50);

    /** All has to be written anew then, which takes longer. */
    private static final Duration CHECKPOINT_RETRY = Duration.ofSeconds(5);

    private static final int WORKERS = 4;

    /** A volume that has nothing to do sleeps; one in trouble looks so often whether it is over. */
    private static final long IDLE_MILLIS = 3_600_000;

    private static final long TROUBLED_MILLIS = 1_000;

    /** While one batch follows the other, the counts for meters are taken no more often. */
    private static final long SAMPLE_NANOS = 10_000_000;

    private final String name;
    private final VolumeLogic logic;
    private final VolumeStore store;
    private final DeviceTasks.DeviceAccess devices;
    private final DeviceTasks tasks;
    private final FactListener facts;
    private final ScheduledExecutorService timers;
    private final InstantSource wallClock;
    private final MonotonicClock clock;
    private final int blockSize;
    private final VolumeMeters meters;
    private final long snapshotThresholdBytes;
    private final int changesAtOnce;
    private final ExtentMemory memory;
    private final Inbox<Object> inbox = new Inbox<>(MAX_QUEUED);
    private final ExecutorService background;
    private final BoundedExecutor workers;

    /** Pieces of device work, reads and writes of the checkpoint that are under way. */
    private final AtomicInteger busy = new AtomicInteger();

    /**
     * Held by whoever reads the state or changes it: by the volume's thread from the first decision
     * of a batch to the answers behind its force, so that whoever gets it in between finds nothing
     * that could still be lost.
     */
    private final ReentrantLock owning = new ReentrantLock();

    private final Thread thread;

    private Batches batches;

    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile Listener listener = Listener.NONE;
    private volatile EngineStatus status;
    private volatile Map<ClientId, List<Notice.RecallSent>> openRecalls = Map.of();
    private volatile VolumeSample sample;
    private long sampledNanos;

    /** How many extents there were in memory when that was said last. */
    private long countedExtents;

    private boolean begun;

    /** Changes are being written to the checkpoint, or have failed to be and are not yet again. */
    private boolean saving;

    /** Those who wait for a durable checkpoint. */
    private final List<CompletableFuture<SnapshotTaken>> checkpointsAsked = new ArrayList<>();

    /** What the batch consists of that is being worked off. */
    private final List<Object> taken = new ArrayList<>();

    /** What could not be written down: tried again as soon as the volume can write. */
    private final List<Object> refused = new ArrayList<>();

    /** Sent through the queue to be run on the volume's thread, or refused once that is gone. */
    private record Task(Runnable run, Runnable refuse) {}

    /** Device work has been done; void in another era of the state. */
    private record Completion(long work, long era) {}

    /**
     * The time for a command has come; void in another era of the state, which has timers of its
     * own.
     *
     * @param insists it is tried again until it is taken
     */
    private record Due(Command command, long era, boolean insists) {}

    /**
     * Hears what a volume has to say unasked; on the volume's thread, so what hangs on it must be
     * short.
     */
    public interface Listener {
        /** A notice whose facts are durable. */
        void told(VolumeEngine volume, Notice notice);

        /** Whether the lease of a client may be renewed, as far as this volume is concerned. */
        void renewals(VolumeEngine volume, ClientId client, boolean allowed);

        /**
         * The volume has lost what is not in its journal: from now on {@code awaited} have to
         * restate what they hold. Told before the time they have for it begins to run.
         */
        default void graceBegan(VolumeEngine volume, Collection<ClientId> awaited) {}

        /** Grace is over; of those awaited the {@code lost} did not come back and have expired. */
        default void graceEnded(
                VolumeEngine volume, Collection<ClientId> back, Collection<ClientId> lost) {}

        /** The volume was read-only, and takes again what it had refused. */
        default void writable(VolumeEngine volume) {}

        /** Nobody listens. */
        Listener NONE =
                new Listener() {
                    @Override
                    public void told(VolumeEngine volume, Notice notice) {}

                    @Override
                    public void renewals(VolumeEngine volume, ClientId client, boolean allowed) {}
                };
    }

    /**
     * What an engine is made of.
     *
     * @param snapshotThresholdBytes of journal behind the checkpoint before that is made durable
     * @param changesAtOnce facts after which what has changed is written to the checkpoint
     * @param memory of the extents of all volumes
     * @param background for work on devices and for the checkpoint; ended with the engine
     * @param facts hears what has become durable; closed with the engine
     */
    record Parts(
            String name,
            VolumeStore store,
            VolumeStore.Loaded loaded,
            int maxBatchBytes,
            DeviceTasks.DeviceAccess devices,
            ScheduledExecutorService timers,
            InstantSource wallClock,
            MonotonicClock clock,
            MeterSource meters,
            long snapshotThresholdBytes,
            int changesAtOnce,
            ExtentMemory memory,
            ExecutorService background,
            FactListener facts) {}

    /** Makes the meters of a volume, given where to read them from. */
    interface MeterSource {
        VolumeMeters volume(String name, java.util.function.Supplier<VolumeSample> sample);
    }

    VolumeEngine(Parts parts) {
        this.name = parts.name;
        this.store = parts.store;
        this.devices = parts.devices;
        this.timers = parts.timers;
        this.wallClock = parts.wallClock;
        this.clock = parts.clock;
        this.snapshotThresholdBytes = parts.snapshotThresholdBytes;
        this.changesAtOnce = parts.changesAtOnce;
        this.memory = parts.memory;
        this.background = parts.background;
        this.workers = new BoundedExecutor(parts.background, WORKERS);
        this.blockSize = parts.loaded.state().tables().blockSize();
        this.logic =
                new VolumeLogic(
                        name, store, parts.loaded, parts.maxBatchBytes, parts.facts, new Effects());
        this.facts = parts.facts;
        this.status = logic.status();
        this.sample = sampleNow();
        this.meters = parts.meters.volume(name, this::sample);
        this.tasks = new DeviceTasks(parts.devices, meters::deviceWritten);
        this.batches =
                new Batches(logic, inbox, this::force, clock, new Heard(), Batches.Pace.STANDARD);
        this.thread = Thread.ofPlatform().name("volume-" + name).unstarted(this::run);
    }

    /** What a client has been asked to give back and has not, as of the last batch. */
    public List<Notice.RecallSent> openRecalls(ClientId client) {
        return openRecalls.getOrDefault(client, List.of());
    }

    void start() {
        thread.start();
    }

    /**
     * Instead of {@link #start}, where a simulation is the volume's thread.
     *
     * @param afterBatch sees what each batch has come to, of which one step may do several
     * @param overtakable as {@link Batches.Listener#overtakable}: what {@code afterBatch} sees next
     *     may have gone further
     */
    void startStepwise(Runnable afterBatch, Runnable overtakable, Batches.Pace pace) {
        this.afterBatch = afterBatch;
        this.overtakable = overtakable;
        Batches.Source queued =
                new Batches.Source() {
                    @Override
                    public int size() {
                        return inbox.size();
                    }

                    @Override
                    public boolean isArriving() {
                        return false;
                    }

                    @Override
                    public boolean await(long nanos, BooleanSupplier orUntil) {
                        return !inbox.isEmpty();
                    }
                };
        batches = new Batches(logic, queued, _ -> {}, clock, new Heard(), pace);
        begin();
    }

    /** Does what the thread does next, as far as there is something; false if there is nothing. */
    boolean step() {
        if (inbox.isEmpty()) {
            return false;
        }
        turn();
        return true;
    }

    /** What the thread does when it has had nothing to do for a while. */
    void idle() {
        recover();
    }

    /** Whether {@link #step} would do something. */
    boolean hasWork() {
        return !inbox.isEmpty();
    }

    /** How often more was decided while a batch was being forced. */
    long overtaken() {
        return batches.overtaken();
    }

    /** Looks at the state between two steps. */
    void look(Consumer<dev.outlay.core.VolumeState> look) {
        logic.look(look);
    }

    /** Looks between two steps at what waits for a turn, and at what waits for device work. */
    void lookAtWaits(BiConsumer<Map<Long, List<Command>>, Map<Long, List<Command>>> look) {
        look.accept(logic.waiting(), logic.parked());
    }

    /**
     * Who is to be fenced, for a listener that has just been told so: on the volume's thread only.
     * Empty if the volume has forgotten the client since.
     */
    public Optional<FenceNeed> fenceNeed(ClientId id) {
        List<FenceNeed> found = new ArrayList<>();
        logic.look(
                state -> {
                    ClientEntry client = state.tables().client(id);
                    if (client != null) {
                        found.add(
                                new FenceNeed(
                                        name,
                                        client.record(),
                                        state.tables().settings().fence(),
                                        List.copyOf(state.tables().devices())));
                    }
                });
        return found.stream().findFirst();
    }

    /** From now on {@code hears} is told what the volume has to say unasked. */
    void listen(Listener hears) {
        listener = hears;
    }

    public String name() {
        return name;
    }

    public EngineStatus status() {
        return status;
    }

    /**
     * Decides the command; the reply is complete once everything it rests on is durable, that to a
     * Read once its bytes have been read. Never fails exceptionally.
     */
    public CompletableFuture<Reply> submit(Command command) {
        Reply now = answerAtOnce(command);
        return now != null ? CompletableFuture.completedFuture(now) : submitOneOfMany(command);
    }

    /** As {@link #submit}, of a command that comes with many others: it is never decided here. */
    public CompletableFuture<Reply> submitOneOfMany(Command command) {
        Submission submission = Submission.of(command);
        CompletableFuture<Reply> answer =
                command instanceof Command.Read ? reading(submission) : submission.reply();
        enqueue(submission);
        return answer;
    }

    /** Whether a command reads, and needs neither the journal nor, at rest, the volume's thread. */
    public static boolean isRead(Command command) {
        return VolumeLogic.isRead(command);
    }

    /**
     * More changes will be submitted in a moment; what comes until {@link #arrived} is made durable
     * together. Any thread.
     */
    public void arriving() {
        inbox.arriving();
    }

    /** That was all. To be paired with {@link #arriving}. */
    public void arrived() {
        inbox.arrived();
    }

    /** The answer to a read that finds the volume at rest; null if it has to take its turn. */
    private @Nullable Reply answerAtOnce(Command command) {
        if (!VolumeLogic.isRead(command)
                || !inbox.isEmpty()
                || owning.isHeldByCurrentThread()
                || !owning.tryLock()) {
            return null;
        }
        try {
            // Now that nobody takes anything out: what came before goes before.
            if (!begun || inbox.isClosed() || !inbox.isEmpty()) {
                return null;
            }
            long era = logic.era();
            Reply reply = logic.answerAtOnce(command);
            if (logic.era() != era) {
                lookAtStatus();
            }
            if (reply != null) {
                makeRoom();
                afterBatch.run();
            }
            return reply;
        } finally {
            owning.unlock();
        }
    }

    private void enqueue(Submission submission) {
        switch (inbox.offer(submission)) {
            case TAKEN -> {
                // The volume's thread answers it, or refuses it when it ends.
            }
            case CLOSED -> refuse(submission);
            case FULL ->
                    submission
                            .reply()
                            .complete(
                                    new Reply.Failure(
                                            Reason.RESOURCE_EXHAUSTED,
                                            "volume '"
                                                    + name
                                                    + "' has "
                                                    + MAX_QUEUED
                                                    + " commands queued",
                                            100));
        }
    }

    private static void refuse(Submission submission) {
        submission.reply().complete(Reply.Failure.of(Reason.SHUTTING_DOWN, "the server stops"));
    }

    /** Makes the checkpoint durable now; fails with the reason if that cannot be done. */
    public CompletableFuture<SnapshotTaken> takeSnapshot() {
        CompletableFuture<SnapshotTaken> taken = new CompletableFuture<>();
        Runnable refuse =
                () ->
                        taken.completeExceptionally(
                                new IOException("volume '" + name + "' is stopping or overloaded"));
        Runnable ask =
                () -> {
                    checkpointsAsked.add(taken);
                    save();
                };
        if (inbox.offer(new Task(ask, refuse)) != Inbox.Taken.TAKEN) {
            refuse.run();
        }
        return taken;
    }

    /** The clients that the volume remembers, to be read before {@link #start}. */
    List<RememberedClient> rememberedClients() {
        List<RememberedClient> clients = new ArrayList<>();
        logic.look(
                state ->
                        state.tables()
                                .clients()
                                .forEach(
                                        c ->
                                                clients.add(
                                                        new RememberedClient(
                                                                c.record(), c.ended()))));
        return clients;
    }

    record RememberedClient(ClientRecord record, Optional<EndCause> ended) {}

    /** Bytes of a block: never changes. */
    public int blockSize() {
        return blockSize;
    }

    /** The devices of the volume, to be read before {@link #start}. */
    List<VolumeDevice> devicesAtStart() {
        List<VolumeDevice> all = new ArrayList<>();
        logic.look(state -> all.addAll(state.tables().devices()));
        return all;
    }

    // ---- the volume's thread

    private void run() {
        try {
            begin();
            while (!inbox.isClosed() || !inbox.isEmpty()) {
                if (inbox.await(isReadOnly() ? TROUBLED_MILLIS : IDLE_MILLIS)) {
                    turn();
                } else {
                    recover();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            LOG.error("volume={} event=engine-died", name, e);
            throw e;
        } finally {
            refuseQueued();
            stopped.countDown();
        }
    }

    private void begin() {
        owning.lock();
        try {
            logic.begin();
            save();
            begun = true;
        } finally {
            owning.unlock();
        }
    }

    private boolean isReadOnly() {
        return status.readOnlyReason().isPresent();
    }

    /** A volume in trouble says that it is over without being asked. */
    private void recover() {
        if (isReadOnly()) {
            owning.lock();
            try {
                logic.recover();
                lookAtStatus();
                sample = sampleNow();
            } finally {
                owning.unlock();
            }
        }
    }

    /**
     * Works off what is queued, as far as some batches hold it. All that was decided is durable
     * then.
     */
    private void turn() {
        owning.lock();
        try {
            do {
                inbox.drainTo(taken, batches.atOnce());
                process(taken);
                taken.clear();
            } while (batches.goOn());
            lookAround();
            save();
            makeRoom();
        } finally {
            taken.clear();
            owning.unlock();
        }
    }

    private void lookAround() {
        long now = clock.nanos();
        lookAtStatus();
        openRecalls = logic.openRecalls();
        if (inbox.isEmpty() || now - sampledNanos > SAMPLE_NANOS) {
            sampledNanos = now;
            sample = sampleNow();
        }
    }

    /** Lets go of extents that were not used of late while there are too many in memory. */
    private void makeRoom() {
        long now = logic.residentExtents();
        long tooMany = memory.changed(now - countedExtents);
        countedExtents = now;
        if (tooMany > 0) {
            logic.shrink(memory.keep(now, tooMany));
        }
    }

    private void lookAtStatus() {
        boolean wasReadOnly = isReadOnly();
        status = logic.status();
        if (!isReadOnly() && (wasReadOnly || !refused.isEmpty())) {
            List<Object> again = List.copyOf(refused);
            refused.clear();
            again.forEach(item -> later(Duration.ZERO, () -> offer(item)));
            listener.writable(this);
        }
    }

    private void force(Runnable force) {
        background.execute(
                () -> {
                    force.run();
                    inbox.wake();
                });
    }

    private final class Heard implements Batches.Listener {
        @Override
        public void overtakable() {
            overtakable.run();
        }

        @Override
        public void forced(Duration took, long bytes) {
            meters.forced(took, bytes);
        }
    }

    private Runnable afterBatch = () -> {};
    private Runnable overtakable = () -> {};

    /** Decides what was taken, and runs tasks in between when all before them is durable. */
    private void process(List<Object> taken) {
        List<Submission> batch = new ArrayList<>(taken.size());
        boolean onlyReads = true;
        for (Object item : taken) {
            if (item instanceof Submission submission) {
                batch.add(submission);
                onlyReads &= VolumeLogic.isRead(submission.command());
                if (onlyReads && batch.size() == READS_AT_ONCE) {
                    batches.decideReads(batch);
                    batch.clear();
                }
            } else if (item instanceof Completion done && done.era == logic.era()) {
                onlyReads = false;
                batch.add(completing(done));
            } else if (item instanceof Due due && due.era == logic.era()) {
                onlyReads = false;
                batch.add(dueNow(due));
            } else if (item instanceof Task task) {
                batches.decide(batch);
                batch.clear();
                batches.end();
                task.run().run();
            }
        }
        batches.decide(batch);
    }

    private void refuseQueued() {
        for (Object item : inbox.rest()) {
            if (item instanceof Submission submission) {
                refuse(submission);
            } else if (item instanceof Task task) {
                task.refuse().run();
            }
        }
    }

    /** For whoever scrapes: how it stands, or stood before the batch that is under way. */
    private VolumeSample sample() {
        if (owning.isHeldByCurrentThread() || !owning.tryLock()) {
            return sample;
        }
        try {
            return sampleNow();
        } finally {
            owning.unlock();
        }
    }

    private VolumeSample sampleNow() {
        VolumeSample[] made = new VolumeSample[1];
        EngineStatus now = logic.status();
        logic.look(
                state -> {
                    SpaceUse space = state.tables().spaceUse();
                    made[0] =
                            new VolumeSample(
                                    space.total(),
                                    space.free(),
                                    space.reserved(),
                                    space.granted(),
                                    space.mapped(),
                                    space.pending(),
                                    space.quarantined(),
                                    space.atRisk(),
                                    state.tables().files().size(),
                                    state.tables().extents(),
                                    state.tables().clients().size(),
                                    state.tables().layouts(),
                                    state.tables().waiting().size(),
                                    state.tables().openRecalls(),
                                    inbox.size(),
                                    now.journalPosition(),
                                    now.snapshotPosition(),
                                    now.readOnlyReason().isPresent(),
                                    state.tables().isInGrace());
                });
        return made[0] != null ? made[0] : readOnlySample(now);
    }

    private static VolumeSample readOnlySample(EngineStatus now) {
        return new VolumeSample(
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                now.journalPosition(),
                now.snapshotPosition(),
                true,
                false);
    }

    // ---- checkpoints: changes are taken on the volume's thread, written on a background one

    /**
     * Has what has changed written, if it is much, or if the journal behind the checkpoint is long,
     * or if somebody asks; one at a time.
     */
    private void save() {
        boolean durable =
                !checkpointsAsked.isEmpty() || logic.bytesSinceSnapshot() > snapshotThresholdBytes;
        if (saving || (!durable && logic.changes() < changesAtOnce)) {
            return;
        }
        List<CompletableFuture<SnapshotTaken>> asked = List.copyOf(checkpointsAsked);
        checkpointsAsked.clear();
        Optional<VolumeLogic.Changes> taken = logic.takeChanges();
        if (taken.isEmpty()) {
            IOException readOnly = new IOException("the volume is read-only");
            asked.forEach(future -> future.completeExceptionally(readOnly));
            return;
        }
        saving = true;
        busy.incrementAndGet();
        background.execute(() -> write(taken.get(), durable, asked));
    }

    private void write(
            VolumeLogic.Changes changes,
            boolean durable,
            List<CompletableFuture<SnapshotTaken>> asked) {
        long before = clock.nanos();
        try {
            store.writeRows(changes.position(), changes.rows(), durable);
            busy.decrementAndGet();
            if (durable) {
                meters.snapshot(Duration.ofNanos(clock.nanos() - before), changes.bytes());
            }
            onThread(
                    () -> {
                        saving = false;
                        if (durable) {
                            changes.state().saved(changes.taken());
                            logic.snapshotTaken(changes.position());
                            lookAtStatus();
                        }
                        save();
                    });
            asked.forEach(f -> f.complete(new SnapshotTaken(changes.position(), changes.bytes())));
        } catch (IOException e) {
            busy.decrementAndGet();
            LOG.error("volume={} event=snapshot-failed reason=\"{}\"", name, e.getMessage());
            onThread(logic::changesLost);
            later(
                    CHECKPOINT_RETRY,
                    () ->
                            onThread(
                                    () -> {
                                        saving = false;
                                        save();
                                    }));
            asked.forEach(future -> future.completeExceptionally(e));
        }
    }

    /** What a restart would have to replay is written, if it is much. */
    private void saveAtEnd() throws IOException {
        if (logic.changes() >= changesAtOnce) {
            Optional<VolumeLogic.Changes> changes = logic.takeChanges();
            if (changes.isPresent()) {
                store.writeRows(changes.get().position(), changes.get().rows(), true);
            }
        }
    }

    /** Runs on the volume's thread, unless it has stopped. */
    private void onThread(Runnable run) {
        offer(new Task(run, () -> {}));
    }

    /** Queues what the volume's thread has to see, unless that has stopped. */
    private void offer(Object item) {
        try {
            while (inbox.offer(item, 100) == Inbox.Taken.FULL) {
                LOG.debug("volume={} event=queue-full", name);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- device work and grace

    private final class Effects implements VolumeLogic.Effects {
        @Override
        public void startWork(Work work, ByteBuffer bytes) {
            long era = logic.era();
            busy.incrementAndGet();
            workers.execute(() -> doWork(work, bytes, era, FIRST_RETRY));
        }

        @Override
        public boolean isQuiet() {
            return busy.get() == 0;
        }

        @Override
        public void graceEnded(List<ClientId> back, List<ClientId> lost) {
            listener.graceEnded(VolumeEngine.this, back, lost);
        }

        @Override
        public void graceBegan(long millis, List<ClientId> awaited) {
            listener.graceBegan(VolumeEngine.this, awaited);
            offerAfter(millis, new Due(new Command.EndGrace(), logic.era(), true));
        }

        @Override
        public void after(long millis, Command command) {
            offerAfter(millis, new Due(command, logic.era(), false));
        }

        @Override
        public void tell(Notice notice) {
            listener.told(VolumeEngine.this, notice);
        }

        @Override
        public void renewals(ClientId client, boolean allowed) {
            listener.renewals(VolumeEngine.this, client, allowed);
        }

        @Override
        public void batchDone(int commands) {
            meters.batch(commands);
            afterBatch.run();
        }
    }

    private void offerAfter(long millis, Due due) {
        var _ = timers.schedule(() -> offer(due), millis, TimeUnit.MILLISECONDS);
    }

    /** What the volume itself waits for is not lost while its journal's disk is full. */
    private Submission dueNow(Due due) {
        Submission submission = Submission.of(due.command);
        if (due.insists) {
            var _ =
                    submission
                            .reply()
                            .thenAccept(
                                    reply -> {
                                        if (reply instanceof Reply.Failure) {
                                            refused.add(due);
                                        }
                                    });
        }
        return submission;
    }

    private void doWork(Work work, ByteBuffer bytes, long era, Duration retry) {
        try {
            tasks.run(work, bytes);
            busy.decrementAndGet();
            offer(new Completion(work.id(), era));
        } catch (IOException | RuntimeException e) {
            busy.decrementAndGet();
            LOG.error(
                    "volume={} event=device-work-failed work={} reason=\"{}\" retry={}",
                    name,
                    work.id(),
                    e.getMessage(),
                    retry);
            later(
                    retry,
                    () ->
                            onThread(
                                    () -> {
                                        if (logic.era() == era) {
                                            workAgain(work, bytes, era, retry);
                                        }
                                    }));
        }
    }

    private void workAgain(Work work, ByteBuffer bytes, long era, Duration waited) {
        Duration next = waited.multipliedBy(2);
        Duration retry = next.compareTo(RETRY) > 0 ? RETRY : next;
        busy.incrementAndGet();
        workers.execute(() -> doWork(work, bytes, era, retry));
    }

    /**
     * Tells the state of work that is done, and does so again if that could not be written down.
     */
    private Submission completing(Completion done) {
        Submission submission =
                Submission.of(new Command.CompleteWork(done.work, wallClock.millis()));
        var _ =
                submission
                        .reply()
                        .thenAccept(
                                reply -> {
                                    if (reply instanceof Reply.Failure) {
                                        refused.add(done);
                                    }
                                });
        return submission;
    }

    private void later(Duration delay, Runnable run) {
        if (!inbox.isClosed()) {
            var _ = timers.schedule(run, delay.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    // ---- reads through the server

    /** What answers a Read: once it is decided where the bytes lie they are fetched from there. */
    private CompletableFuture<Reply> reading(Submission submission) {
        CompletableFuture<Reply> answer = new CompletableFuture<>();
        var _ =
                submission
                        .reply()
                        .thenAccept(
                                reply -> {
                                    if (reply instanceof Reply.ReadPlan plan) {
                                        startRead(plan, answer);
                                    } else {
                                        answer.complete(reply);
                                    }
                                });
        return answer;
    }

    /** On the volume's thread, on which a plan is answered. */
    private void startRead(Reply.ReadPlan plan, CompletableFuture<Reply> answer) {
        long era = logic.era();
        busy.incrementAndGet();
        workers.execute(
                () -> {
                    Reply reply = readDevices(plan);
                    busy.decrementAndGet();
                    plan.work().ifPresent(work -> offer(new Completion(work, era)));
                    answer.complete(reply);
                });
    }

    private Reply readDevices(Reply.ReadPlan plan) {
        try {
            return tasks.read(plan);
        } catch (IOException | RuntimeException e) {
            LOG.error("volume={} event=device-read-failed reason=\"{}\"", name, e.getMessage());
            return Reply.Failure.of(
                    Reason.INTERNAL,
                    "volume '" + name + "' could not read its device: " + e.getMessage());
        }
    }

    /**
     * Answers what is queued, then stops. Nothing answered is lost, and nothing else is promised.
     */
    @Override
    public void close() {
        inbox.close(new Task(() -> {}, () -> {}));
        if (thread.getState() == Thread.State.NEW) {
            stopped.countDown();
        }
        try {
            stopped.await();
            background.shutdown();
            if (!background.awaitTermination(10, TimeUnit.SECONDS)) {
                LOG.warn(
                        "volume={} event=work-unfinished note=\"it is done again at the next start\"",
                        name);
            }
            owning.lock();
            try {
                if (background.isTerminated()) {
                    saveAtEnd();
                }
                logic.close();
                store.close();
                var _ = memory.changed(-countedExtents);
            } finally {
                owning.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.warn("volume={} event=close-failed reason=\"{}\"", name, e.getMessage());
        } finally {
            facts.close();
            meters.close();
            devices.close();
        }
    }

    /** For tests: runs {@code look} on the volume's thread between batches, and waits for it. */
    public void inspect(Consumer<dev.outlay.core.VolumeState> look) throws InterruptedException {
        CountDownLatch seen = new CountDownLatch(1);
        onThread(
                () -> {
                    logic.look(look);
                    seen.countDown();
                });
        seen.await();
    }
}
