package dev.outlay.server.engine;

import dev.outlay.core.VolumeState;
import dev.outlay.core.command.Command;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import dev.outlay.core.value.VolumeSettings.Placement;
import dev.outlay.server.checkpoint.RocksCheckpoints;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.device.DeviceException;
import dev.outlay.server.device.ServerDevice;
import dev.outlay.server.engine.VolumeRequest.DeviceSlice;
import dev.outlay.server.history.FactListener;
import dev.outlay.server.history.VolumeHistory;
import dev.outlay.server.journal.JournalLock;
import dev.outlay.server.journal.JournalOptions;
import dev.outlay.server.journal.JournalStorage;
import dev.outlay.server.metrics.ServerMeters;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volumes of the server, each in its own folder {@code volumes/NAME} of the data directory: a
 * lock, the journal and the snapshots. Any thread may look; creating and closing are one at a time.
 */
public final class Volumes implements VolumeLookup, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Volumes.class);

    /** Holds a folder for each volume, in the data directory. */
    public static final String FOLDER = "volumes";

    /** Holds the volume's UUID, in its folder. */
    public static final String UUID_FILE = "volume-uuid";

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,63}");
    private static final int DEVICES_MAX = 256;
    private static final int MAX_BATCH_BYTES = 16 << 20;

    /** Extents may take this part of the heap, unless something else is asked for. */
    private static final int HEAP_PART = 4;

    private static final Duration OPEN_RETRY_MIN = Duration.ofSeconds(1);
    private static final Duration OPEN_RETRY_MAX = Duration.ofMinutes(1);

    private final ServerConfig config;
    private final MonotonicClock clock;
    private final InstantSource wallClock;
    private final ServerMeters meters;
    private final Path folder;
    private final Map<String, Open> open = new ConcurrentSkipListMap<>();
    private final Map<String, String> unavailable = new ConcurrentSkipListMap<>();
    private final Function<Path, JournalStorage> storages;
    private final DevicePool devices;
    private final ExtentMemory memory;
    private final List<VolumeEngine.Listener> listeners = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService timers =
            Executors.newSingleThreadScheduledExecutor(
                    task -> Thread.ofPlatform().daemon().name("volume-timers").unstarted(task));

    private final Retirements retirements;

    private boolean closed;

    /**
     * @param storedByCpu whether clients reach one of the devices by stores of their CPU
     */
    private record Open(
            VolumeEngine engine,
            JournalLock lock,
            ClaimedDevices claimed,
            List<VolumeDevice> devices,
            boolean storedByCpu) {

        Open with(VolumeDevice added) throws DeviceException {
            List<VolumeDevice> all = new ArrayList<>(devices);
            all.add(added);
            return new Open(engine, lock, claimed, List.copyOf(all), Volumes.isStoredByCpu(all));
        }

        /** Still stored to by CPU, if it was: what is left is not looked at anew. */
        Open without(int index) {
            List<VolumeDevice> left = devices.stream().filter(d -> d.index() != index).toList();
            return new Open(engine, lock, claimed, left, storedByCpu);
        }
    }

    private Volumes(
            ServerConfig config,
            ServerIdentity identity,
            MonotonicClock clock,
            InstantSource wallClock,
            ServerMeters meters,
            Function<Path, JournalStorage> storages) {
        this.storages = storages;
        this.memory =
                ExtentMemory.ofBytes(
                        config.limits()
                                .extentBytes()
                                .orElse(Runtime.getRuntime().maxMemory() / HEAP_PART));
        this.config = config;
        this.clock = clock;
        this.wallClock = wallClock;
        this.meters = meters;
        this.folder = config.dataDirectory().resolve(FOLDER);
        this.devices = new DevicePool(identity.id().toString());
        this.retirements =
                new Retirements(devices::disown, timers, () -> !unavailable.isEmpty(), this::left);
    }

    /**
     * Opens every volume of the data directory, but starts none: clients of the journals are looked
     * up first. One that cannot be opened is {@link #unavailable}, and the others serve.
     *
     * @throws VolumeException if one cannot be opened and the configuration requires all, naming it
     *     and what to do
     */
    public static Volumes open(
            ServerConfig config,
            ServerIdentity identity,
            MonotonicClock clock,
            InstantSource wallClock,
            ServerMeters meters,
            Function<Path, JournalStorage> storages)
            throws IOException, VolumeException {
        Volumes volumes = new Volumes(config, identity, clock, wallClock, meters, storages);
        Files.createDirectories(volumes.folder);
        try (Stream<Path> folders = Files.list(volumes.folder)) {
            for (Path each : folders.sorted().toList()) {
                String name = String.valueOf(each.getFileName());
                if (NAME.matcher(name).matches()) {
                    volumes.openAtStart(name, each);
                } else {
                    LOG.info("event=unfinished-volume-ignored folder=\"{}\"", each);
                }
            }
        } catch (IOException | VolumeException | RuntimeException e) {
            volumes.close();
            throw e;
        }
        return volumes;
    }

    /**
     * Whether clients reach a device of the volume by stores of their CPU, which nothing refuses.
     */
    public boolean isStoredByCpu(String name) {
        Open found = open.get(name);
        return found != null && found.storedByCpu;
    }

    private void openAtStart(String name, Path place) throws IOException, VolumeException {
        try {
            openFrom(name, place);
        } catch (VolumeException e) {
            if (config.requireVolumes()) {
                throw e;
            }
            String reason = String.valueOf(e.getMessage());
            LOG.error("volume={} event=unavailable reason=\"{}\"", name, reason);
            unavailable.put(name, reason);
            meters.unavailable(name, () -> unavailable.containsKey(name));
        }
    }

    /**
     * Tries again to open what could not be opened: a disk may have got room, a device may be
     * there. Each failure makes the next attempt come later.
     *
     * @param opened gets a volume that is open now, before it is started
     */
    @Override
    public void retryUnavailable(Consumer<VolumeEngine> opened) {
        if (!unavailable.isEmpty()) {
            retryIn(OPEN_RETRY_MIN, opened);
        }
    }

    private void retryIn(Duration delay, Consumer<VolumeEngine> opened) {
        var _ =
                timers.schedule(
                        () -> {
                            unavailable.keySet().forEach(name -> openLate(name, opened));
                            if (!unavailable.isEmpty()) {
                                Duration longer = delay.multipliedBy(2);
                                retryIn(
                                        longer.compareTo(OPEN_RETRY_MAX) > 0
                                                ? OPEN_RETRY_MAX
                                                : longer,
                                        opened);
                            }
                        },
                        delay.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    private synchronized void openLate(String name, Consumer<VolumeEngine> opened) {
        if (closed) {
            return;
        }
        try {
            VolumeEngine engine = openFrom(name, folder.resolve(name));
            opened.accept(engine);
            engine.start();
            retirements.goOn(engine);
            unavailable.remove(name);
            LOG.info("volume={} event=opened-late", name);
        } catch (VolumeException e) {
            LOG.debug("volume={} event=still-unavailable reason=\"{}\"", name, e.getMessage());
            unavailable.put(name, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            LOG.warn("volume={} event=close-failed reason=\"{}\"", name, e.getMessage());
        }
    }

    @Override
    public Map<String, String> unavailable() {
        return Collections.unmodifiableMap(unavailable);
    }

    /** Lets all volumes work. */
    public void start() {
        open.values().forEach(o -> o.engine.start());
        open.values().forEach(o -> retirements.goOn(o.engine));
    }

    /** From now on {@code listener} hears what any volume has to say unasked. */
    @Override
    public void listen(VolumeEngine.Listener listener) {
        listeners.add(listener);
    }

    private final class Everybody implements VolumeEngine.Listener {
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
                VolumeEngine volume, Collection<ClientId> back, Collection<ClientId> lost) {
            listeners.forEach(l -> l.graceEnded(volume, back, lost));
        }

        @Override
        public void writable(VolumeEngine volume) {
            listeners.forEach(l -> l.writable(volume));
        }
    }

    @Override
    public Optional<VolumeEngine> find(String name) {
        return Optional.ofNullable(open.get(name)).map(Open::engine);
    }

    @Override
    public List<VolumeEngine> all() {
        return open.values().stream().map(Open::engine).toList();
    }

    /** Makes a volume on labelled devices, claims them, and starts it. */
    public synchronized VolumeEngine create(VolumeRequest request) throws VolumeException {
        checkRequest(request);
        Path temporary = folder.resolve("." + request.name() + ".creating");
        try {
            List<VolumeDevice> slices = new ArrayList<>();
            for (DeviceSlice slice : request.devices()) {
                slices.add(
                        slices(request.name(), slices)
                                .of(slice, slices.size(), request.blockSize()));
            }
            refuseHiddenRisk(request, slices);
            int blockSize =
                    request.blockSize() != 0
                            ? request.blockSize()
                            : devices.label(request.devices().getFirst().path()).blockSizeBytes();
            if (request.stripeBytes() % blockSize != 0) {
                throw new VolumeException(
                        Reason.INVALID_ARGUMENT,
                        "a stripe unit of "
                                + request.stripeBytes()
                                + " bytes is not of whole blocks of "
                                + blockSize);
            }
            VolumeSettings settings =
                    new VolumeSettings(
                            UUID.randomUUID(),
                            request.name(),
                            blockSize,
                            request.leastDurability(),
                            wallClock.millis(),
                            request.fence(),
                            request.allocation(),
                            request.stripeBytes() == 0 ? Placement.LINEAR : Placement.STRIPED,
                            request.stripeBytes());
            deleteTree(temporary);
            Files.createDirectories(temporary);
            ServerIdentity.write(temporary.resolve(UUID_FILE), settings.uuid() + "\n");
            store(temporary, settings.uuid()).create(VolumeState.creation(settings, slices));
            ServerIdentity.syncDirectory(temporary);
            Path place = folder.resolve(request.name());
            Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE);
            ServerIdentity.syncDirectory(folder);
            VolumeEngine engine = openFrom(request.name(), place);
            engine.start();
            LOG.info("volume={} event=created devices={}", request.name(), slices.size());
            return engine;
        } catch (FileAlreadyExistsException e) {
            throw exists(request.name());
        } catch (DeviceException e) {
            throw new VolumeException(Reason.DEVICE_MISMATCH, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new VolumeException(
                    Reason.INTERNAL,
                    "volume '" + request.name() + "' cannot be created: " + e.getMessage(),
                    e);
        }
    }

    /** How slices for a volume are checked that has {@code own} already. */
    private Slices slices(String volume, List<VolumeDevice> own) {
        Map<String, List<VolumeDevice>> taken = new TreeMap<>();
        open.forEach((name, other) -> taken.put(name, other.devices));
        taken.put(volume, own);
        return new Slices(devices, taken, unavailable.keySet());
    }

    /**
     * Adds a device, or a slice of one, to a volume at work: claimed first, so that nothing is
     * asked of it that this server may not do, then made durable by the volume. Waits for both.
     *
     * @return the device as the volume knows it
     */
    public synchronized VolumeDevice addDevice(String name, DeviceSlice slice)
            throws VolumeException {
        Open volume = open.get(name);
        if (volume == null) {
            throw new VolumeException(
                    Reason.NOT_FOUND, "there is no volume '" + name + "' on this server");
        }
        if (volume.devices.size() >= DEVICES_MAX) {
            throw new VolumeException(
                    Reason.RESOURCE_EXHAUSTED,
                    "volume '" + name + "' has " + DEVICES_MAX + " devices, as many as it may");
        }
        int index = use(volume.engine).nextDevice();
        try {
            int blockSize = volume.engine.blockSize();
            VolumeDevice device = slices(name, volume.devices).of(slice, index, blockSize);
            Open more = volume.with(device);
            volume.claimed.add(device);
            Reply reply = volume.engine.submit(new Command.AddDevice(device)).join();
            if (reply instanceof Reply.Failure refused) {
                volume.claimed.remove(index);
                throw new VolumeException(refused.reason(), refused.message());
            }
            open.put(name, more);
            LOG.info(
                    "volume={} event=device-added index={} path=\"{}\"",
                    name,
                    index,
                    device.path());
            return device;
        } catch (DeviceException e) {
            throw new VolumeException(Reason.DEVICE_MISMATCH, String.valueOf(e.getMessage()), e);
        }
    }

    // ---- devices that leave

    /**
     * Begins to empty a device and does not wait for the end: what lies on it moves to others, then
     * it leaves the volume, and its label no longer names this server. Goes on after a restart.
     *
     * @return the device as it is now
     */
    public Reply.DeviceUse retireDevice(String name, int index) throws VolumeException {
        Open volume = open.get(name);
        if (volume == null) {
            throw new VolumeException(
                    Reason.NOT_FOUND, "there is no volume '" + name + "' on this server");
        }
        if (volume.engine.submit(new Command.RetireDevice(index)).join()
                instanceof Reply.Failure refused) {
            throw new VolumeException(refused.reason(), refused.message());
        }
        Optional<Reply.DeviceUse> use =
                use(volume.engine).devices().stream()
                        .filter(d -> d.device().index() == index)
                        .findFirst();
        use.ifPresent(leaving -> retirements.begin(volume.engine, leaving.device()));
        return use.orElseThrow(
                () ->
                        new VolumeException(
                                Reason.NOT_FOUND,
                                "device " + index + " has left volume '" + name + "' already"));
    }

    private static Reply.DeviceUses use(VolumeEngine engine) throws VolumeException {
        Reply reply = engine.submit(new Command.ListDeviceUse()).join();
        if (reply instanceof Reply.DeviceUses uses) {
            return uses;
        }
        if (reply instanceof Reply.Failure refused) {
            throw new VolumeException(refused.reason(), refused.message());
        }
        throw new IllegalStateException("the use of devices answered by " + reply);
    }

    /** The volume does not know the device any more. */
    private synchronized void left(VolumeEngine engine, VolumeDevice device) {
        Open volume = open.get(engine.name());
        if (!closed && volume != null) {
            open.put(engine.name(), volume.without(device.index()));
            volume.claimed.remove(device.index());
        }
    }

    private void checkRequest(VolumeRequest request) throws VolumeException {
        if (!NAME.matcher(request.name()).matches()) {
            throw new VolumeException(
                    Reason.INVALID_ARGUMENT,
                    "'"
                            + request.name()
                            + "' is not a volume name: a lower-case letter, then at most 63 lower-case letters, digits or '-'");
        }
        if (open.containsKey(request.name()) || unavailable.containsKey(request.name())) {
            throw exists(request.name());
        }
        if (open.size() >= config.limits().volumes()) {
            throw new VolumeException(
                    Reason.RESOURCE_EXHAUSTED,
                    "the server has " + open.size() + " volumes, as many as limits.volumes allows");
        }
        if (request.devices().isEmpty()) {
            throw new VolumeException(
                    Reason.INVALID_ARGUMENT, "a volume needs at least one device");
        }
        int blockSize = request.blockSize();
        if (blockSize != 0
                && (Integer.bitCount(blockSize) != 1
                        || blockSize < Limits.DEFAULT.blockSizeMin()
                        || blockSize > Limits.DEFAULT.blockSizeMax())) {
            throw new VolumeException(
                    Reason.INVALID_ARGUMENT,
                    "block size "
                            + blockSize
                            + " must be a power of two from "
                            + Limits.DEFAULT.blockSizeMin()
                            + " to "
                            + Limits.DEFAULT.blockSizeMax());
        }
    }

    /** Time is no proof against a CPU: who wants it all the same says so. */
    private static void refuseHiddenRisk(VolumeRequest request, List<VolumeDevice> devices)
            throws DeviceException, VolumeException {
        if (request.fence() != FencePolicy.TIMED || request.acceptStaleWriterRisk()) {
            return;
        }
        for (VolumeDevice device : devices) {
            if (!ServerDevice.isBlockDevice(Path.of(device.path()))) {
                throw new VolumeException(
                        Reason.INVALID_ARGUMENT,
                        "clients store to "
                                + device.path()
                                + " by CPU, and a stopped process can do so long after its lease:"
                                + " under the fence policy TIMED it may overwrite another file."
                                + " Choose STRICT, or accept the risk by accept_stale_writer_risk");
            }
        }
    }

    private static VolumeException exists(String name) {
        return new VolumeException(
                Reason.ALREADY_EXISTS, "there is a volume '" + name + "' already");
    }

    private VolumeEngine openFrom(String name, Path place) throws IOException, VolumeException {
        JournalLock lock;
        try {
            lock = JournalLock.acquire(place);
        } catch (IOException e) {
            throw new VolumeException(
                    Reason.INTERNAL, "volume '" + name + "': " + e.getMessage(), e);
        }
        VolumeStore store = null;
        VolumeStore.Loaded loaded = null;
        ClaimedDevices claimed = null;
        try {
            UUID uuid = UUID.fromString(Files.readString(place.resolve(UUID_FILE)).strip());
            store = store(place, uuid);
            loaded = store.load();
            loaded.warnings()
                    .forEach(
                            w ->
                                    LOG.warn(
                                            "volume={} event=journal-tail-cut detail=\"{}\"",
                                            name,
                                            w));
            List<VolumeDevice> used = List.copyOf(loaded.state().tables().devices());
            claimed = ClaimedDevices.claim(devices, used);
            VolumeEngine engine =
                    new VolumeEngine(
                            new VolumeEngine.Parts(
                                    name,
                                    store,
                                    loaded,
                                    MAX_BATCH_BYTES,
                                    claimed,
                                    timers,
                                    wallClock,
                                    clock,
                                    meters::volume,
                                    config.snapshotThresholdBytes(),
                                    VolumeEngine.CHANGES_AT_ONCE,
                                    memory,
                                    Executors.newCachedThreadPool(
                                            task ->
                                                    Thread.ofPlatform()
                                                            .daemon()
                                                            .name("volume-" + name + "-work")
                                                            .unstarted(task)),
                                    history(name)));
            engine.listen(new Everybody());
            open.put(name, new Open(engine, lock, claimed, used, isStoredByCpu(used)));
            return engine;
        } catch (IOException | RuntimeException e) {
            if (claimed != null) {
                claimed.close();
            }
            if (loaded != null) {
                loaded.journal().close();
            }
            if (store != null) {
                store.close();
            }
            lock.close();
            throw new VolumeException(
                    Reason.INTERNAL,
                    "volume '" + name + "' cannot be opened: " + e.getMessage(),
                    e);
        }
    }

    private FactListener history(String name) {
        ServerConfig.History history = config.history();
        return history.folder().isEmpty()
                ? FactListener.NONE
                : VolumeHistory.start(
                        name,
                        config.volumeLimits(),
                        history.folder().get().resolve(name),
                        history.fileBytes(),
                        history.keepFiles(),
                        wallClock,
                        meters.history(name));
    }

    private static boolean isStoredByCpu(List<VolumeDevice> used) throws DeviceException {
        for (VolumeDevice device : used) {
            if (!ServerDevice.isBlockDevice(Path.of(device.path()))) {
                return true;
            }
        }
        return false;
    }

    private VolumeStore store(Path place, UUID uuid) throws IOException {
        return new VolumeStore(
                storages.apply(place.toRealPath()),
                JournalOptions.defaults(uuid)
                        .withMaxBatchBytes(
                                (int) Math.min(MAX_BATCH_BYTES, config.journalSegmentBytes() / 4))
                        .withSegmentBytes(config.journalSegmentBytes()),
                config.volumeLimits(),
                new RocksCheckpoints(place.toRealPath(), uuid));
    }

    private static void deleteTree(Path path) throws IOException {
        if (Files.exists(path)) {
            try (Stream<Path> tree = Files.walk(path)) {
                for (Path each : tree.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    /** Stops all volumes; what they answered is durable. */
    @Override
    public synchronized void close() {
        closed = true;
        for (Open each : open.values()) {
            each.engine.close();
            try {
                each.lock.close();
            } catch (IOException e) {
                LOG.warn(
                        "volume={} event=unlock-failed reason=\"{}\"",
                        each.engine.name(),
                        e.getMessage());
            }
        }
        open.clear();
        timers.shutdownNow();
    }
}
