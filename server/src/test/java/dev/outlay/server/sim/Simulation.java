package dev.outlay.server.sim;

import dev.outlay.core.check.StateChecker;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.ExtentState;
import dev.outlay.server.metrics.ServerMeters;
import dev.outlay.server.metrics.VolumeMeters;
import dev.outlay.server.metrics.VolumeSample;
import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.ClientView;
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
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ScheduledExecutorService;

/**
 * One run from one seed: a server, its disk, the shared memory, some clients, what they do, what
 * goes wrong, and the invariants that watch.
 */
final class Simulation {

    private static final int BLOCKS = 40;
    private static final byte STALE = (byte) 0xCD;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long LONGEST_NANOS = 3_600_000 * NANOS_PER_MILLI;
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
    private final Asked asked;
    private final Strays strays;
    private final I1Reads reads;
    private final List<Invariant> invariants;
    private final List<SimClient> clients = new ArrayList<>();
    private final Deque<Fault> faults;
    private final int blockCount;
    private Picture picture;
    private int steps;
    private boolean calm;

    Simulation(long seed, SimulationMain.Size size, BitSet without, boolean detailed)
            throws IOException {
        world = new World(seed, detailed);
        script = new Script(seed, size.clients(), size.files(), size.steps(), without);
        faults = new ArrayDeque<>(script.faults());
        blockCount = BLOCKS + 2;
        DeviceLabel label =
                new DeviceLabel(
                        new UUID(5, 5),
                        1,
                        (long) blockCount * SimServer.BLOCK,
                        SimServer.BLOCK,
                        "",
                        0,
                        true);
        memory = new SharedMemory(label, STALE);
        server = new SimServer(world, memory, serverStores(), METERS, VOLUME_METERS);
        contents = new Contents(world, memory);
        asked = new Asked(world);
        strays = new Strays(world, asked, label.incarnation());
        reads = new I1Reads(world, contents, tags);
        invariants =
                List.of(
                        new CheckedState(world),
                        new I2CommitOnly(world, memory, asked, tags, blockCount),
                        new I7Reuse(world, asked),
                        new I11Sequence(world),
                        new I14Attributes(world, asked),
                        new I15Tail(world, memory));
        Block[] empty = new Block[blockCount];
        java.util.Arrays.fill(empty, Block.FREE);
        picture = new Picture(Map.of(), empty, Map.of(), false, List.of());
        for (int i = 0; i < size.clients(); i++) {
            clients.add(
                    new SimClient(
                            this, "c" + i, FIRST_CLIENT_HOST + i % HOSTS, script.of(i).iterator()));
        }
    }

    // ---- for its parts

    World world() {
        return world;
    }

    SharedMemory memory() {
        return memory;
    }

    Tags tags() {
        return tags;
    }

    I1Reads reads() {
        return reads;
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
            public void heard(SimNetwork.Stretch stream, ClientMessage message) {
                asked.heard(stream, message);
            }

            @Override
            public Optional<Request.Builder> strayBehind(
                    SimNetwork.Stretch stream, ClientMessage message) {
                return strays.behind(asked.speaker(stream), message, picture);
            }

            @Override
            public void said(SimNetwork.Stretch stream, ServerMessage message) {
                asked.said(stream, message);
            }
        };
    }

    /** Sees the stores of a client whose id will be in {@code id}. */
    SimDevice.Watcher watcher(String owner, long[] id) {
        return new SimDevice.Watcher() {
            @Override
            public void storing(long offset, long length) {
                checkStore(owner, id[0], offset, length);
            }

            @Override
            public void stored(long offset, long length) {
                contents.stored(picture, offset, length);
            }
        };
    }

    /** Sees what the server itself stores: zeros, and only where somebody asked for them. */
    private SimDevice.Watcher serverStores() {
        return new SimDevice.Watcher() {
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

    private void checkZeroed(long offset) {
        Block block = picture.blocks()[(int) (offset / SimServer.BLOCK)];
        Picture.FileView file = picture.files().get(block.file());
        long inFile = block.index() * SimServer.BLOCK + offset % SimServer.BLOCK;
        // Past the end of file are at most stores of a writer that has not committed them.
        if (file != null
                && contents.isOwn(file, inFile)
                && block.state() == ExtentState.WRITTEN
                && contents.now(file.id(), inFile / Contents.WORD) != 0
                && !asked.takes(file, block.index())) {
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
            if (block.writers().contains(client)) {
                if (block.writers().size() > 1) {
                    world.violated("I8", "two writers of block " + b);
                }
                continue;
            }
            if (block.late().contains(client)) {
                world.count("late store");
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
            batch();
        }
        if (!server.isUp()) {
            world.after(world.delay(NANOS_PER_MILLI, 300 * NANOS_PER_MILLI), this::startServer);
        }
    }

    private void afterEvent() {
        server.schedule(this::batch);
        if (!server.isUp() && !restarting) {
            serverGone();
        }
    }

    private boolean restarting;

    private void serverGone() {
        restarting = true;
        asked.serverDied();
        clients.forEach(c -> c.network().serverDied());
        world.after(
                world.delay(NANOS_PER_MILLI, 500 * NANOS_PER_MILLI),
                () -> {
                    restarting = false;
                    startServer();
                });
    }

    /** A batch has been answered: looks at what has changed. */
    private void batch() {
        world.count("batch");
        server.look(
                state -> {
                    Picture now =
                            Picture.of(
                                    state.tables(), blockCount, StateChecker.check(state.tables()));
                    Picture before = picture;
                    picture = now;
                    contents.follow(before, now);
                    invariants.forEach(i -> i.batch(before, now));
                    checkLeases();
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
    void stepBegins() {
        steps++;
        while (!faults.isEmpty() && faults.peekFirst().afterSteps() <= steps) {
            Fault fault = faults.removeFirst();
            world.after(1, () -> happen(fault));
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
    }

    private void happen(Fault fault) {
        SplittableRandom dice = new SplittableRandom(fault.seed());
        SimClient client = clients.get(fault.client());
        world.tell("trouble: " + fault.trouble() + " " + client.owner());
        world.count("trouble " + fault.trouble());
        switch (fault.trouble()) {
            case SERVER_CRASH -> server.crashSoon(1 + dice.nextInt(30));
            case SERVER_HOST_CRASH -> {
                if (server.isUp()) {
                    server.died();
                    hostCrash(SimServer.HOST);
                }
            }
            case JOURNAL_FAILS -> server.failSoon(1 + dice.nextInt(20));
            case JOURNAL_DISK_FULL -> {
                server.diskCapacity(server.diskUsed());
                world.after(
                        dice.nextLong(2_000 * NANOS_PER_MILLI),
                        () -> server.diskCapacity(Long.MAX_VALUE));
            }
            case CLIENT_STOPS -> {
                SimProcess process = client.process();
                long nanos = dice.nextLong(6 * SimServer.LEASE_MILLIS * NANOS_PER_MILLI);
                if (dice.nextBoolean()) {
                    process.stop();
                    world.after(nanos, process::goOn);
                } else {
                    process.stopInAccess(nanos);
                }
            }
            case CLIENT_KILLED -> killAndRestart(client, dice);
            case CLIENT_HOST_CRASH -> {
                int host = client.process().host();
                for (SimClient each : clients) {
                    if (each.process().host() == host) {
                        killAndRestart(each, dice);
                    }
                }
                hostCrash(host);
            }
            case STREAM_CUT -> client.network().drop();
            case PARTITION ->
                    client.network()
                            .partition(dice.nextLong(3 * SimServer.LEASE_MILLIS * NANOS_PER_MILLI));
            case CLOCK_JUMP -> server.jumpWallClock(dice.nextLong(-3_600_000, 3_600_000));
        }
    }

    private void killAndRestart(SimClient client, SplittableRandom dice) {
        if (client.isFinished() || client.process().isDead()) {
            return;
        }
        client.kill();
        world.after(dice.nextLong(2 * SimServer.LEASE_MILLIS * NANOS_PER_MILLI), client::start);
        if (dice.nextBoolean()) {
            world.after(
                    dice.nextLong(5 * SimServer.LEASE_MILLIS * NANOS_PER_MILLI),
                    () -> prove(client));
        }
    }

    /** Somebody makes sure that what this client was before stores no more, and says so. */
    private void prove(SimClient client) {
        memory.flushAll(client.process().host());
        for (long id : client.past()) {
            if (server.prove(id, () -> proofRefused(id))) {
                world.count("end proven");
                asked.proven(id);
            }
        }
    }

    private void proofRefused(long id) {
        world.count("proof refused");
        asked.notProven(id);
    }

    private void hostCrash(int host) {
        memory.crash(host, world.random());
        contents.storedAnywhere();
    }

    /** All clients have ended: what is left must add up, and be the same after a restart. */
    private void finish() {
        // Each proof is given once: none of them may be lost to trouble that is still to come.
        server.failNoMore();
        long until = world.nanos() + 5_000 * NANOS_PER_MILLI;
        while (world.nanos() < until && world.violations().isEmpty() && world.step()) {
            // Work on the device, and what was left in the network, comes to its end.
        }
        clients.forEach(this::prove);
        server.schedule(this::batch);
        until = world.nanos() + 2_000 * NANOS_PER_MILLI;
        while (world.nanos() < until && world.violations().isEmpty() && world.step()) {
            // What was in quarantine is free again.
        }
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
    }

    Optional<World.Violation> violation() {
        return world.violations().stream().findFirst();
    }
}
