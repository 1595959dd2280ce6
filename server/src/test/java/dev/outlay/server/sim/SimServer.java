package dev.outlay.server.sim;

import dev.outlay.core.VolumeState;
import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.server.checkpoint.FaultyCheckpoints;
import dev.outlay.server.config.ConfigException;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.engine.ServerIdentity;
import dev.outlay.server.engine.Sessions;
import dev.outlay.server.engine.SimEngine;
import dev.outlay.server.engine.VolumeStore;
import dev.outlay.server.journal.FaultyJournalStorage;
import dev.outlay.server.journal.JournalOptions;
import dev.outlay.server.metrics.ServerMeters;
import dev.outlay.server.metrics.VolumeMeters;
import dev.outlay.server.rpc.SimFront;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The server's machine: its journal's disk, and the process that runs on it at the moment, if one
 * does. The process is the real one from the streams down to the journal's format; threads, clocks,
 * network and disk are the simulation's.
 */
final class SimServer {

    static final String VOLUME = "v";
    static final int HOST = 1;
    static final int BLOCK = 4096;
    static final long LEASE_MILLIS = 300;
    static final long MAX_IO_MILLIS = 50;
    static final long RECALL_MILLIS = 100;

    private static final UUID SERVER = new UUID(3, 3);
    private static final UUID VOLUME_ID = new UUID(4, 4);
    private static final long LEASE_LOOK_NANOS = 50_000_000;
    private static final long WALL_START_MILLIS = 1_700_000_000_000L;
    private static final int SEGMENT_BYTES = 256 << 10;
    private static final int SNAPSHOT_BYTES = 64 << 10;
    private static final int CHANGES_AT_ONCE = 50;

    /** A handful of extents in memory: the others come from the checkpoint again and again. */
    private static final long EXTENT_BYTES = 200;

    private final World world;
    private final SharedMemory memory;
    private final boolean hasSeveralDevices;
    private final Watcher watcher;
    private final Runnable afterBatch;
    private final Runnable overtakable;
    private final FaultyJournalStorage disk;
    private final FaultyCheckpoints checkpoints;
    private final ServerConfig config = config();
    private final Limits limits = config.volumeLimits();
    private final SimHistory history;
    private final boolean overtakes;
    private final ServerMeters meters;
    private final VolumeMeters volumeMeters;
    private long wallOffsetMillis;
    private int starts;
    private @Nullable Running running;

    private boolean stepDue;
    private boolean diskFull;
    private long hinderedNanos;
    private boolean accessFails = true;

    /** Sees what the server stores by itself. */
    interface Watcher extends SimDevice.Watcher {
        /** Bytes come to where they do not belong to a file yet. */
        void filling(long offset, long length);

        /** The label of a device is about to be made nobody's. */
        void disowning(VolumeDevice device);
    }

    /** One process of the server, from its start to its end. */
    private final class Running {
        private final int incarnation = ++starts;
        private final SimEngine engine;
        private final Sessions sessions;
        private final SimFront front;

        private final SimServerDevices devices =
                new SimServerDevices(world, memory, watcher, hasSeveralDevices, accessFails);

        Running() throws IOException {
            ServerIdentity identity = new ServerIdentity(SERVER, incarnation);
            engine =
                    SimEngine.load(
                            new SimEngine.Parts(
                                    VOLUME,
                                    disk,
                                    checkpoints,
                                    journal(world.random()),
                                    limits,
                                    devices,
                                    newLoop(20_000_000),
                                    newLoop(100_000),
                                    SimServer.this::wallTime,
                                    world::nanos,
                                    volumeMeters,
                                    SNAPSHOT_BYTES,
                                    CHANGES_AT_ONCE,
                                    EXTENT_BYTES,
                                    history.listener(limits, SimServer.this::wallTime)));
            if (checkpoints.durablePosition() > 0) {
                world.reach(Probe.CHECKPOINT_LOADED);
            }
            if (engine.cutTail()) {
                world.reach(Probe.JOURNAL_TORN);
            }
            List<VolumeDevice> used = new ArrayList<>();
            engine.look(state -> used.addAll(state.tables().devices()));
            for (VolumeDevice device : used) {
                devices.claim(device);
            }
            sessions = new Sessions(config, identity, world::nanos, engine, world.random());
            front =
                    new SimFront(
                            engine,
                            sessions,
                            limits,
                            world::nanos,
                            SimServer.this::wallTime,
                            world.random(),
                            meters);
        }

        SimLoop newLoop(long longestDelayNanos) {
            return new SimLoop(world, this::run, longestDelayNanos);
        }

        private void run(Runnable task) {
            if (running == this) {
                boolean _ = survives(task);
            }
        }
    }

    /**
     * @param afterBatch runs each time a batch has been answered, or has failed and the state with
     *     it
     * @param overtakable runs each time a batch has been decided that is answered when more has
     *     been
     */
    SimServer(
            World world,
            SharedMemory memory,
            Watcher watcher,
            ServerMeters meters,
            VolumeMeters volumeMeters,
            Shape shape,
            Runnable afterBatch,
            Runnable overtakable)
            throws IOException {
        this.watcher = watcher;
        this.afterBatch = afterBatch;
        this.overtakable = overtakable;
        this.world = world;
        this.memory = memory;
        this.meters = meters;
        this.volumeMeters = volumeMeters;
        this.disk = new FaultyJournalStorage(world.random());
        this.checkpoints = new FaultyCheckpoints(world.random(), this::changeCheckpoint);
        this.history = new SimHistory(world);
        this.hasSeveralDevices = shape.hasSeveralDevices();
        this.overtakes = shape.overtakes();
        VolumeSettings settings =
                new VolumeSettings(
                        VOLUME_ID,
                        VOLUME,
                        BLOCK,
                        Durability.FORCED,
                        WALL_START_MILLIS,
                        VolumeSettings.FencePolicy.STRICT,
                        shape.isZeroed()
                                ? VolumeSettings.Allocation.ZEROED
                                : VolumeSettings.Allocation.UNWRITTEN,
                        shape.stripeBlocks() == 0
                                ? VolumeSettings.Placement.LINEAR
                                : VolumeSettings.Placement.STRIPED,
                        (long) shape.stripeBlocks() * BLOCK);
        List<VolumeDevice> devices = new ArrayList<>();
        for (int index = 0; index < shape.devices(); index++) {
            devices.add(SimServerDevices.device(memory, index, 0));
        }
        SimEngine.create(disk, checkpoints, journal(world.random()), limits, settings, devices);
    }

    private void changeCheckpoint() throws IOException {
        try {
            disk.changeElsewhere();
        } catch (IOException e) {
            world.reach(Probe.CHECKPOINT_FAILED);
            throw e;
        }
    }

    private JournalOptions journal(RandomGenerator random) {
        return new JournalOptions(
                VOLUME_ID,
                SEGMENT_BYTES,
                SEGMENT_BYTES / 4,
                1 << 12,
                random::nextLong,
                Runnable::run);
    }

    private static ServerConfig config() {
        try {
            return ServerConfig.parse(
                    "simulation",
                    "",
                    Map.of(
                            "lease.default",
                            LEASE_MILLIS + "ms",
                            "lease.min",
                            "100ms",
                            "recall.deadline",
                            RECALL_MILLIS + "ms",
                            "limits.outstanding-operations",
                            "64"));
        } catch (ConfigException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- its life

    boolean isUp() {
        return running != null;
    }

    int incarnation() {
        Running now = running;
        return now == null ? 0 : now.incarnation;
    }

    /** Starts the process; false if the machine stopped while it did. */
    boolean start() {
        Running[] made = new Running[1];
        boolean up =
                survives(
                        () -> {
                            try {
                                made[0] = new Running();
                            } catch (IOException e) {
                                world.count("start failed");
                                world.tell("the server cannot start: ", e.getMessage());
                                if (!String.valueOf(e.getMessage()).contains("injected")
                                        && !(e
                                                instanceof
                                                dev.outlay.server.journal.JournalFullException)) {
                                    world.violated("I6", "the journal is lost: " + e);
                                }
                                throw new FaultyStart(e);
                            }
                            running = made[0];
                            if (overtakes) {
                                made[0].engine.startOvertaking(afterBatch, overtakable);
                            } else {
                                made[0].engine.start(afterBatch);
                            }
                            if (hasSeveralDevices) {
                                made[0].engine.keepDevices(
                                        made[0].devices, made[0].newLoop(1_000_000));
                            }
                        });
        if (up) {
            world.tell("server started, incarnation ", incarnation());
            lookAtLeases(made[0]);
        }
        return up;
    }

    private static final class FaultyStart extends Error {
        private static final long serialVersionUID = 1;

        FaultyStart(IOException cause) {
            super(cause);
        }
    }

    private void lookAtLeases(Running of) {
        if (running == of) {
            long now = world.nanos();
            long next = of.sessions.expireDue(now);
            world.after(
                    Math.min(LEASE_LOOK_NANOS, Math.max(1_000_000, next - now)),
                    () -> lookAtLeases(of));
            if (!of.engine.hasWork()) {
                if (!survives(of.engine::idle)) {
                    world.count("server crash while idle");
                }
            }
        }
    }

    /** What the server has written down of who could touch what. */
    SimHistory history() {
        return history;
    }

    /** Schedules the next batch, if something waits for it. */
    void schedule() {
        Running now = running;
        if (now == null || stepDue || !now.engine.hasWork()) {
            return;
        }
        stepDue = true;
        world.after(
                world.delay(1_000, 2_000_000),
                () -> {
                    stepDue = false;
                    if (running == now && survives(now.engine::step) && !hasState()) {
                        // The journal has failed, and nothing after that is a batch done.
                        afterBatch.run();
                    }
                });
    }

    /** Runs something of the process; false if the machine stopped in the middle. */
    boolean survives(Runnable action) {
        try {
            action.run();
            return true;
        } catch (FaultyJournalStorage.Crash e) {
            crashed();
            return false;
        } catch (FaultyStart e) {
            died();
            return false;
        } catch (CompletionException e) {
            if (e.getCause() instanceof FaultyJournalStorage.Crash) {
                crashed();
                return false;
            }
            throw e;
        }
    }

    private void crashed() {
        world.count("crash", Tally.Crash.SERVER_PROCESS);
        died();
    }

    /** The process is gone, and what its disk had not forced is kept or lost. */
    void died() {
        Running now = running;
        if (now != null) {
            hinderedNanos = Math.max(hinderedNanos, now.devices.hinderedNanos());
            if (now.engine.overtaken() > 0) {
                world.reach(Probe.BATCH_OVERTAKEN);
            }
        }
        running = null;
        disk.restart();
        if (checkpoints.wasReplaced()) {
            world.reach(Probe.CHECKPOINT_REPLACED);
        }
        if (checkpoints.wasAsked()) {
            world.reach(Probe.EXTENTS_READ_AGAIN);
        }
        if (checkpoints.restart()) {
            world.reach(Probe.CHECKPOINT_LOST);
        }
        world.tell("server died");
    }

    /** The machine stops inside one of its next changes to the disk. */
    void crashSoon(long changes) {
        disk.crashAfter(changes);
    }

    void failSoon(long changes) {
        disk.failAfter(changes);
    }

    /** Neither disk nor device fails any more, also where that was to come. */
    void failNoMore() {
        accessFails = false;
        Running now = running;
        if (now != null) {
            now.devices.failNoMore();
        }
        disk.crashAfter(Long.MAX_VALUE);
        disk.failAfter(Long.MAX_VALUE);
    }

    void diskCapacity(long bytes) {
        long _ = hinderedNanos();
        diskFull = bytes != Long.MAX_VALUE;
        disk.setCapacityBytes(bytes);
    }

    /**
     * When last something of the server's own was broken that its clients wait for: its journal's
     * disk had no room, or an access of its own to the device failed.
     */
    long hinderedNanos() {
        Running now = running;
        if (diskFull && now != null && now.engine.volume().status().readOnlyReason().isPresent()) {
            hinderedNanos = world.nanos();
        }
        if (now != null) {
            hinderedNanos = Math.max(hinderedNanos, now.devices.hinderedNanos());
        }
        return hinderedNanos;
    }

    long diskUsed() {
        return disk.list().stream().mapToLong(this::length).sum();
    }

    private long length(String name) {
        try {
            return disk.length(name);
        } catch (IOException e) {
            return 0;
        }
    }

    void jumpWallClock(long millis) {
        wallOffsetMillis += millis;
    }

    private Instant wallTime() {
        return Instant.ofEpochMilli(
                WALL_START_MILLIS + wallOffsetMillis + world.nanos() / 1_000_000);
    }

    /**
     * The end of a client is proven; false if no server runs to hear it. {@code refused} runs if
     * the server does not take it for a proof.
     */
    boolean prove(long client, Runnable refused) {
        Running now = running;
        if (now == null) {
            return false;
        }
        now.engine.prove(client, refused);
        return true;
    }

    // ---- devices that come and go

    /** The operator has a device emptied; {@code done} hears what the volume says to that. */
    void retire(VolumeDevice device, Consumer<Reply> done) {
        Running now = running;
        if (now != null) {
            now.engine.retireDevice(device, done);
        }
    }

    /**
     * The operator gives the volume one device more; {@code done} hears what the volume says.
     *
     * @return false if that cannot be: where it would stand is in use, or may be
     */
    boolean add(int lessBlocks, Consumer<Reply> done) {
        Running now = running;
        return now != null && now.devices.add(now.engine, lessBlocks, done);
    }

    /** The volume as a crash now would leave it; empty if its journal cannot be read back. */
    Optional<byte[]> imageAfterCrash() {
        return stateAfterCrash().map(VolumeState::image);
    }

    Optional<VolumeState> stateAfterCrash() {
        try {
            // Its own dice: that somebody looks changes nothing.
            RandomGenerator dice = new SplittableRandom(starts);
            VolumeStore store =
                    new VolumeStore(
                            disk.copyOfWhatIsForced(dice),
                            journal(dice),
                            limits,
                            checkpoints.copyOfWhatIsFlushed(dice));
            VolumeStore.Loaded loaded = store.load();
            loaded.journal().close();
            return Optional.of(loaded.state());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Looks at the volume, if the server runs and has its state. */
    void look(Consumer<VolumeState> look) {
        Running now = running;
        if (now != null) {
            now.engine.look(look);
        }
    }

    /** Looks at what waits, if the server runs. */
    void lookAtWaits(BiConsumer<Map<Long, List<Command>>, Map<Long, List<Command>>> look) {
        Running now = running;
        if (now != null) {
            now.engine.lookAtWaits(look);
        }
    }

    /** Whether the volume has its state: it has none from a failure of the journal on. */
    boolean hasState() {
        boolean[] has = {false};
        look(_ -> has[0] = true);
        return has[0];
    }

    ScheduledExecutorService newLoop() {
        Running now = running;
        if (now == null) {
            throw new IllegalStateException("no server runs");
        }
        return now.newLoop(200_000);
    }

    SimFront front() {
        Running now = running;
        if (now == null) {
            throw new IllegalStateException("no server runs");
        }
        return now.front;
    }
}
