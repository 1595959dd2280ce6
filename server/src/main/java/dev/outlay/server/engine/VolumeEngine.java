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
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One volume at work: a queue, one thread that owns the volume's state ({@link VolumeLogic}), and
 * at times threads for work on devices and for snapshots.
 *
 * <p>{@link #submit} may be called from any thread and never waits; replies are completed on the
 * volume's thread, after the force that makes them true, so what hangs on them must be short.
 */
public final class VolumeEngine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VolumeEngine.class);
    private static final int MAX_QUEUED = 1 << 16;
    private static final int MAX_BATCH = 1024;
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** Device work that fails is tried again soon, then ever later, up to {@link #RETRY}. */
    private static final Duration FIRST_RETRY = Duration.ofMillis(50);

    private static final int WORKERS = 4;
    private static final long IDLE_MILLIS = 1_000;

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
    private final Inbox<Object> inbox = new Inbox<>(MAX_QUEUED);
    private final ExecutorService background;
    private final BoundedExecutor workers;

    /** Pieces of device work and reads that are under way. */
    private final AtomicInteger deviceBusy = new AtomicInteger();

    private final Thread thread;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile Listener listener = Listener.NONE;
    private volatile EngineStatus status;
    private volatile Map<ClientId, List<Notice.RecallSent>> openRecalls = Map.of();
    private volatile VolumeSample sample;
    private boolean snapshotRunning;

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
     * @param background for work on devices and for snapshots; ended with the engine
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
        this.background = parts.background;
        this.workers = new BoundedExecutor(parts.background, WORKERS);
        this.blockSize = parts.loaded.state().tables().blockSize();
        this.logic =
                new VolumeLogic(
                        name, store, parts.loaded, parts.maxBatchBytes, parts.facts, new Effects());
        this.facts = parts.facts;
        this.status = logic.status();
        this.sample = sampleNow();
        this.meters = parts.meters.volume(name, () -> this.sample);
        this.tasks = new DeviceTasks(parts.devices, meters::deviceWritten);
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
     */
    void startStepwise(Runnable afterBatch) {
        this.afterBatch = afterBatch;
        logic.begin();
    }

    /** Does what the thread does next, as far as there is something; false if there is nothing. */
    boolean step() {
        Object first = inbox.poll();
        if (first == null) {
            return false;
        }
        turn(first);
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
        Submission submission = Submission.of(command);
        CompletableFuture<Reply> answer =
                command instanceof Command.Read ? reading(submission) : submission.reply();
        enqueue(submission);
        return answer;
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

    /** Writes a snapshot now; fails with the reason if that cannot be done. */
    public CompletableFuture<SnapshotTaken> takeSnapshot() {
        CompletableFuture<SnapshotTaken> taken = new CompletableFuture<>();
        Runnable refuse =
                () ->
                        taken.completeExceptionally(
                                new IOException("volume '" + name + "' is stopping or overloaded"));
        if (inbox.offer(new Task(() -> snapshot(taken), refuse)) != Inbox.Taken.TAKEN) {
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
            logic.begin();
            while (!inbox.isClosed() || !inbox.isEmpty()) {
                Object first = inbox.poll(IDLE_MILLIS);
                if (first != null) {
                    turn(first);
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

    /** A volume in trouble says that it is over without being asked. */
    private void recover() {
        if (status.readOnlyReason().isPresent()) {
            logic.recover();
            lookAtStatus();
            sample = sampleNow();
        }
    }

    /** Works off {@code first} and whatever else is queued, as far as one batch holds it. */
    private void turn(Object first) {
        List<Object> taken = new ArrayList<>(MAX_BATCH);
        taken.add(first);
        inbox.drainTo(taken, MAX_BATCH - 1);
        long before = clock.nanos();
        lastForcedBytes = 0;
        process(taken);
        meters.batch(taken.size());
        if (lastForcedBytes > 0) {
            meters.forced(Duration.ofNanos(clock.nanos() - before), lastForcedBytes);
        }
        lookAtStatus();
        openRecalls = logic.openRecalls();
        sample = sampleNow();
        if (logic.bytesSinceSnapshot() > snapshotThresholdBytes && !snapshotRunning) {
            snapshot(new CompletableFuture<>());
        }
    }

    private void lookAtStatus() {
        boolean wasReadOnly = status.readOnlyReason().isPresent();
        status = logic.status();
        if (status.readOnlyReason().isEmpty() && (wasReadOnly || !refused.isEmpty())) {
            List<Object> again = List.copyOf(refused);
            refused.clear();
            again.forEach(item -> later(Duration.ZERO, () -> offer(item)));
            listener.writable(this);
        }
    }

    private long lastForcedBytes;
    private Runnable afterBatch = () -> {};

    /** Runs tasks and batches in the order in which they came. */
    private void process(List<Object> taken) {
        List<Submission> batch = new ArrayList<>(taken.size());
        for (Object item : taken) {
            if (item instanceof Submission submission) {
                batch.add(submission);
            } else if (item instanceof Completion done && done.era == logic.era()) {
                batch.add(completing(done));
            } else if (item instanceof Due due && due.era == logic.era()) {
                batch.add(dueNow(due));
            } else if (item instanceof Task task) {
                flush(batch);
                task.run().run();
            }
        }
        flush(batch);
    }

    private void flush(List<Submission> batch) {
        if (!batch.isEmpty()) {
            logic.process(batch);
            batch.clear();
        }
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

    // ---- snapshots: captured on the volume's thread, written on the background one

    private void snapshot(CompletableFuture<SnapshotTaken> taken) {
        Optional<VolumeLogic.Image> captured = logic.capture();
        if (captured.isEmpty() || snapshotRunning) {
            taken.completeExceptionally(
                    new IOException(
                            snapshotRunning
                                    ? "a snapshot is being written already"
                                    : "the volume is read-only"));
            return;
        }
        snapshotRunning = true;
        VolumeLogic.Image image = captured.get();
        background.execute(() -> writeSnapshot(image, taken));
    }

    private void writeSnapshot(VolumeLogic.Image image, CompletableFuture<SnapshotTaken> taken) {
        long before = clock.nanos();
        try {
            long keepFrom = store.writeSnapshot(image.position(), image.bytes());
            meters.snapshot(Duration.ofNanos(clock.nanos() - before), image.bytes().length);
            onThread(
                    () -> {
                        snapshotRunning = false;
                        logic.snapshotTaken(image.position(), keepFrom);
                        lookAtStatus();
                    });
            taken.complete(new SnapshotTaken(image.position(), image.bytes().length));
        } catch (IOException e) {
            LOG.error("volume={} event=snapshot-failed reason=\"{}\"", name, e.getMessage());
            onThread(() -> snapshotRunning = false);
            taken.completeExceptionally(e);
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
            deviceBusy.incrementAndGet();
            workers.execute(() -> doWork(work, bytes, era, FIRST_RETRY));
        }

        @Override
        public boolean areDevicesIdle() {
            return deviceBusy.get() == 0;
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
        public void batchDone(int commands, long forcedBytes) {
            lastForcedBytes += forcedBytes;
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
            deviceBusy.decrementAndGet();
            offer(new Completion(work.id(), era));
        } catch (IOException | RuntimeException e) {
            deviceBusy.decrementAndGet();
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
        deviceBusy.incrementAndGet();
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
        deviceBusy.incrementAndGet();
        workers.execute(
                () -> {
                    Reply reply = readDevices(plan);
                    deviceBusy.decrementAndGet();
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
            logic.close();
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
