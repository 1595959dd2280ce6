package dev.outlay.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.MapFlags;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.server.checkpoint.FaultyCheckpoints;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.history.FactListener;
import dev.outlay.server.journal.FaultyJournalStorage;
import dev.outlay.server.journal.JournalOptions;
import dev.outlay.server.metrics.ServerMeters;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A lease, or a client, that ends while the journal's disk is full. */
class LapseOnAFullDiskTest {

    private static final long LEASE_MILLIS = 3_000;

    private final ManualClock clock = new ManualClock();
    private final ServerMeters meters = new ServerMeters("test");
    private final FaultyJournalStorage disk = new FaultyJournalStorage(new SplittableRandom(1));
    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor();
    private Optional<SimEngine> loaded = Optional.empty();
    private long operation;

    @BeforeEach
    void start() throws Exception {
        UUID volume = new UUID(1, 1);
        JournalOptions journal =
                new JournalOptions(
                        volume,
                        64 << 10,
                        16 << 10,
                        100,
                        new SplittableRandom(2)::nextLong,
                        Runnable::run);
        FaultyCheckpoints checkpoints = new FaultyCheckpoints(new SplittableRandom(3));
        SimEngine.create(
                disk,
                checkpoints,
                journal,
                Limits.DEFAULT,
                new VolumeSettings(volume, "v", 4096, Durability.FORCED, 0),
                List.of(new VolumeDevice(0, new UUID(2, 2), 1, 1 << 20, 4096, 1 << 19, "d", true)));
        SimEngine engine =
                SimEngine.load(
                        new SimEngine.Parts(
                                "v",
                                disk,
                                checkpoints,
                                journal,
                                Limits.DEFAULT,
                                new SimEngine.Storage() {
                                    @Override
                                    public ByteBuffer read(DeviceRange range) {
                                        return ByteBuffer.allocate((int) range.length());
                                    }

                                    @Override
                                    public void write(DeviceRange range, ByteBuffer bytes) {}

                                    @Override
                                    public void zero(DeviceRange range) {}
                                },
                                timers,
                                timers,
                                InstantSource.system(),
                                clock,
                                meters.volume(
                                        "v",
                                        () -> {
                                            throw new IllegalStateException("nobody scrapes");
                                        }),
                                1 << 20,
                                1 << 20,
                                1 << 20,
                                FactListener.NONE));
        engine.start();
        loaded = Optional.of(engine);
    }

    @AfterEach
    void stop() {
        timers.shutdownNow();
        meters.close();
    }

    @Test
    void itDoesNotLapseOnceItIsRenewed() throws Exception {
        Sessions sessions = sessions();
        Session session = holder(sessions);

        clock.advanceMillis(LEASE_MILLIS + 100);
        sessions.expireDue(clock.nanos());
        work();
        disk.setCapacityBytes(Long.MAX_VALUE);
        CompletableFuture<Boolean> renewed = sessions.touch(session, clock.nanos());
        work();
        assertTrue(renewed.join());

        clock.advanceMillis(1_500);
        sessions.expireDue(clock.nanos());
        work();
        engine().look(state -> assertFalse(state.tables().clients().iterator().next().isLapsed()));
        assertTrue(sessions.touch(session, clock.nanos()).join());
    }

    @Test
    void whatIsRefusedHappensAsSoonAsThereIsRoom() throws Exception {
        Sessions sessions = sessions();
        // It holds nothing, so that the end of its lease is its own, which is written down.
        fillTheDisk(sessions, sessions.open("p", "owner", 1, 10, LEASE_MILLIS).session());
        clock.advanceMillis(LEASE_MILLIS + 100);
        sessions.expireDue(clock.nanos());
        work();
        engine().look(state -> assertFalse(state.tables().clients().isEmpty()));

        disk.setCapacityBytes(Long.MAX_VALUE);
        engine().idle();
        sessions.expireDue(clock.nanos());
        work();
        engine().look(state -> assertTrue(state.tables().clients().isEmpty()));
    }

    /** Found by the simulator, seed 9591: the end of its lease came right behind its renewal. */
    @Test
    void whoIsRenewedAsSoonAsThereIsRoomIsNotGivenUp() throws Exception {
        Sessions sessions = sessions();
        Session session = sessions.open("p", "owner", 1, 10, LEASE_MILLIS).session();
        fillTheDisk(sessions, session);
        clock.advanceMillis(LEASE_MILLIS + 100);
        sessions.expireDue(clock.nanos());
        work();

        disk.setCapacityBytes(Long.MAX_VALUE);
        engine().idle();
        CompletableFuture<Boolean> renewed = sessions.touch(session, clock.nanos());
        sessions.expireDue(clock.nanos());
        work();
        assertTrue(renewed.join());
        engine().look(state -> assertFalse(state.tables().clients().isEmpty()));
        assertTrue(sessions.touch(session, clock.nanos()).join());
        assertInstanceOf(Reply.FileChanged.class, create(sessions, session, "after"));

        clock.advanceMillis(LEASE_MILLIS + 100);
        sessions.expireDue(clock.nanos());
        work();
        engine().look(state -> assertTrue(state.tables().clients().isEmpty(), "nor for ever"));
    }

    @Test
    void whoIsRenewedWhileItsLeaseIsBeingEndedHearsHowThatEnds() throws Exception {
        Sessions sessions = sessions();
        Session holder = holder(sessions);
        Session idle = sessions.open("p", "idle", 1, 10, LEASE_MILLIS).session();
        disk.setCapacityBytes(Long.MAX_VALUE);
        create(sessions, idle, "once");
        clock.advanceMillis(LEASE_MILLIS + 100);
        sessions.expireDue(clock.nanos());
        CompletableFuture<Boolean> ofHolder = sessions.touch(holder, clock.nanos());
        CompletableFuture<Boolean> ofIdle = sessions.touch(idle, clock.nanos());
        work();
        assertTrue(ofHolder.join(), "all that it held stands");
        assertFalse(ofIdle.join(), "it held nothing, and is forgotten");
    }

    @Test
    void whoIsSupersededThenLosesItsGrantsAsSoonAsThereIsRoom() throws Exception {
        Sessions sessions = sessions();
        Session first = holder(sessions);
        var _ = sessions.open("p", "owner", 2, 10, LEASE_MILLIS);
        work();
        engine().look(state -> assertEquals(1, state.tables().layouts(), "the disk is full"));

        disk.setCapacityBytes(Long.MAX_VALUE);
        engine().idle();
        sessions.expireDue(clock.nanos());
        work();
        engine().look(
                        state -> {
                            assertEquals(0, state.tables().layouts());
                            assertTrue(state.tables().isEnded(first.id()));
                        });
        clock.advanceMillis(LEASE_MILLIS + 100);
        sessions.expireDue(clock.nanos());
        work();
        engine().look(
                        state ->
                                assertEquals(
                                        Optional.of(EndCause.EXPIRED),
                                        Objects.requireNonNull(state.tables().client(first.id()))
                                                .ended()));
    }

    private Sessions sessions() {
        return new Sessions(
                ServerConfig.DEFAULT,
                new ServerIdentity(new UUID(3, 3), 1),
                clock,
                engine(),
                new SplittableRandom(3));
    }

    /** The client holds something, and the disk is full. */
    private Session holder(Sessions sessions) throws Exception {
        Session session = sessions.open("p", "owner", 1, 10, LEASE_MILLIS).session();
        FileId file =
                assertInstanceOf(Reply.FileChanged.class, create(sessions, session, "held"))
                        .attributes()
                        .file();
        assertInstanceOf(
                Reply.Mapped.class,
                submit(
                        sessions,
                        session,
                        new Command.MapBlocks(
                                origin(session),
                                0,
                                file,
                                0,
                                4096,
                                4096,
                                IoMode.RW,
                                Optional.empty(),
                                MapFlags.NONE,
                                10,
                                new LayoutId(4, 4),
                                0)));
        fillTheDisk(sessions, session);
        return session;
    }

    private void fillTheDisk(Sessions sessions, Session session) {
        disk.setCapacityBytes(0);
        for (int i = 0; !(create(sessions, session, "f" + i) instanceof Reply.Failure); i++) {
            assertTrue(i < 100_000, "the disk never fills");
        }
    }

    private SimEngine engine() {
        return loaded.orElseThrow();
    }

    private void work() {
        while (engine().hasWork()) {
            engine().step();
        }
    }

    private Reply create(Sessions sessions, Session session, String name) {
        return submit(
                sessions,
                session,
                new Command.CreateFile(
                        origin(session), 0, FileId.ROOT, name, FileKind.FILE, 0644, "p"));
    }

    private Reply submit(Sessions sessions, Session session, Command command) {
        CompletableFuture<Reply> reply = sessions.submit(session, engine().volume(), command);
        work();
        return reply.join();
    }

    private Origin origin(Session session) {
        operation++;
        return new Origin(session.id(), operation, operation - 1);
    }
}
