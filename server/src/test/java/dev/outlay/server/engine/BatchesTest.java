package dev.outlay.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.server.checkpoint.FaultyCheckpoints;
import dev.outlay.server.history.FactListener;
import dev.outlay.server.journal.FaultyJournalStorage;
import dev.outlay.server.journal.JournalOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What goes into one batch, and who forces it; in one thread. */
class BatchesTest {

    private static final UUID VOLUME = new UUID(1, 2);
    private static final int BATCH_BYTES = 1 << 18;

    /** What is queued; whenever it is waited for more, the next of what arrives comes. */
    private final class Script implements Batches.Source {
        private final Queue<Submission> queued = new ArrayDeque<>();
        private final Queue<Submission> toArrive = new ArrayDeque<>();
        private final List<Submission> all = new ArrayList<>();
        private boolean endless;
        private long pauseNanos;

        @Override
        public int size() {
            return queued.size();
        }

        @Override
        public boolean isArriving() {
            return endless || !toArrive.isEmpty();
        }

        @Override
        public boolean await(long nanos, BooleanSupplier orUntil) {
            now += pauseNanos;
            if (!toArrive.isEmpty()) {
                queued.add(toArrive.remove());
            }
            return !queued.isEmpty();
        }

        private void queue(int count) {
            queued.addAll(more(count));
        }

        private void letArrive(int count) {
            toArrive.addAll(more(count));
        }

        private List<Submission> more(int count) {
            List<Submission> more = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                long id = 100L + all.size();
                Submission joins =
                        Submission.of(
                                new Command.JoinClient(
                                        new ClientRecord(
                                                new ClientId(id),
                                                "p",
                                                "c" + id,
                                                1,
                                                0,
                                                0,
                                                1000,
                                                100)));
                all.add(joins);
                more.add(joins);
            }
            return more;
        }

        private boolean isAnswered() {
            return all.stream().allMatch(submission -> submission.reply().isDone());
        }
    }

    private final Script source = new Script();
    private final FaultyJournalStorage disk = new FaultyJournalStorage(new Random(1));
    private final FaultyCheckpoints checkpoints = new FaultyCheckpoints(new Random(1));
    private final List<Integer> sizes = new ArrayList<>();
    private int forcedBeside;
    private long now;
    private Batches batches = newBatches();

    private final class Counting implements VolumeLogic.Effects {
        @Override
        public void startWork(Work work, ByteBuffer bytes) {}

        @Override
        public boolean isQuiet() {
            return true;
        }

        @Override
        public void graceBegan(long millis, List<ClientId> awaited) {}

        @Override
        public void graceEnded(List<ClientId> back, List<ClientId> lost) {}

        @Override
        public void after(long millis, Command command) {}

        @Override
        public void tell(Notice notice) {}

        @Override
        public void renewals(ClientId client, boolean allowed) {}

        @Override
        public void batchDone(int commands) {
            sizes.add(commands);
        }
    }

    private static final class Deaf implements Batches.Listener {
        @Override
        public void overtakable() {}

        @Override
        public void forced(Duration took, long bytes) {}
    }

    private Batches newBatches() {
        try {
            VolumeDevice device =
                    new VolumeDevice(
                            0, new UUID(5, 6), 1, 64L << 20, 4096, (64L << 20) - 8192, "/d", true);
            store().create(
                            VolumeState.creation(
                                    new VolumeSettings(VOLUME, "v", 4096, Durability.FORCED, 1),
                                    List.of(device)));
            VolumeStore store = store();
            VolumeLogic logic =
                    new VolumeLogic(
                            "v",
                            store,
                            store.load(),
                            BATCH_BYTES,
                            FactListener.NONE,
                            new Counting());
            return new Batches(
                    logic,
                    source,
                    force -> {
                        forcedBeside++;
                        force.run();
                    },
                    () -> now,
                    new Deaf(),
                    Batches.Pace.STANDARD);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private VolumeStore store() {
        JournalOptions options =
                new JournalOptions(
                        VOLUME, 1 << 20, BATCH_BYTES, 1000, new Random(3)::nextLong, Runnable::run);
        return new VolumeStore(disk, options, Limits.DEFAULT, checkpoints);
    }

    @BeforeEach
    void begin() {
        sizes.clear();
    }

    /** What the volume's thread does in a turn, taking so many at a time. */
    private void turn(int most) {
        do {
            List<Submission> taken = new ArrayList<>();
            while (taken.size() < most && !source.queued.isEmpty()) {
                taken.add(source.queued.remove());
            }
            batches.decide(taken);
        } while (batches.goOn());
    }

    @Test
    void whatArrivesTogetherIsForcedTogether() {
        source.queue(1);
        source.letArrive(4);
        turn(1);
        assertEquals(List.of(5), sizes);
        source.queue(2);
        turn(2);
        assertEquals(List.of(5, 2), sizes, "nothing more arrives");
        assertTrue(source.isAnswered());
    }

    @Test
    void whoSaysThatMoreArrivesAndIsSlowIsNotWaitedForForEver() {
        source.endless = true;
        source.queue(3);
        turn(3);
        assertEquals(List.of(3), sizes);
    }

    @Test
    void norIsMoreThanAMillisecondWaitedAltogether() {
        source.pauseNanos = 150_000;
        source.queue(1);
        source.letArrive(9);
        turn(1);
        assertEquals(List.of(8), sizes);
        source.queued.add(source.toArrive.remove());
        turn(1);
        assertEquals(List.of(8, 2), sizes);
        assertTrue(source.isAnswered());
    }

    @Test
    void aFewTakeWhatIsQueued() {
        source.queue(10);
        turn(4);
        assertEquals(List.of(10), sizes);
    }

    @Test
    void anotherThreadForcesOnlyWhereMoreIsQueuedMeanwhile() {
        source.queue(64);
        turn(64);
        assertEquals(0, forcedBeside);
        source.queue(70);
        turn(64);
        assertEquals(1, forcedBeside);
        assertEquals(List.of(64, 64, 6), sizes);
    }
}
