package dev.outlay.server.engine;

import dev.outlay.core.VolumeState;
import dev.outlay.core.command.Command;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.server.checkpoint.CheckpointStore;
import dev.outlay.server.device.DeviceException;
import dev.outlay.server.history.FactListener;
import dev.outlay.server.journal.JournalOptions;
import dev.outlay.server.journal.JournalStorage;
import dev.outlay.server.metrics.VolumeMeters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The real {@link VolumeEngine} of one volume, driven step by step: the simulator's way into this
 * package.
 */
public final class SimEngine implements VolumeLookup {

    private final VolumeEngine engine;
    private final boolean cutTail;
    private final List<VolumeEngine.Listener> listeners = new ArrayList<>();
    private @Nullable Retirements retirements;

    /** What a simulated engine stands on. */
    public record Parts(
            String name,
            JournalStorage storage,
            CheckpointStore.Place checkpoints,
            JournalOptions journal,
            Limits limits,
            Storage devices,
            ScheduledExecutorService background,
            ScheduledExecutorService timers,
            InstantSource wallClock,
            MonotonicClock clock,
            VolumeMeters meters,
            long snapshotThresholdBytes,
            int changesAtOnce,
            long extentBytes,
            FactListener facts) {}

    /** What the server does with devices that leave its volume. */
    public interface Keeper {
        /** The volume does not know the device any more: the server uses it no more. */
        void letGo(VolumeDevice device);

        /** The label of the device is nobody's from now on. */
        void disown(VolumeDevice device) throws DeviceException;
    }

    /** The devices; what is written is durable. */
    public interface Storage {
        ByteBuffer read(DeviceRange range) throws IOException;

        void write(DeviceRange range, ByteBuffer bytes) throws IOException;

        void zero(DeviceRange range) throws IOException;
    }

    private record Access(Storage storage) implements DeviceTasks.DeviceAccess {
        @Override
        public ByteBuffer read(DeviceRange range) throws IOException {
            return storage.read(range);
        }

        @Override
        public void write(DeviceRange range, ByteBuffer bytes) throws IOException {
            storage.write(range, bytes);
        }

        @Override
        public void zero(DeviceRange range) throws IOException {
            storage.zero(range);
        }

        @Override
        public void close() {}
    }

    private SimEngine(VolumeEngine engine, boolean cutTail) {
        this.engine = engine;
        this.cutTail = cutTail;
    }

    /** Makes the journal of a new volume. */
    public static void create(
            JournalStorage storage,
            CheckpointStore.Place checkpoints,
            JournalOptions journal,
            Limits limits,
            VolumeSettings settings,
            List<VolumeDevice> devices)
            throws IOException {
        new VolumeStore(storage, journal, limits, checkpoints)
                .create(VolumeState.creation(settings, devices));
    }

    /** Reads the volume back; its clients are known, but nothing runs before {@link #start}. */
    public static SimEngine load(Parts parts) throws IOException {
        VolumeStore store =
                new VolumeStore(parts.storage, parts.journal, parts.limits, parts.checkpoints);
        VolumeStore.Loaded loaded = store.load();
        return new SimEngine(
                new VolumeEngine(
                        new VolumeEngine.Parts(
                                parts.name,
                                store,
                                loaded,
                                parts.journal.maxBatchBytes(),
                                new Access(parts.devices),
                                parts.timers,
                                parts.wallClock,
                                parts.clock,
                                (_, _) -> parts.meters,
                                parts.snapshotThresholdBytes,
                                parts.changesAtOnce,
                                ExtentMemory.ofBytes(parts.extentBytes),
                                parts.background,
                                parts.facts)),
                !loaded.warnings().isEmpty());
    }

    /** Whether the end of the journal was torn. */
    public boolean cutTail() {
        return cutTail;
    }

    public void start() {
        start(() -> {});
    }

    /**
     * As {@link #start()}.
     *
     * @param afterBatch runs each time a batch has been answered
     */
    public void start(Runnable afterBatch) {
        engine.startStepwise(afterBatch, () -> {}, Batches.Pace.STEPWISE);
    }

    /**
     * As {@link #start(Runnable)}, but batches are small, and one is decided while the one before
     * it is being forced.
     *
     * @param overtakable runs each time a batch has been decided that is answered later, when more
     *     has been decided
     */
    public void startOvertaking(Runnable afterBatch, Runnable overtakable) {
        engine.startStepwise(afterBatch, overtakable, Batches.Pace.STEPWISE_OVERTAKING);
    }

    /** How often more was decided while a batch was being forced. */
    public long overtaken() {
        return engine.overtaken();
    }

    // ---- devices that come and go

    /** Devices may leave from now on; those on their way out go on, once the volume has started. */
    public void keepDevices(Keeper keeper, ScheduledExecutorService timers) {
        Retirements leaving =
                new Retirements(
                        keeper::disown, timers, () -> false, (_, device) -> keeper.letGo(device));
        retirements = leaving;
        leaving.goOn(engine);
    }

    /** Begins to empty a device, as the operator asks; {@code done} hears the volume's answer. */
    public void retireDevice(VolumeDevice device, Consumer<Reply> done) {
        Retirements leaving = Objects.requireNonNull(retirements, "devices are not kept");
        var _ =
                engine.submit(new Command.RetireDevice(device.index()))
                        .thenAccept(
                                reply -> {
                                    if (!(reply instanceof Reply.Failure)) {
                                        leaving.begin(engine, device);
                                    }
                                    done.accept(reply);
                                });
    }

    /** The volume has one device more; {@code done} hears its answer. */
    public void addDevice(VolumeDevice device, Consumer<Reply> done) {
        var _ = engine.submit(new Command.AddDevice(device)).thenAccept(done);
    }

    public boolean hasWork() {
        return engine.hasWork();
    }

    /**
     * What is queued, in one batch, or in several where a task of the volume's own lies between.
     */
    public void step() {
        engine.step();
    }

    /** A while without a batch. */
    public void idle() {
        engine.idle();
    }

    /**
     * The operator, or a driver, is certain that the client has ended; {@code refused} runs if that
     * is not taken for a proof, as its lease runs.
     */
    public void prove(long client, Runnable refused) {
        var _ =
                engine.submit(new Command.ProveClient(new ClientId(client), Proof.OPERATOR))
                        .thenAccept(
                                reply -> {
                                    if (reply instanceof Reply.Failure failure
                                            && failure.reason() == Reason.INVALID_ARGUMENT) {
                                        refused.run();
                                    }
                                });
    }

    /** Looks at the state, if there is one: none while the journal has failed. */
    public void look(Consumer<VolumeState> look) {
        engine.look(look);
    }

    /** Looks at what waits for a turn, by ticket, and at what waits for device work, by that. */
    public void lookAtWaits(BiConsumer<Map<Long, List<Command>>, Map<Long, List<Command>>> look) {
        engine.lookAtWaits(look);
    }

    public VolumeEngine volume() {
        return engine;
    }

    @Override
    public Optional<VolumeEngine> find(String name) {
        return engine.name().equals(name) ? Optional.of(engine) : Optional.empty();
    }

    @Override
    public List<VolumeEngine> all() {
        return List.of(engine);
    }

    @Override
    public void listen(VolumeEngine.Listener listener) {
        listeners.add(listener);
        engine.listen(
                new VolumeEngine.Listener() {
                    @Override
                    public void told(VolumeEngine volume, Notice notice) {
                        listeners.forEach(l -> l.told(volume, notice));
                    }

                    @Override
                    public void renewals(VolumeEngine volume, ClientId client, boolean allowed) {
                        listeners.forEach(l -> l.renewals(volume, client, allowed));
                    }

                    @Override
                    public void graceBegan(VolumeEngine volume, Collection<ClientId> awaited) {
                        listeners.forEach(l -> l.graceBegan(volume, awaited));
                    }

                    @Override
                    public void graceEnded(
                            VolumeEngine volume,
                            Collection<ClientId> back,
                            Collection<ClientId> lost) {
                        listeners.forEach(l -> l.graceEnded(volume, back, lost));
                    }

                    @Override
                    public void writable(VolumeEngine volume) {
                        listeners.forEach(l -> l.writable(volume));
                    }
                });
    }
}
