package dev.outlay.server.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.history.HistoryCheck;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The log of a volume on a disk that fails, and in the hands of a thread that is too slow. */
class VolumeHistoryTest {

    private static final ClientId CLIENT = new ClientId(0xA);
    private static final int BLOCK = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final FakeDisk disk = new FakeDisk();
    private final Counted meters = new Counted();
    private VolumeState state = created();
    private long position = 1_000;
    private long operation;
    private int mostFacts = 1 << 16;

    private static final class Counted implements HistoryMeters {
        private final AtomicLong lines = new AtomicLong();
        private final AtomicLong lost = new AtomicLong();
        private final AtomicInteger failing = new AtomicInteger();

        @Override
        public void written(long count) {
            lines.addAndGet(count);
        }

        @Override
        public void lost(long events) {
            lost.addAndGet(events);
        }

        @Override
        public void failing(boolean is) {
            failing.set(is ? 1 : 0);
        }
    }

    private static VolumeState created() {
        VolumeState state = VolumeState.empty(Limits.DEFAULT);
        VolumeSettings settings =
                new VolumeSettings(new UUID(1, 1), "v", BLOCK, Durability.FORCED, 0);
        VolumeDevice device =
                new VolumeDevice(0, new UUID(2, 2), 1, 1 << 20, BLOCK, 100 * BLOCK, "d", true);
        VolumeState.creation(settings, List.of(device)).forEach(state::apply);
        return state;
    }

    private VolumeHistory open(long fileBytes, int keepFiles) {
        VolumeHistory history =
                new VolumeHistory(
                        new VolumeHistory.Parts(
                                "v",
                                Limits.DEFAULT,
                                disk,
                                fileBytes,
                                keepFiles,
                                mostFacts,
                                Duration.ofMillis(5),
                                () -> Instant.ofEpochMilli(1_700_000_000_000L),
                                meters));
        history.start();
        history.opened(state, position, false);
        return history;
    }

    private void does(VolumeHistory history, Command command) {
        List<Fact> facts = state.execute(command).facts();
        position += 100;
        history.happened(state, position, List.of(FactListener.Done.of(command, facts)));
    }

    private void joins(VolumeHistory history) {
        does(
                history,
                new Command.JoinClient(new ClientRecord(CLIENT, "p", "o", 1, 2, 3, 1000, 10)));
    }

    private void makes(VolumeHistory history, String name) {
        operation++;
        does(
                history,
                new Command.CreateFile(
                        new Origin(CLIENT, operation, operation - 1),
                        0,
                        FileId.ROOT,
                        name,
                        FileKind.FILE,
                        0644,
                        "o",
                        false));
    }

    private static void await(String what, java.util.function.BooleanSupplier until) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!until.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "still not: " + what);
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
    }

    private HistoryCheck clean() {
        HistoryCheck check = disk.check();
        assertEquals(List.of(), check.findings());
        return check;
    }

    // ---- in good order

    @Test
    void everythingIsThereAfterAnOrderlyEnd() {
        VolumeHistory history = open(1 << 20, 4);
        joins(history);
        for (int i = 0; i < 100; i++) {
            makes(history, "f" + i);
        }
        history.close();
        HistoryCheck check = clean();
        assertEquals(List.of(), check.notes());
        assertEquals(100, check.summary().events().get("create"));
        assertEquals(1, check.summary().events().get("end"));
        assertEquals(check.summary().lines(), meters.lines.get());
        assertEquals(1, disk.list().size());
        assertTrue(disk.forces() > 0);
    }

    @Test
    void onlyTheNewestFilesAreKept() {
        VolumeHistory history = open(1_000, 3);
        joins(history);
        for (int i = 0; i < 100; i++) {
            makes(history, "f" + i);
        }
        history.close();
        assertEquals(3, disk.list().size());
        HistoryCheck check = clean();
        // Each begins with the state, so that nothing before it is needed.
        assertEquals(List.of(), check.notes());
        assertEquals(0, check.summary().unchecked());
        assertEquals(3, check.summary().events().get("begin"));
    }

    @Test
    void aRestartGoesOnWhereTheLogHadEnded() {
        VolumeHistory history = open(1 << 20, 4);
        joins(history);
        makes(history, "f");
        history.close();
        history = open(1 << 20, 4);
        makes(history, "g");
        history.close();
        assertEquals(2, disk.list().size());
        HistoryCheck check = clean();
        assertEquals(List.of(), check.notes());
        assertEquals(0, check.summary().gaps());
        assertEquals(2, check.summary().events().get("begin"));
    }

    @Test
    void anotherStateAfterARestartIsFound() {
        VolumeHistory history = open(1 << 20, 4);
        joins(history);
        makes(history, "f");
        history.close();
        state = created();
        history = open(1 << 20, 4);
        history.close();
        assertEquals("I6", disk.check().findings().getFirst().invariant());
    }

    // ---- after a crash

    @Test
    void aTornTailIsPassedOver() {
        VolumeHistory history = open(1 << 20, 4);
        joins(history);
        makes(history, "f");
        makes(history, "g");
        history.close();
        disk.lose(20);
        position += 100;
        history = open(1 << 20, 4);
        makes(history, "h");
        history.close();
        HistoryCheck check = clean();
        assertTrue(check.notes().getFirst().contains("torn"), check.notes()::toString);
        assertEquals(0, check.summary().damaged());
        assertEquals(1, check.summary().gaps());
        assertEquals(0, check.summary().unchecked());
    }

    // ---- too fast

    @Test
    void aFullQueueCostsEventsAndSaysHowMany() throws Exception {
        mostFacts = 40;
        VolumeHistory history = open(1 << 20, 4);
        disk.hang();
        joins(history);
        await(
                "the log's thread hangs",
                () -> {
                    makes(history, "f" + operation);
                    return meters.lost.get() > 0;
                });
        makes(history, "one-more");
        disk.goOn();
        await(
                "events are taken again",
                () -> {
                    long before = meters.lost.get();
                    makes(history, "f" + operation);
                    return meters.lost.get() == before;
                });
        makes(history, "last");
        history.close();
        HistoryCheck check = clean();
        assertEquals(1, check.summary().gaps());
        assertTrue(check.summary().missing() >= meters.lost.get(), check.notes()::toString);
        assertTrue(check.notes().getFirst().contains("faster"), check.notes()::toString);
        assertEquals(0, check.summary().unchecked());
    }

    // ---- a disk that fails

    private void failsAndRecovers() {
        VolumeHistory history = open(1 << 20, 4);
        joins(history);
        makes(history, "before");
        await("something is written", () -> disk.used() > 1_000);
        disk.capacity(disk.used() + 30);
        await(
                "the disk is found full",
                () -> {
                    makes(history, "f" + operation);
                    return meters.failing.get() == 1;
                });
        makes(history, "meanwhile");
        disk.capacity(Long.MAX_VALUE);
        await("the log goes on", () -> meters.failing.get() == 0);
        makes(history, "after");
        history.close();
    }

    @Test
    void aFullDiskCostsEventsAndSaysHowMany() {
        failsAndRecovers();
        HistoryCheck check = clean();
        assertTrue(check.summary().gaps() > 0);
        assertTrue(check.summary().missing() > 0);
        assertEquals(0, check.summary().damaged());
        assertEquals(0, check.summary().unchecked());
        assertTrue(check.notes().toString().contains("No space left"), check.notes()::toString);
    }

    @Test
    void aFileThatCannotBeCutEndsInATornLine() {
        disk.truncatesNoMore();
        failsAndRecovers();
        HistoryCheck check = clean();
        assertTrue(check.notes().toString().contains("torn"), check.notes()::toString);
        assertEquals(0, check.summary().damaged());
        assertEquals(0, check.summary().unchecked());
    }

    @Test
    void aDiskThatIsFullFromTheStart() {
        disk.capacity(0);
        VolumeHistory history = open(1 << 20, 4);
        await("the disk is found full", () -> meters.failing.get() == 1);
        joins(history);
        await("an event is lost", () -> meters.lost.get() > 0);
        disk.capacity(Long.MAX_VALUE);
        await("the log goes on", () -> meters.failing.get() == 0);
        makes(history, "after");
        history.close();
        assertEquals(1, clean().summary().events().get("create"));
    }
}
