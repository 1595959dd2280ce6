package dev.outlay.server.sim;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
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
import dev.outlay.server.checkpoint.FaultyCheckpoints;
import dev.outlay.server.engine.SimEngine;
import dev.outlay.server.history.FactListener;
import dev.outlay.server.journal.FaultyJournalStorage;
import dev.outlay.server.journal.JournalOptions;
import dev.outlay.server.metrics.ServerMeters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** A volume that does what it does step by step, of one client, for plain tests. */
final class SteppedVolume implements AutoCloseable {

    static final ClientId CLIENT = new ClientId(7);

    /** Facts. */
    static final int CHANGES_AT_ONCE = 20;

    private static final UUID VOLUME = new UUID(1, 1);

    private final World world = new World(1, false);
    private final FaultyJournalStorage disk = new FaultyJournalStorage(new SplittableRandom(1));
    private final ServerMeters meters = new ServerMeters("test");
    private final FaultyCheckpoints checkpoints =
            new FaultyCheckpoints(new SplittableRandom(3), disk::changeElsewhere);
    private final JournalOptions journal =
            new JournalOptions(
                    VOLUME,
                    64 << 10,
                    16 << 10,
                    100,
                    new SplittableRandom(2)::nextLong,
                    Runnable::run);
    private SimEngine engine;
    private long operation;

    SteppedVolume() throws IOException {
        SimEngine.create(
                disk,
                checkpoints,
                journal,
                Limits.DEFAULT,
                new VolumeSettings(VOLUME, "v", 4096, Durability.FORCED, 0),
                List.of(new VolumeDevice(0, new UUID(2, 2), 1, 1 << 20, 4096, 1 << 19, "d", true)));
        engine = load();
    }

    private SimEngine load() throws IOException {
        return SimEngine.load(
                new SimEngine.Parts(
                        "v",
                        disk,
                        checkpoints,
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
                        1 << 20,
                        CHANGES_AT_ONCE,
                        0,
                        FactListener.NONE));
    }

    /** The machine stops, and the volume is read back from its disk. */
    void crash() throws IOException {
        disk.restart();
        var _ = checkpoints.restart();
        engine = load();
    }

    /** Nothing is stored in these tests. */
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

    World world() {
        return world;
    }

    FaultyJournalStorage disk() {
        return disk;
    }

    FaultyCheckpoints checkpoints() {
        return checkpoints;
    }

    SimEngine engine() {
        return engine;
    }

    /** Does all that is queued, and all that time brings. */
    void settle() {
        do {
            while (engine.hasWork()) {
                engine.step();
            }
        } while (world.step() || engine.hasWork());
    }

    /** Queues a command; {@code engine().step()} does it. */
    CompletableFuture<Reply> submit(Command command) {
        return engine.volume().submit(command);
    }

    Command join() {
        return new Command.JoinClient(new ClientRecord(CLIENT, "", "c", 1, 0, 0, 300, 50));
    }

    /** Makes a file, under the client's next operation. */
    Command create() {
        operation++;
        return new Command.CreateFile(
                new Origin(CLIENT, operation, 0),
                0,
                FileId.ROOT,
                "f" + operation,
                FileKind.FILE,
                0,
                "o",
                false);
    }

    /** The last operation of the client. */
    long operation() {
        return operation;
    }

    @Override
    public void close() {
        meters.close();
    }
}
