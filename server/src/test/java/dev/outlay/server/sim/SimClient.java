package dev.outlay.server.sim;

import dev.outlay.client.ClientOptions;
import dev.outlay.client.ClientSeams;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.client.SavedSession;
import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceException;
import dev.outlay.core.value.Reason;
import dev.outlay.server.sim.Script.Step;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A client and the program it runs: the real library, in one process after the other. It writes
 * tagged words, reads and has each read checked, and takes every failure as an application would:
 * it goes on, with a new session where the old one is dead.
 */
final class SimClient {

    private static final int DEADLINE_MILLIS = 2_000;
    private static final int THROUGH_SERVER_ONE_IN = 16;

    /** So often a host has a device under the path of another one, where there are several. */
    private static final int OTHER_DEVICE_ONE_IN = 16;

    private final Simulation sim;
    private final World world;
    private final String owner;
    private final int host;
    private final Iterator<Step> steps;
    private final ClientProgram program;
    private @Nullable SimProcess process;
    private @Nullable SimNetwork network;
    private @Nullable LayoutClient library;
    private SimDevice.@Nullable Watcher watcher;
    private boolean throughServer;
    private boolean finished;

    /** Clients it has been, whose program touches nothing any more. */
    private final Set<Long> past = new LinkedHashSet<>();

    SimClient(Simulation sim, String owner, int host, Iterator<Step> steps) {
        this.sim = sim;
        this.world = sim.world();
        this.owner = owner;
        this.host = host;
        this.steps = steps;
        this.program = new ClientProgram(sim, this);
    }

    // ---- its processes

    /** Starts a process, with nothing of the one before. */
    void start() {
        library = null;
        program.forget();
        throughServer = world.oneIn(THROUGH_SERVER_ONE_IN);
        SimProcess fresh =
                new SimProcess(world, owner, host, sim.shape().stopsReaders(), this::run);
        process = fresh;
        network = new SimNetwork(world, fresh, sim.peer());
        fresh.start();
    }

    SimProcess process() {
        SimProcess now = process;
        if (now == null) {
            throw new IllegalStateException(owner + " was never started");
        }
        return now;
    }

    SimNetwork network() {
        SimNetwork now = network;
        if (now == null) {
            throw new IllegalStateException(owner + " was never started");
        }
        return now;
    }

    void kill() {
        process().kill();
        network().processDied();
        if (library != null) {
            past.add(clientId());
        }
    }

    /** Whether something it has written may not be committed. */
    boolean hasUncommitted() {
        return program.hasUnsettled();
    }

    /** Clients it has been and is no more. */
    Set<Long> past() {
        return past;
    }

    /** Whether it has done all its steps and said goodbye. */
    boolean isFinished() {
        return finished;
    }

    String owner() {
        return owner;
    }

    /** The session it has at the moment; 0: none. */
    long clientId() {
        return idOf(library);
    }

    /** A library that holds nothing may have begun a new session by itself. */
    private static long idOf(@Nullable LayoutClient client) {
        return client == null ? 0 : client.session().clientId();
    }

    /** Whether its own clock says that it may touch the device. */
    boolean hasLease() {
        LayoutClient now = library;
        return now != null
                && !process().isStopped()
                && !process().isDead()
                && now.session().leaseLeftMillis() > 0;
    }

    // ---- its program

    private void run() {
        while (steps.hasNext()) {
            Step step = steps.next();
            sim.stepBegins(process());
            world.count("step", step.kind());
            try {
                program.perform(step);
            } catch (OutlayException e) {
                String reason = e.reason().map(Reason::name).orElse("no answer");
                world.count("failed " + reason);
                world.tell(owner, " ", step.kind(), " failed: ", e.what());
                recover(e, step);
            } catch (IOException e) {
                world.count("failed device");
                world.tell(owner, " ", step.kind(), " failed: ", e.getMessage());
            }
            sim.tally().ended(process());
            process().pause(world.delay(10_000, 4_000_000));
        }
        goodbye();
        finished = true;
    }

    private void recover(OutlayException e, Step step) {
        if (e.is(Reason.STALE_FILE)) {
            program.removed(step);
        }
        if (e.is(Reason.FENCED) || e.is(Reason.EXPIRED)) {
            LayoutClient old = library;
            if (old != null && isDead(old)) {
                world.reach(Probe.SESSION_LOST);
                forget();
                try {
                    old.close();
                } catch (IOException ignored) {
                    world.count("close failed");
                }
            }
        }
    }

    private static boolean isDead(LayoutClient client) {
        try {
            client.renew();
            return false;
        } catch (OutlayException e) {
            return e.is(Reason.FENCED) || e.is(Reason.EXPIRED);
        }
    }

    private void forget() {
        past.add(clientId());
        library = null;
        program.forget();
    }

    private void goodbye() {
        for (int attempt = 0; attempt < 20; attempt++) {
            try {
                LayoutClient client = library();
                try {
                    client.close();
                } finally {
                    forget();
                }
                world.tell(owner, " has ended");
                return;
            } catch (IOException e) {
                world.tell(owner, " cannot end: ", e.getMessage());
                process().pause(500_000_000);
            }
        }
    }

    /** The session goes on in another process, in a manner of speaking. */
    void handOver() throws IOException {
        SavedSession saved = library().detach();
        long id = clientId();
        past.add(id);
        library = null;
        program.handedOver(id);
        LayoutClient _ = connect(Optional.of(saved));
    }

    /** Whether its bytes go through the server: it does not reach the devices. */
    boolean isThroughServer() {
        return throughServer;
    }

    boolean isSessionOf(LayoutClient other) {
        return other == library;
    }

    LayoutClient library() throws IOException {
        LayoutClient known = library;
        return known != null ? known : connect(Optional.empty());
    }

    private LayoutClient connect(Optional<SavedSession> saved) throws OutlayException {
        ClientOptions options =
                ClientOptions.to("sim", owner)
                        .withMaxIoMillis((int) SimServer.MAX_IO_MILLIS)
                        .withDeadlineMillis(DEADLINE_MILLIS)
                        .throughServer(throughServer);
        if (saved.isPresent()) {
            options = options.resuming(saved.get());
        }
        SimNetwork transport = network();
        LayoutClient[] connected = new LayoutClient[1];
        watcher = sim.watcher(owner, () -> idOf(connected[0]));
        LayoutClient made =
                LayoutClient.connect(
                        options,
                        new ClientSeams(
                                process(),
                                process(),
                                world.random(),
                                transport,
                                (path, _) -> open(Units.at(path))));
        connected[0] = made;
        past.remove(idOf(made));
        library = made;
        made.onRecall(recall -> program.mapped().recalled(made, recall));
        world.tell(owner, " is client ", Long.toHexString(idOf(made)));
        return made;
    }

    /** A device as this session reaches it. */
    Device device(int index) {
        return onUnit(Units.of(index));
    }

    private Device onUnit(int unit) {
        return new SimDevice(
                world,
                sim.memory(),
                unit,
                process(),
                Objects.requireNonNull(watcher, "no session"));
    }

    /** What stands at the path of a unit on this host: mostly that, at times another one. */
    private Device open(int unit) throws DeviceException {
        if (!sim.shape().hasSeveralDevices()) {
            return onUnit(unit);
        }
        if (!sim.memory().isReached(host, unit)) {
            world.reach(Probe.DEVICE_NOT_THERE);
            throw DeviceException.of(
                    Path.of(Units.path(unit)), "open", new NoSuchFileException("injected"));
        }
        if (world.oneIn(OTHER_DEVICE_ONE_IN)) {
            world.reach(Probe.OTHER_DEVICE_FOUND);
            return onUnit((unit + 1) % Units.COUNT);
        }
        return onUnit(unit);
    }
}
