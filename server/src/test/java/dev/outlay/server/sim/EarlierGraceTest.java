package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.server.engine.SimEngine;
import dev.outlay.server.journal.FaultyJournalStorage;
import dev.outlay.server.journal.JournalOptions;
import dev.outlay.server.metrics.ServerMeters;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The journal fails twice within a lease: the state is rebuilt twice in process, and the time of
 * the first grace says nothing about the second.
 */
class EarlierGraceTest {

    private static final ClientId CLIENT = new ClientId(7);
    private static final long MILLI = 1_000_000;

    private final World world = new World(1, false);
    private final FaultyJournalStorage disk = new FaultyJournalStorage(new SplittableRandom(1));
    private final ServerMeters meters = new ServerMeters("test");
    private SimEngine engine;
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
        SimEngine.create(
                disk,
                journal,
                Limits.DEFAULT,
                new VolumeSettings(volume, "v", 4096, Durability.FORCED, 0),
                List.of(new VolumeDevice(0, new UUID(2, 2), 1, 1 << 20, 4096, 1 << 19, "d", true)));
        engine =
                SimEngine.load(
                        new SimEngine.Parts(
                                "v",
                                disk,
                                journal,
                                Limits.DEFAULT,
                                new NoDevice(),
                                new SimLoop(world, Runnable::run, 1_000),
                                new SimLoop(world, Runnable::run, 1_000),
                                () -> Instant.EPOCH,
                                world::nanos,
                                meters.volume(
                                        "v",
                                        () -> {
                                            throw new IllegalStateException("nobody scrapes");
                                        }),
                                1 << 20));
        engine.start();
    }

    /** Nothing is stored in this test. */
    private static final class NoDevice implements SimEngine.Storage {
        @Override
        public ByteBuffer read(DeviceRange range) {
            return ByteBuffer.allocate((int) range.length());
        }

        @Override
        public void write(DeviceRange range, ByteBuffer bytes) {}

        @Override
        public void zero(DeviceRange range) {}
    }

    @AfterEach
    void stop() {
        meters.close();
    }

    @Test
    void itsTimerDoesNotEndALaterGrace() {
        submit(new Command.JoinClient(new ClientRecord(CLIENT, "", "c", 1, 0, 0, 300, 50)));
        failTheJournal();
        assertTrue(isInGrace());
        submit(new Command.ReattachClient(CLIENT, operation - 1, List.of()));
        assertFalse(isInGrace());

        runUntil(200);
        failTheJournal();
        runUntil(400);
        assertTrue(isInGrace(), "the client has 350 ms from when the state was rebuilt");

        runUntil(600);
        assertFalse(isInGrace(), "nobody has come back in time");
    }

    private void submit(Command command) {
        var _ = engine.all().getFirst().submit(command);
        engine.step();
    }

    /** What is asked finds the journal broken, and asked again the state read back. */
    private void failTheJournal() {
        disk.failAfter(1);
        Command create =
                new Command.CreateFile(
                        new Origin(CLIENT, ++operation, 0),
                        0,
                        FileId.ROOT,
                        "f" + operation,
                        FileKind.FILE,
                        0,
                        "o",
                        false);
        submit(create);
        submit(create);
    }

    private boolean isInGrace() {
        boolean[] answer = new boolean[1];
        engine.look(state -> answer[0] = state.tables().isInGrace());
        return answer[0];
    }

    /** Lets the timers that are due by then fire, each followed by a batch. */
    private void runUntil(long millis) {
        boolean[] there = new boolean[1];
        world.after(1_000_000_000 + millis * MILLI - world.nanos(), () -> there[0] = true);
        while (!there[0] && world.step()) {
            if (engine.hasWork()) {
                engine.step();
            }
        }
    }
}
