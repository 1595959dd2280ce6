package dev.outlay.server.sim;

import dev.outlay.core.VolumeState;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.metrics.ServerMeters;
import dev.outlay.server.metrics.VolumeMeters;
import dev.outlay.server.metrics.VolumeSample;
import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.ClientView;
import dev.outlay.server.sim.Script.Act;
import dev.outlay.server.sim.Script.Fault;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;

/**
 * One run from one seed: a server, its disk, the shared memory, some clients, what they do, what
 * goes wrong, and the invariants that watch.
 */
final class Simulation {

    private static final byte STALE = (byte) 0xCD;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final int LABEL_BLOCKS = 2;
    private static final long LONGEST_NANOS = 3_600_000 * NANOS_PER_MILLI;
    private static final long LONGEST_WORK_NANOS = 5_000 * NANOS_PER_MILLI;
    private static final long LONGEST_LEAVE_NANOS = 40_000 * NANOS_PER_MILLI;
    private static final int FIRST_CLIENT_HOST = 2;
    private static final int HOSTS = 2;

    private static final ServerMeters METERS = new ServerMeters("simulation");
    private static final VolumeMeters VOLUME_METERS =
            METERS.volume(
                    "simulated",
                    () ->
                            new VolumeSample(
                                    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false,
                                    false));

    private final World world;
    private final Script script;
    private final SharedMemory memory;
    private final SimServer server;
    private final Tags tags = new Tags();
    private final Contents contents;
    private final Talk talk;
    private final Asked asked;
    private final Strays strays;
    private final I1Reads reads;
    private final Invariants invariants;
    private final I18Places places;
    private final List<SimClient> clients = new ArrayList<>();
    private final Deque<Fault> faults;
    private final Deque<Act> acts;
    private final Operator operator;
    private final Shape shape;
    private final Tally tally = new Tally();
    private final Reached reached;
    private final Troubles troubles;
    private final int blockCount;

    /** Of a batch that has been decided and is not yet answered. */
    private Optional<Decided> decided = Optional.empty();

    /** Whether the volume has gone on from the last picture, by what may not be durable. */
    private boolean isAhead;

    private Picture picture;
    private int steps;
    private boolean calm;
    private boolean restarting;

    /**
     * What a batch has come to, which holds once it has been answered.
     *
     * @param of the state that has decided it: it is thrown away, and the batch with it, if the
     *     journal fails
     */
    private record Decided(VolumeState of, Picture picture) {}

    Simulation(long seed, Shape shape, BitSet without, boolean detailed) throws IOException {
        this.shape = shape;
        world = new World(seed, detailed);
        reached = new Reached(world);
        script = new Script(seed, shape, without);
        faults = new ArrayDeque<>(script.faults());
        acts = new ArrayDeque<>(script.acts());
        int ofDevice = shape.deviceBlocks() + LABEL_BLOCKS;
        blockCount = shape.hasSeveralDevices() ? Units.COUNT * Units.STRIDE_BLOCKS : ofDevice;
        memory = new SharedMemory(labels(shape.hasSeveralDevices(), ofDevice), STALE, world::nanos);
        server =
                new SimServer(
                        world,
                        memory,
                        serverStores(),
                        METERS,
                        VOLUME_METERS,
                        shape,
                        this::batch,
                        this::overtakable);
        contents = new Contents(world, memory);
        talk = new Talk(world);
        server.history().onReadBack(talk::stateReadBack);
        asked = new Asked(world);
        strays = new Strays(world, asked, shape.hasSeveralDevices());
        operator = new Operator(world, server, memory);
        reads = new I1Reads(world, contents, asked, tags);
        places = new I18Places(world);
        invariants =
                new Invariants(
                        world,
                        talk,
                        asked,
                        memory,
                        contents,
                        tags,
                        blockCount,
                        shape.isZeroed(),
                        this::images,
                        server::hinderedNanos,
                        operator::hasRetired);
        picture = Picture.empty(blockCount);
        for (int i = 0; i < shape.clients(); i++) {
            clients.add(
                    new SimClient(
                            this, "c" + i, FIRST_CLIENT_HOST + i % HOSTS, script.of(i).iterator()));
        }
        troubles =
                new Troubles(
                        world,
                        server,
                        memory,
                        contents,
                        asked,
                        tally,
                        clients,
                        shape.stopsReaders());
    }

    /** Of each unit that a device may stand on. */
    private static List<DeviceLabel> labels(boolean several, int blocks) {
        List<DeviceLabel> labels = new ArrayList<>();
        for (int unit = 0; unit < (several ? Units.COUNT : 1); unit++) {
            labels.add(
                    new DeviceLabel(
                            new UUID(5, 5 + unit),
                            1,
                            (long) blocks * SimServer.BLOCK,
                            SimServer.BLOCK,
                            "",
                            0,
                            true));
        }
        return labels;
    }

    /** The volume as it runs, and as a crash now would leave it. */
    private Optional<byte[][]> images() {
        if (isAhead) {
            return Optional.empty();
        }
        byte[][] both = new byte[2][];
        server.look(state -> both[0] = state.image());
        server.imageAfterCrash().ifPresent(image -> both[1] = image);
        return both[0] == null || both[1] == null ? Optional.empty() : Optional.of(both);
    }

    // ---- for its parts

    World world() {
        return world;
    }

    SharedMemory memory() {
        return memory;
    }

    Shape shape() {
        return shape;
    }

    Tally tally() {
        return tally;
    }

    Tags tags() {
        return tags;
    }

    I1Reads reads() {
        return reads;
    }

    /** Whether a client may have that block of a file mapped at that place. */
    boolean isMapped(long client, long file, long index, int place) {
        Picture.FileView view = picture.files().get(file);
        if (view == null) {
            return false;
        }
        Picture.LayoutView layout = view.layouts().get(client);
        return layout != null
                && view.place(index) == place
                && layout.mapped()
                        .containsAll(ByteRange.ofLength(index * SimServer.BLOCK, SimServer.BLOCK));
    }

    /** Whether a client that has ended may still store into the block of the device, or read it. */
    boolean isStoredLate(int place) {
        return !picture.blocks()[place].late().isEmpty();
    }

    int scriptSize() {
        return script.size();
    }

    /** What the streams of clients find. */
    SimNetwork.Peer peer() {
        return new SimNetwork.Peer() {
            @Override
            public int incarnation() {
                return server.incarnation();
            }

            @Override
            public ScheduledExecutorService newLoop() {
                return server.newLoop();
            }

            @Override
            public StreamObserver<ClientMessage> begin(
                    ServerCallStreamObserver<ServerMessage> out, ScheduledExecutorService loop) {
                return server.front().begin(out, loop);
            }

            @Override
            public void sent(SimNetwork.Stretch stream, ClientMessage message) {
                talk.sent(stream, message);
            }

            @Override
            public void heard(SimNetwork.Stretch stream, ClientMessage message) {
                tally.heard(stream.process(), message);
                reached.heard(stream, message);
                talk.heard(stream, message);
            }

            @Override
            public Optional<Request.Builder> strayBehind(
                    SimNetwork.Stretch stream, ClientMessage message) {
                return strays.behind(talk.speaker(stream), message, picture);
            }

            @Override
            public void said(SimNetwork.Stretch stream, ServerMessage message) {
                tally.said(stream.process(), message);
                reached.said(stream, message);
                talk.said(stream, message);
            }

            @Override
            public void dropped(SimNetwork.Stretch stream) {
                talk.dropped(stream);
            }

            @Override
            public void got(SimNetwork.Stretch stream, ServerMessage message) {
                talk.got(stream, message);
            }
        };
    }

    /** Sees the stores of a client whose id is {@code id}. */
    SimDevice.Watcher watcher(String owner, LongSupplier id) {
        return new SimDevice.Watcher() {
            @Override
            public void storing(long offset, long length) {
                world.detail(
                        () ->
                                "%s stores %d bytes to block %d from byte %d of it"
                                        .formatted(
                                                owner,
                                                length,
                                                offset / SimServer.BLOCK,
                                                offset % SimServer.BLOCK));
                checkStore(owner, id.getAsLong(), offset, length);
            }

            @Override
            public void stored(long offset, long length) {
                contents.stored(picture, offset, length);
            }
        };
    }

    /**
     * Sees what the server itself stores: zeros, where somebody asked for them, and anything where
     * nobody looks.
     */
    private SimServer.Watcher serverStores() {
        return new SimServer.Watcher() {
            @Override
            public void filling(long offset, long length) {
                checkFilled(offset, length);
            }

            @Override
            public void disowning(VolumeDevice device) {
                checkDisowned(device);
            }

            @Override
            public void storing(long offset, long length) {
                for (long at = offset; at < offset + length; at += Contents.WORD) {
                    checkZeroed(at);
                }
            }

            @Override
            public void stored(long offset, long length) {
                contents.stored(picture, offset, length);
            }
        };
    }

    /** I4, I7: what the server fills before it is in a file is nobody's. */
    private void checkFilled(long offset, long length) {
        for (long b = offset / SimServer.BLOCK; b * SimServer.BLOCK < offset + length; b++) {
            boolean isOfVolume = picture.device((int) b).isPresent() || picture.devices().isEmpty();
            if (!picture.blocks()[(int) b].equals(Block.FREE) || !isOfVolume) {
                world.violated(
                        "I4",
                        "the server fills block "
                                + b
                                + (isOfVolume ? "" : " of no device")
                                + ", which is "
                                + picture.blocks()[(int) b]);
            }
        }
    }

    /** I23: a device is anybody's only when no crash brings it back to the volume. */
    private void checkDisowned(VolumeDevice device) {
        world.reach(Probe.DEVICE_RELEASED);
        server.stateAfterCrash()
                .ifPresent(
                        state -> {
                            if (state.tables().device(device.index()) != null) {
                                world.violated(
                                        "I23",
                                        "the label of device "
                                                + device.index()
                                                + " is nobody's, and a crash now would leave a"
                                                + " volume that has it");
                            }
                        });
    }

    private void checkZeroed(long offset) {
        for (Picture.Owner owner : picture.blocks()[(int) (offset / SimServer.BLOCK)].owners()) {
            checkZeroed(owner, offset);
        }
    }

    private void checkZeroed(Picture.Owner owner, long offset) {
        Picture.FileView file = picture.files().get(owner.file());
        long inFile = owner.index() * SimServer.BLOCK + offset % SimServer.BLOCK;
        // Past the end of file are at most stores of a writer that has not committed them.
        if (file != null
                && contents.isOwn(file, inFile)
                && owner.isWritten()
                && contents.now(file.id(), inFile / Contents.WORD) != 0
                && !asked.takes(file, owner.index())) {
            world.violated(
                    "I6",
                    "the server zeroes byte "
                            + inFile
                            + " of file "
                            + file.id()
                            + " and nobody asked for that");
        }
    }

    /** I7, I8: a store lands only where the storing client holds RW, or in its quarantine. */
    private void checkStore(String owner, long client, long offset, long length) {
        for (long b = offset / SimServer.BLOCK; b * SimServer.BLOCK < offset + length; b++) {
            Block block = picture.blocks()[(int) b];
            invariants.stores(client, (int) b);
            if (block.writers().contains(client)) {
                if (block.writers().size() > 1) {
                    world.violated("I8", "two writers of block " + b);
                }
                checkNotUnderWay(owner, client, (int) b);
                continue;
            }
            if (block.late().contains(client)) {
                world.reach(Probe.LATE_STORE);
                continue;
            }
            world.violated(
                    "I8",
                    owner
                            + " (client "
                            + Long.toHexString(client)
                            + ") stores to block "
                            + b
                            + ", which is "
                            + block);
        }
    }

    /**
     * What is to take the place of a committed block is not stored to while a commit of it is under
     * way: that would be seen with it. Where there is no picture, what has been answered is not
     * told from what has not.
     */
    private void checkNotUnderWay(String owner, long client, int block) {
        if (asked.isBlind()) {
            return;
        }
        for (Picture.Owner of : picture.blocks()[block].owners()) {
            Picture.FileView file = picture.files().get(of.file());
            if (file != null
                    && file.besides(of.index()) == block
                    && asked.isCommitted(of.file(), of.index(), block, client)) {
                world.violated(
                        "I6",
                        owner
                                + " stores to block "
                                + block
                                + " for block "
                                + of.index()
                                + " of file "
                                + of.file()
                                + " while it commits it");
            }
        }
    }

    // ---- the run

    /** Runs to the end; what went wrong is in the world. */
    void run() {
        world.afterEach(this::afterEvent);
        startServer();
        clients.forEach(SimClient::start);
        while (world.violations().isEmpty() && !clients.stream().allMatch(SimClient::isFinished)) {
            if (world.nanos() > LONGEST_NANOS) {
                world.violated("I18", "the run does not end");
            } else if (!world.step()) {
                world.violated("I18", "nothing happens any more, and not all clients are done");
            }
        }
        if (world.violations().isEmpty()) {
            finish();
        }
        clients.forEach(SimClient::kill);
    }

    private void startServer() {
        if (!server.isUp() && server.start()) {
            // Two tries may be under way: when the first has succeeded, the second must not hide
            // the next crash from those who listen (seed 26596).
            restarting = false;
            batch();
        }
        if (!server.isUp()) {
            world.after(world.delay(NANOS_PER_MILLI, 300 * NANOS_PER_MILLI), this::startServer);
        }
    }

    private void afterEvent() {
        server.schedule();
        if (!server.isUp() && !restarting) {
            serverGone();
        }
    }

    private void serverGone() {
        restarting = true;
        decided = Optional.empty();
        talk.serverDied();
        tally.serverCrashed();
        clients.forEach(c -> c.network().serverDied());
        world.after(
                world.delay(NANOS_PER_MILLI, 500 * NANOS_PER_MILLI),
                () -> {
                    restarting = false;
                    startServer();
                });
    }

    /** A batch has been decided that is answered when more has been: how it is now is seen then. */
    private void overtakable() {
        server.look(state -> decided = Optional.of(new Decided(state, look(state))));
    }

    private Picture look(VolumeState state) {
        tally.batch(state.tables());
        reached.batch(state.tables());
        server.lookAtWaits((turns, works) -> places.check(state, turns, works));
        return Picture.of(state.tables(), blockCount, StateChecker.check(state.tables()));
    }

    /** A batch has been answered: looks at what has changed. */
    private void batch() {
        world.count("batch");
        reached.hasState(server.incarnation(), server.hasState());
        asked.noPicture();
        Optional<Decided> last = decided;
        decided = Optional.empty();
        isAhead = false;
        server.look(
                state -> {
                    // One step may lose a batch, read the state back, and do another batch: what
                    // was lost nobody was told of, and it is not what this one has come to (seed
                    // 7796).
                    Optional<Picture> then =
                            last.filter(each -> each.of == state).map(Decided::picture);
                    isAhead = then.isPresent();
                    Picture now = then.orElseGet(() -> look(state));
                    Picture before = picture;
                    picture = now;
                    contents.follow(before, now);
                    invariants.batch(before, now);
                    checkLeases();
                    asked.pictureTaken(now);
                });
    }

    /** I20: who may touch the device by its own clock is not given up by the server. */
    private void checkLeases() {
        for (SimClient client : clients) {
            ClientView view = picture.clients().get(client.clientId());
            if (view != null && client.hasLease() && view.lapsed()) {
                world.violated(
                        "I20",
                        client.owner() + " has a lease left, and the server has given it up");
            }
        }
    }

    /** A client begins a step: it may be time for something to go wrong. */
    void stepBegins(SimProcess process) {
        steps++;
        tally.begun(process);
        while (!faults.isEmpty() && faults.peekFirst().afterSteps() <= steps) {
            Fault fault = faults.removeFirst();
            world.after(1, () -> troubles.happen(fault));
        }
        while (!acts.isEmpty() && acts.peekFirst().afterSteps() <= steps) {
            Act act = acts.removeFirst();
            world.after(1, () -> operator.act(act));
        }
        boolean lastStep = steps >= script.of(0).size() * clients.size();
        if (lastStep && !calm) {
            calm = true;
            world.after(2, this::calmDown);
        }
    }

    /** Toward the end nothing stays broken, so that all clients can end. */
    private void calmDown() {
        server.diskCapacity(Long.MAX_VALUE);
        operator.calmDown();
    }

    /** All clients have ended: what is left must add up, and be the same after a restart. */
    private void finish() {
        // Each proof is given once: none of them may be lost to trouble that is still to come.
        server.failNoMore();
        long until = world.nanos() + 5_000 * NANOS_PER_MILLI;
        while (world.nanos() < until && world.violations().isEmpty() && world.step()) {
            // Work on the device, and what was left in the network, comes to its end.
        }
        waitForWork();
        clients.forEach(troubles::prove);
        server.schedule();
        until = world.nanos() + 2_000 * NANOS_PER_MILLI;
        while (world.nanos() < until && world.violations().isEmpty() && world.step()) {
            // What was in quarantine is free again.
        }
        waitForLeavingDevices();
        byte[][] images = new byte[2][];
        server.look(
                state -> {
                    images[0] = state.image();
                    var space = state.tables().spaceUse();
                    if (space.granted() + space.pending() + space.reserved() + space.quarantined()
                            != 0) {
                        world.violated("I21", "all clients have ended, and there is " + space);
                    }
                });
        if (images[0] == null) {
            world.violated("I18", "the volume is not back although nothing is broken any more");
            return;
        }
        server.died();
        startServer();
        server.look(state -> images[1] = state.image());
        if (!java.util.Arrays.equals(images[0], images[1])) {
            world.violated("I6", "the volume is not the same after a restart");
        }
        server.history().finish();
    }

    /** What failed again and again is tried ever later, the longer it is. */
    private void waitForWork() {
        long until = world.nanos() + LONGEST_WORK_NANOS;
        boolean[] works = {true};
        while (works[0] && world.nanos() < until && world.violations().isEmpty()) {
            works[0] = false;
            server.look(state -> works[0] = !state.tables().works().isEmpty());
            boolean _ = works[0] && world.step();
        }
    }

    /** With nobody left, what is to leave does, if there is room for what lies there. */
    private void waitForLeavingDevices() {
        if (!shape.hasSeveralDevices()) {
            return;
        }
        long until = world.nanos() + LONGEST_LEAVE_NANOS;
        while (isAnyLeaving(false) && world.nanos() < until && world.violations().isEmpty()) {
            boolean _ = world.step();
        }
        if (world.violations().isEmpty() && isAnyLeaving(true)) {
            world.violated("I23", "a device has room to leave to, and does not: " + picture);
        }
    }

    /**
     * @param withRoom only where all that lies there fits elsewhere
     */
    private boolean isAnyLeaving(boolean withRoom) {
        boolean[] any = {false};
        server.look(
                state -> {
                    VolumeTables tables = state.tables();
                    long room = tables.free().freeBytes();
                    any[0] =
                            !tables.leaving().isEmpty()
                                    || tables.devices().stream()
                                            .filter(d -> tables.isRetiring(d.index()))
                                            .anyMatch(d -> !withRoom || used(tables, d) <= room);
                });
        return any[0];
    }

    private static long used(VolumeTables tables, VolumeDevice device) {
        return device.lengthBytes() - tables.free().freeBytesOn(device.index());
    }

    Optional<World.Violation> violation() {
        return world.violations().stream().findFirst();
    }
}
