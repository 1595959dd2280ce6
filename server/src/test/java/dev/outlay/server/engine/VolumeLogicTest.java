package dev.outlay.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.CommitRange;
import dev.outlay.core.command.Command.DeviceIncarnation;
import dev.outlay.core.command.Command.MapFlags;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.server.checkpoint.FaultyCheckpoints;
import dev.outlay.server.history.FactListener;
import dev.outlay.server.journal.FaultyJournalStorage;
import dev.outlay.server.journal.Journal;
import dev.outlay.server.journal.JournalOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The engine's logic over a journal disk that crashes, tears, fails and fills up, in one thread.
 */
class VolumeLogicTest {

    private static final int BLOCK = 4096;
    private static final int EXTENTS = 100;
    private static final int BATCH_BYTES = 1 << 18;
    private static final UUID VOLUME = new UUID(1, 2);
    private static final ClientRecord A =
            new ClientRecord(new ClientId(10), "p", "a", 1, 0, 0, 1000, 100);

    private FaultyJournalStorage disk = new FaultyJournalStorage(new Random(0));
    private FaultyCheckpoints checkpoints = new FaultyCheckpoints(new Random(0));
    private final List<Work> works = new ArrayList<>();
    private final List<Command> timers = new ArrayList<>();
    private final List<Notice> notices = new ArrayList<>();
    private final Map<ClientId, Boolean> renewals = new HashMap<>();
    private @Nullable VolumeLogic opened;
    private long operation;
    private boolean devicesBusy;

    private final class Recording implements VolumeLogic.Effects {
        @Override
        public void startWork(Work work, ByteBuffer bytes) {
            works.add(work);
        }

        @Override
        public boolean isQuiet() {
            return !devicesBusy;
        }

        @Override
        public void graceBegan(long millis, List<ClientId> awaited) {}

        @Override
        public void graceEnded(List<ClientId> back, List<ClientId> lost) {}

        @Override
        public void after(long millis, Command command) {
            timers.add(command);
        }

        @Override
        public void tell(Notice notice) {
            notices.add(notice);
        }

        @Override
        public void renewals(ClientId client, boolean allowed) {
            renewals.put(client, allowed);
        }

        @Override
        public void batchDone(int commands) {}
    }

    private VolumeStore store() {
        JournalOptions options =
                new JournalOptions(
                        VOLUME, 1 << 20, BATCH_BYTES, 1000, new Random(3)::nextLong, Runnable::run);
        return new VolumeStore(disk, options, Limits.DEFAULT, checkpoints);
    }

    private void create(long seed) throws IOException {
        disk = new FaultyJournalStorage(new Random(seed));
        checkpoints = new FaultyCheckpoints(new Random(seed));
        operation = 0;
        works.clear();
        VolumeDevice device =
                new VolumeDevice(
                        0,
                        new UUID(5, 6),
                        1,
                        64L << 20,
                        BLOCK,
                        (64L << 20) - 2 * BLOCK,
                        "/d",
                        true);
        store().create(
                        VolumeState.creation(
                                new VolumeSettings(VOLUME, "v", BLOCK, Durability.FORCED, 1),
                                List.of(device)));
        open();
    }

    private void open() throws IOException {
        var _ = checkpoints.restart();
        VolumeStore store = store();
        VolumeLogic logic =
                new VolumeLogic(
                        "v", store, store.load(), BATCH_BYTES, FactListener.NONE, new Recording());
        logic.begin();
        opened = logic;
    }

    private VolumeLogic logic() {
        return Objects.requireNonNull(opened);
    }

    /** What is in quarantine is durable, and so is the need to prove it. */
    @Test
    void whoNeedsAFenceIsSaidAgainAfterARestart() throws IOException {
        create(1);
        notices.clear();
        FileId file = file();
        assertInstanceOf(Reply.Mapped.class, run(map(next(), file, 0, BLOCK, IoMode.RW)));
        assertInstanceOf(
                Reply.Remembered.class, run(new Command.EndClient(A.id(), EndCause.REVOKED)));
        assertEquals(List.of(new Notice.NeedsFence(A.id())), notices);
        notices.clear();
        open();
        assertEquals(List.of(new Notice.NeedsFence(A.id())), notices);
        assertInstanceOf(Reply.Proven.class, run(new Command.ProveClient(A.id(), Proof.OPERATOR)));
        notices.clear();
        open();
        assertEquals(List.of(), notices);
    }

    private Reply run(Command command) {
        Submission submission = Submission.of(command);
        logic().process(List.of(submission));
        return submission.reply().getNow(new Reply.Done());
    }

    private Origin next() {
        operation++;
        return new Origin(A.id(), operation, operation - 1);
    }

    /** The next operation, while the one before it has no answer yet. */
    private Origin behindUnanswered() {
        operation++;
        return new Origin(A.id(), operation, operation - 2);
    }

    private Command.MapBlocks map(
            Origin origin, FileId file, long offset, long length, IoMode mode) {
        return new Command.MapBlocks(
                origin,
                5,
                file,
                offset,
                length,
                length,
                mode,
                Optional.empty(),
                MapFlags.NONE,
                1000,
                new LayoutId(7, 7),
                0);
    }

    /**
     * Every other block first and last, so that the commit names a hundred extents that cannot
     * merge.
     */
    private Command.CommitBlocks hundredExtents(FileId file) {
        List<CommitRange> ranges = new ArrayList<>();
        Optional<Reply.Mapped> last = Optional.empty();
        for (int i = 0; i < EXTENTS; i++) {
            Reply.Mapped all =
                    assertInstanceOf(
                            Reply.Mapped.class,
                            run(map(next(), file, 2L * i * BLOCK, BLOCK, IoMode.RW)));
            last = Optional.of(all);
            Extent extent = all.extents().getFirst();
            ranges.add(
                    new CommitRange(
                            extent.fileOffset(), BLOCK, extent.device(), extent.deviceOffset()));
        }
        return new Command.CommitBlocks(
                next(),
                5,
                file,
                last.orElseThrow().stateid().orElseThrow(),
                ranges,
                List.of(new DeviceIncarnation(0, 1)),
                last.orElseThrow().mapEpoch(),
                Durability.FORCED,
                OptionalLong.of((2L * EXTENTS - 1) * BLOCK - 1),
                OptionalLong.empty());
    }

    private FileId file() {
        assertInstanceOf(Reply.Done.class, run(new Command.JoinClient(A)));
        Reply.FileChanged made =
                assertInstanceOf(
                        Reply.FileChanged.class,
                        run(
                                new Command.CreateFile(
                                        next(), 5, FileId.ROOT, "f", FileKind.FILE, 0644, "a")));
        return made.attributes().file();
    }

    private void checkClean() {
        logic().look(state -> assertEquals(List.of(), StateChecker.check(state.tables())));
    }

    /**
     * Scenario 24: a crash at every step of a commit of 100 extents leaves all of them written or
     * none, size to match.
     */
    @Test
    void scenario24CrashAtEveryStepOfACommit() throws IOException {
        boolean survived = false;
        boolean sawNone = false;
        boolean sawAll = false;
        for (int step = 1; !survived; step++) {
            create(step);
            FileId file = file();
            Command.CommitBlocks commit = hundredExtents(file);
            disk.crashAfter(step);
            Optional<Reply> reply = Optional.empty();
            try {
                reply = Optional.of(run(commit));
                survived = true;
            } catch (FaultyJournalStorage.Crash crash) {
                assertTrue(disk.hasCrashed());
            }
            disk.restart();
            open();
            checkClean();
            run(new Command.ReattachClient(A.id(), operation - 1, List.of()));
            Reply.Extents extents =
                    assertInstanceOf(
                            Reply.Extents.class, run(new Command.ListExtents(file, 0, 1000)));
            long written =
                    extents.extents().stream()
                            .filter(e -> e.state() == ExtentState.WRITTEN)
                            .count();
            long size = extents.attributes().sizeBytes();
            assertTrue(
                    written == 0 || written == EXTENTS,
                    "step " + step + ": " + written + " extents are written");
            assertEquals(written == 0 ? 0 : (2L * EXTENTS - 1) * BLOCK, size, "step " + step);
            sawNone |= written == 0;
            sawAll |= written == EXTENTS;
            if (reply.isPresent()) {
                assertEquals(EXTENTS, written, "the commit was answered");
            }
            Reply retried = run(commit);
            assertInstanceOf(Reply.Committed.class, retried, "step " + step);
            checkClean();
        }
        assertTrue(sawNone && sawAll, "both outcomes must have been seen");
    }

    /**
     * Scenario 22: a commit whose reply was lost is answered the same after a restart, with nothing
     * journaled again.
     */
    @Test
    void scenario22RetryAfterRestart() throws IOException {
        create(1);
        FileId file = file();
        Command.CommitBlocks commit = hundredExtents(file);
        Reply first = run(commit);
        disk.restart();
        open();
        run(new Command.ReattachClient(A.id(), operation - 1, List.of()));
        long before = logic().status().journalPosition();
        assertEquals(first, run(commit));
        assertEquals(before, logic().status().journalPosition(), "the retry must not be journaled");
    }

    /**
     * A failed force makes the volume refuse, then it is read back from the durable prefix and goes
     * on.
     */
    @Test
    void failedForceIsNeverAnsweredAndTheVolumeRecovers() throws IOException {
        for (int step = 1; step <= 4; step++) {
            create(step);
            FileId file = file();
            Command.CommitBlocks commit = hundredExtents(file);
            disk.failAfter(step);
            Reply reply = run(commit);
            if (reply instanceof Reply.Failure failure) {
                assertEquals(Reason.READ_ONLY, failure.reason());
            }
            assertInstanceOf(
                    Reply.Reattached.class,
                    run(new Command.ReattachClient(A.id(), operation - 1, List.of())));
            assertInstanceOf(Reply.Committed.class, run(commit));
            assertTrue(logic().status().readOnlyReason().isEmpty());
            checkClean();
            disk.restart();
            open();
            Reply.Extents extents =
                    assertInstanceOf(
                            Reply.Extents.class, run(new Command.ListExtents(file, 0, 1000)));
            assertEquals((2L * EXTENTS - 1) * BLOCK, extents.attributes().sizeBytes());
            checkClean();
        }
    }

    private VolumeLogic.Decided decided(Submission... batch) {
        return Objects.requireNonNull(logic().decide(List.of(batch)));
    }

    /**
     * While one batch is being forced the next is decided; each is answered behind its own force.
     */
    @Test
    void aBatchDecidedWhileAnotherIsForcedWaitsForBoth() throws IOException {
        create(1);
        FileId file = file();
        Submission first = Submission.of(map(next(), file, 0, BLOCK, IoMode.RW));
        Submission second = Submission.of(map(behindUnanswered(), file, BLOCK, BLOCK, IoMode.RW));
        Submission read = Submission.of(new Command.ListExtents(file, 0, 10));
        VolumeLogic.Decided before = decided(first);
        assertTrue(logic().mayBeOvertaken(before));
        Journal.Force force = Objects.requireNonNull(logic().beginForce(before));
        VolumeLogic.Decided after = decided(read, second);
        assertFalse(first.reply().isDone());
        force.run();
        logic().endForce(before, after);
        assertInstanceOf(Reply.Mapped.class, first.reply().getNow(new Reply.Done()));
        assertFalse(read.reply().isDone(), "it may have seen what came after it in no journal");
        assertFalse(second.reply().isDone());
        long forced = logic().status().journalPosition();
        logic().force(after);
        assertInstanceOf(Reply.Extents.class, read.reply().getNow(new Reply.Done()));
        assertInstanceOf(Reply.Mapped.class, second.reply().getNow(new Reply.Done()));
        assertTrue(logic().status().journalPosition() > forced);
        checkClean();
        assertBothStand(first, second);
    }

    /** Whatever fails, of the force or of the one behind it: nothing is answered that was lost. */
    @Test
    void aFailedForceTakesTheBatchDecidedMeanwhileAlong() throws IOException {
        for (int step = 1; step <= 4; step++) {
            create(step);
            FileId file = file();
            Submission first = Submission.of(map(next(), file, 0, BLOCK, IoMode.RW));
            Submission second =
                    Submission.of(map(behindUnanswered(), file, BLOCK, BLOCK, IoMode.RW));
            VolumeLogic.Decided before = decided(first);
            Journal.Force force = Objects.requireNonNull(logic().beginForce(before));
            VolumeLogic.Decided after = decided(second);
            disk.failAfter(step);
            force.run();
            logic().endForce(before, after);
            assertEquals(step > 2, first.reply().isDone(), "step " + step);
            logic().force(after);
            assertFalse(second.reply().isDone(), "step " + step);
            assertBothStand(first, second);
            checkClean();
        }
    }

    /** After a restart both are answered as they were, or as they would have been. */
    private void assertBothStand(Submission first, Submission second) throws IOException {
        disk.restart();
        open();
        assertInstanceOf(
                Reply.Reattached.class,
                run(new Command.ReattachClient(A.id(), operation - 2, List.of())));
        for (Submission each : List.of(first, second)) {
            Reply again = assertInstanceOf(Reply.Mapped.class, run(each.command()));
            assertEquals(each.reply().getNow(again), again);
        }
        checkClean();
    }

    /**
     * A full journal disk: changes are refused with the reason, reads answered; it recovers when
     * space returns.
     */
    @Test
    void fullDiskIsReadOnlyUntilSpaceReturns() throws IOException {
        create(1);
        FileId file = file();
        fillDisk();
        assertTrue(
                logic().status().readOnlyReason().orElseThrow().contains("full"),
                logic().status()::toString);
        assertInstanceOf(Reply.Attributes.class, run(new Command.GetAttributes(file)));
        disk.setCapacityBytes(Long.MAX_VALUE);
        assertInstanceOf(
                Reply.FileChanged.class,
                run(
                        new Command.CreateFile(
                                next(), 5, FileId.ROOT, "after", FileKind.FILE, 0644, "a")));
        assertFalse(logic().status().readOnlyReason().isPresent());
        checkClean();
    }

    private void fillDisk() {
        disk.setCapacityBytes(1 << 20);
        Reply reply = new Reply.Done();
        for (int i = 0; i < 10_000 && !(reply instanceof Reply.Failure); i++) {
            reply =
                    run(
                            new Command.CreateFile(
                                    next(),
                                    5,
                                    FileId.ROOT,
                                    "n".repeat(200) + i,
                                    FileKind.FILE,
                                    0644,
                                    "a"));
        }
        assertEquals(Reason.READ_ONLY, assertInstanceOf(Reply.Failure.class, reply).reason());
    }

    /** Who is refused for want of room leaves the queue: nobody waits behind a place of nobody. */
    @Test
    void whoIsRefusedOnAFullDiskLeavesTheQueue() throws IOException {
        create(1);
        FileId file = file();
        assertInstanceOf(Reply.Mapped.class, run(map(next(), file, 0, BLOCK, IoMode.RW)));
        Submission front = Submission.of(waiting(new ClientId(11), file));
        Submission behind = Submission.of(waiting(new ClientId(12), file));
        logic().process(List.of(front, behind));
        assertFalse(front.reply().isDone() || behind.reply().isDone());
        fillDisk();
        run(timers.stream().filter(Command.EndWait.class::isInstance).findFirst().orElseThrow());
        assertEquals(Reason.TRY_LATER, reason(front));
        assertEquals(Reason.READ_ONLY, reason(behind));
        logic().look(state -> assertEquals(0, state.tables().waiting().size()));
    }

    /** Who is refused for want of room gives up: a late copy is not done once there is room. */
    @Test
    void whatWasRefusedOnAFullDiskIsNotDoneByALateCopy() throws IOException {
        create(1);
        file();
        fillDisk();
        Command refused = mkdir(next(), "given-up");
        assertEquals(Reason.READ_ONLY, failure(run(refused)));
        disk.setCapacityBytes(Long.MAX_VALUE);
        assertEquals(Reason.READ_ONLY, failure(run(refused)));
        assertInstanceOf(Reply.FileChanged.class, run(mkdir(next(), "asked-anew")));
        assertEquals(Reason.EXPIRED, failure(run(refused)));
    }

    /** The same where there was no state that could have remembered it. */
    @Test
    void whatWasRefusedWhileTheStateWasMissingIsNotDoneByALateCopy() throws IOException {
        create(1);
        file();
        disk.failAfter(1);
        run(mkdir(next(), "under-way"));
        devicesBusy = true;
        Command refused = mkdir(behindUnanswered(), "given-up");
        assertEquals(Reason.READ_ONLY, failure(run(refused)));
        devicesBusy = false;
        run(new Command.ReattachClient(A.id(), operation - 2, List.of()));
        assertEquals(Reason.READ_ONLY, failure(run(refused)));
        assertInstanceOf(Reply.FileChanged.class, run(mkdir(next(), "asked-anew")));
        assertEquals(Reason.EXPIRED, failure(run(refused)));
        assertEquals(Reason.NOT_FOUND, failure(run(new Command.Lookup(FileId.ROOT, "given-up"))));
    }

    private static Command mkdir(Origin origin, String name) {
        return new Command.CreateFile(origin, 5, FileId.ROOT, name, FileKind.DIRECTORY, 0755, "a");
    }

    private static Reason failure(Reply reply) {
        return assertInstanceOf(Reply.Failure.class, reply).reason();
    }

    /** Asks for the first block of a file, as a client of its own. */
    private Command.MapBlocks waiting(ClientId client, FileId file) {
        run(new Command.JoinClient(new ClientRecord(client, "p", "o" + client, 1, 0, 0, 1000, 9)));
        return new Command.MapBlocks(
                new Origin(client, 1, 0),
                5,
                file,
                0,
                BLOCK,
                BLOCK,
                IoMode.RW,
                Optional.empty(),
                MapFlags.NONE,
                1000,
                new LayoutId(8, client.value()),
                60_000);
    }

    private static Reason reason(Submission submission) {
        return assertInstanceOf(Reply.Failure.class, submission.reply().getNow(new Reply.Done()))
                .reason();
    }

    /**
     * Scenario 52: a crash between the zeroing of a tail and its record ends with the old file or
     * the new one.
     */
    @Test
    void scenario52TruncateIsRedoneAfterACrash() throws IOException {
        create(1);
        FileId file = file();
        run(hundredExtents(file));
        Command.Truncate truncate = new Command.Truncate(next(), 5, file, 100);
        assertInstanceOf(Reply.Done.class, run(truncate), "it waits for its zeros");
        assertEquals(1, works.size());
        works.clear();
        disk.restart();
        open();
        assertEquals(1, works.size(), "the work is intended again after the restart");
        run(new Command.ReattachClient(A.id(), operation - 1, List.of()));
        Reply.Attributes before =
                assertInstanceOf(Reply.Attributes.class, run(new Command.GetAttributes(file)));
        assertEquals((2L * EXTENTS - 1) * BLOCK, before.attributes().sizeBytes());
        run(new Command.CompleteWork(works.getFirst().id(), 6));
        Reply.FileChanged answer = assertInstanceOf(Reply.FileChanged.class, run(truncate));
        assertEquals(100, answer.attributes().sizeBytes());
        checkClean();
    }

    /**
     * An operation whose work is durably intended will happen: it is not refused because the
     * journal fails meanwhile. The client re-attaches, sends it again and gets its answer.
     */
    @Test
    void intendedWorkIsNotRefusedWhenTheJournalFails() throws IOException {
        create(1);
        FileId file = file();
        run(hundredExtents(file));
        Submission truncate = Submission.of(new Command.Truncate(next(), 5, file, 100));
        logic().process(List.of(truncate));
        assertEquals(1, works.size());
        works.clear();
        disk.failAfter(1);
        Submission other =
                Submission.of(
                        new Command.SetAttributes(
                                next(),
                                5,
                                file,
                                OptionalInt.of(0600),
                                Optional.empty(),
                                OptionalLong.empty(),
                                OptionalLong.empty()));
        logic().process(List.of(other));
        assertFalse(truncate.reply().isDone(), "it will happen, so it is not refused");
        assertFalse(other.reply().isDone(), "nobody knows yet");

        run(new Command.GetAttributes(file));
        for (Submission underWay : List.of(truncate, other)) {
            assertEquals(
                    Reason.NO_SESSION,
                    assertInstanceOf(Reply.Failure.class, underWay.reply().join()).reason());
        }
        run(new Command.ReattachClient(A.id(), operation - 2, List.of()));
        run(new Command.CompleteWork(works.getFirst().id(), 6));
        Reply.FileChanged answer =
                assertInstanceOf(Reply.FileChanged.class, run(truncate.command()));
        assertEquals(100, answer.attributes().sizeBytes());
        checkClean();
    }

    /**
     * The journal fails under the completion of work: the operation is in the journal as an intent,
     * so it is answered only once that is done again.
     */
    @Test
    void anOperationIsNotRefusedWhenTheJournalFailsUnderItsCompletion() throws IOException {
        create(1);
        FileId file = file();
        run(hundredExtents(file));
        Submission truncate = Submission.of(new Command.Truncate(next(), 5, file, 100));
        logic().process(List.of(truncate));
        long work = works.removeFirst().id();
        disk.failAfter(1);
        Reply completed = run(new Command.CompleteWork(work, 6));
        assertEquals(Reason.READ_ONLY, assertInstanceOf(Reply.Failure.class, completed).reason());
        assertFalse(truncate.reply().isDone(), "it will happen, so it is not refused");

        logic().recover();
        assertEquals(
                Reason.NO_SESSION,
                assertInstanceOf(Reply.Failure.class, truncate.reply().join()).reason());
        run(new Command.ReattachClient(A.id(), operation - 1, List.of()));
        run(new Command.CompleteWork(works.getFirst().id(), 6));
        Reply.FileChanged answer =
                assertInstanceOf(Reply.FileChanged.class, run(truncate.command()));
        assertEquals(100, answer.attributes().sizeBytes());
        checkClean();
    }

    /** A second try of what waits for the rebuild waits with it; what is new is refused. */
    @Test
    void aRetryOfWhatIsUnderWayWaitsForTheRebuildAndWhatIsNewIsRefused() throws IOException {
        create(1);
        FileId file = file();
        Submission truncate = Submission.of(new Command.Truncate(next(), 5, file, 100));
        disk.failAfter(1);
        devicesBusy = true;
        logic().process(List.of(truncate));
        Submission retry = Submission.of(truncate.command());
        logic().process(List.of(retry));
        assertFalse(truncate.reply().isDone() || retry.reply().isDone(), "nobody knows yet");
        assertEquals(
                Reason.READ_ONLY,
                failure(run(new Command.Truncate(behindUnanswered(), 5, file, 200))));

        devicesBusy = false;
        logic().recover();
        assertTrue(truncate.reply().isDone() && retry.reply().isDone());
        run(new Command.ReattachClient(A.id(), operation - 2, List.of()));
        assertInstanceOf(Reply.FileChanged.class, run(truncate.command()));
    }

    /** What a crash during a truncate left. */
    private enum Cut {
        OLD,
        INTENDED,
        NEW
    }

    /**
     * Scenario 52: wherever it crashes, and whatever of it the disk keeps, the file is old or new;
     * and once zeros may have reached the device, it becomes the new one.
     */
    @Test
    void scenario52CrashAtEveryStepOfATruncate() throws IOException {
        Set<Cut> seen = EnumSet.noneOf(Cut.class);
        boolean survived = false;
        for (int step = 1; !survived; step++) {
            for (int seed = 0; seed < 8; seed++) {
                create(100L * step + seed);
                survived = truncateCrashing(step, seen);
            }
        }
        assertEquals(EnumSet.allOf(Cut.class), seen);
    }

    private boolean truncateCrashing(int step, Set<Cut> seen) throws IOException {
        FileId file = file();
        run(hundredExtents(file));
        Command.Truncate truncate = new Command.Truncate(next(), 5, file, 100);
        disk.crashAfter(step);
        boolean survived = false;
        try {
            run(truncate);
            run(new Command.CompleteWork(works.getFirst().id(), 6));
            survived = true;
        } catch (FaultyJournalStorage.Crash crash) {
            assertTrue(disk.hasCrashed());
        }
        boolean zerosMayBeThere = !works.isEmpty();
        works.clear();
        disk.restart();
        open();
        checkClean();
        run(new Command.ReattachClient(A.id(), operation - 1, List.of()));
        long size =
                assertInstanceOf(Reply.Attributes.class, run(new Command.GetAttributes(file)))
                        .attributes()
                        .sizeBytes();
        assertTrue(size == 100 || size == (2L * EXTENTS - 1) * BLOCK, "step " + step);
        Cut cut = size == 100 ? Cut.NEW : works.isEmpty() ? Cut.OLD : Cut.INTENDED;
        assertFalse(zerosMayBeThere && cut == Cut.OLD, "step " + step);
        assertFalse(survived && cut != Cut.NEW, "step " + step);
        seen.add(cut);

        Reply retried = run(truncate);
        if (!works.isEmpty()) {
            run(new Command.CompleteWork(works.getFirst().id(), 6));
            retried = run(truncate);
        }
        Reply.FileChanged answer = assertInstanceOf(Reply.FileChanged.class, retried);
        assertEquals(100, answer.attributes().sizeBytes(), "step " + step);
        checkClean();
        return survived;
    }
}
