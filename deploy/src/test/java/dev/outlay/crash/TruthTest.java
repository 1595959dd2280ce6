package dev.outlay.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check is checked: histories that are right, and the same with one thing wrong. */
class TruthTest {

    private static final long DEAD = 1_000_000_000_000L;

    @TempDir private Path folder = Path.of("set by JUnit");

    private final Truth truth = new Truth();
    private int writers;

    /** A worker whose diary holds these lines; its writes are numbered from 1. */
    private Testimony worker(String... lines) throws IOException {
        int writer = ++writers;
        Path path = folder.resolve("diary-" + writer);
        Diary diary = Diary.create(path);
        List.of(lines).forEach(diary::line);
        Testimony told = new Testimony(truth, "worker " + writer, writer, path);
        told.readOn();
        return told;
    }

    private static String run(int cells, int writer, int number) {
        return cells + ":" + Cell.write(writer, number);
    }

    private void assertRight() {
        truth.judgeUpTo(Long.MAX_VALUE);
        assertEquals(List.of(), truth.problems());
        assertTrue(truth.readsChecked() > 0);
    }

    private void assertWrong(String what) {
        truth.judgeUpTo(Long.MAX_VALUE);
        assertEquals(1, truth.problemCount(), () -> truth.problems().toString());
        assertTrue(truth.problems().getFirst().contains(what), () -> truth.problems().toString());
    }

    @Test
    void whatWasCommittedIsRead() throws IOException {
        var _ = worker("W 1 7 2 4 10", "w 20", "C 7 30", "c 40");
        var _ = worker("R 7 0 8 50", "r 60 48 2:0 " + run(4, 1, 1));
        assertRight();
        assertEquals(64, truth.bytesChecked());
    }

    @Test
    void aCommittedWriteThatReadsAsZerosIsLost() throws IOException {
        var _ = worker("W 1 7 2 4 10", "w 20", "C 7 30", "c 40");
        var _ = worker("R 7 0 8 50", "r 60 48 2:0 " + run(3, 1, 1) + " 1:0");
        assertWrong("cell 5: lost");
    }

    @Test
    void aFileThatEndsBeforeACommittedWriteHasLostIt() throws IOException {
        var _ = worker("W 1 7 2 4 10", "w 20", "C 7 30", "c 40");
        var _ = worker("R 7 0 8 50", "r 60 0");
        assertWrong("cell 2: lost");
    }

    @Test
    void aReadAtTheTimeOfTheCommitMayGetEither() throws IOException {
        var _ = worker("W 1 7 0 1 10", "w 20", "C 7 30", "c 40");
        var _ = worker("R 7 0 1 35", "r 60 8 1:0");
        var _ = worker("R 7 0 1 35", "r 60 8 " + run(1, 1, 1));
        assertRight();
    }

    @Test
    void whatAnotherOneHasOverwrittenIsStale() throws IOException {
        var _ = worker("W 1 7 0 1 10", "w 20", "C 7 30", "c 40");
        var _ = worker("W 1 7 0 1 50", "w 60", "C 7 70", "c 80");
        var _ = worker("R 7 0 1 90", "r 99 8 " + run(1, 1, 1));
        assertWrong("stale: write 1.1");
    }

    @Test
    void ofTwoAtTheSameTimeEitherMayBeLast() throws IOException {
        var _ = worker("W 1 7 0 1 10", "w 20", "C 7 30", "c 60");
        var _ = worker("W 1 7 0 1 50", "w 60", "C 7 70", "c 80");
        var _ = worker("R 7 0 1 90", "r 99 8 " + run(1, 1, 1));
        assertRight();
    }

    @Test
    void ofTwoWritesOfOneWorkerTheLaterCounts() throws IOException {
        var _ = worker("W 1 7 0 1 10", "w 20", "W 2 7 0 1 25", "w 28", "C 7 30", "c 60");
        var _ = worker("R 7 0 1 90", "r 99 8 " + run(1, 1, 1));
        assertWrong("replaced by its own worker");
    }

    @Test
    void whatADeadWorkerLeftMayShowUntilSomebodyOverwritesIt() throws IOException {
        Testimony dead = worker("W 1 7 0 1 10", "w 20");
        dead.ended(100, OptionalLong.empty(), 0);
        long after = DEAD;
        var _ = worker("R 7 0 1 " + after, "r " + (after + 1) + " 8 " + run(1, 1, 1));
        assertRight();
    }

    @Test
    void aWorkerThatIsGoneOverwritesNobody() throws IOException {
        Testimony dead = worker("W 1 7 0 1 10", "w 20");
        dead.ended(100, OptionalLong.empty(), 0);
        long after = DEAD;
        var _ =
                worker(
                        "W 1 7 0 1 " + after,
                        "w " + after,
                        "C 7 " + after,
                        "c " + (after + 1),
                        "R 7 0 1 " + (after + 2),
                        "r " + (after + 3) + " 8 " + run(1, 1, 1));
        assertWrong("stale: write 1.1");
    }

    @Test
    void whoWasStoppedAndThenFencedOverwritesNobodyAfterHisLease() throws IOException {
        Testimony late = worker("W 1 7 0 1 10", "f 5000 FENCED", "E FENCED");
        late.ended(6000, OptionalLong.of(100), 50);
        var _ =
                worker(
                        "W 1 7 0 1 200",
                        "w 210",
                        "C 7 220",
                        "c 230",
                        "R 7 0 1 300",
                        "r 310 8 " + run(1, 1, 1));
        assertWrong("stale: write 1.1");
    }

    @Test
    void aTruncateExplainsZeros() throws IOException {
        var _ = worker("W 1 7 0 4 10", "w 20", "C 7 30", "c 40", "T 7 2 16384 50", "z 60");
        var _ = worker("R 7 0 4 70", "r 80 16 " + run(2, 1, 1));
        assertRight();
    }

    @Test
    void whatATruncateHasCutIsStale() throws IOException {
        var _ = worker("W 1 7 0 4 10", "w 20", "C 7 30", "c 40", "T 7 2 16384 50", "z 60");
        var _ = worker("R 7 0 4 90", "r 99 32 " + run(4, 1, 1));
        assertWrong("cell 2: stale");
    }

    @Test
    void bytesOfNobodyAndOfOtherPlacesAreForeign() throws IOException {
        var _ = worker("R 7 0 4 70", "r 80 32 3:0 1:!" + Long.toHexString(0xCDCDCDCDCDCDCDCDL));
        assertWrong("cell 3: foreign bytes: 0xCD");
        assertEquals(-1, Cell.writeAt(Cell.of(3, 4, 7, 9), 7, 8));
        assertEquals(-1, Cell.writeAt(Cell.of(3, 4, 7, 9), 6, 9));
        assertEquals(Cell.write(3, 4), Cell.writeAt(Cell.of(3, 4, 7, 9), 7, 9));
        assertEquals("write 3.4, made for byte 72 of file 7", Cell.describe(Cell.of(3, 4, 7, 9)));
    }

    @Test
    void aWriteThatNobodyMadeIsNoticed() throws IOException {
        var _ = worker("W 1 7 0 4 10", "w 20", "C 7 30", "c 40");
        var _ = worker("R 7 0 8 70", "r 80 40 " + run(5, 1, 1));
        assertWrong("which nobody made there");
    }

    @Test
    void whatAFailedCloseTookAlongIsNotCommittedByTheNextHandle() throws IOException {
        var _ = worker("W 1 7 0 1 10", "w 20", "K 7 30", "f 31 READ_ONLY", "K 7 40", "c 50");
        var _ = worker("R 7 0 1 70", "r 80 8 1:0");
        assertRight();
    }

    @Test
    void whatACommitSaidIsLostIsNotCommittedByTheCloseBehindIt() throws IOException {
        var _ = worker("W 1 7 0 1 10", "w 20", "C 7 30", "c 40");
        var _ = worker("W 1 7 0 1 50", "w 60", "C 7 70", "f 75 FENCED lost", "K 7 80", "c 85");
        var _ = worker("R 7 0 1 90", "r 99 8 " + run(1, 1, 1));
        assertRight();
    }

    @Test
    void whatAFullDiskHeldUpIsCommittedByTheCommitBehindIt() throws IOException {
        var _ = worker("W 1 7 0 1 10", "w 20", "C 7 30", "c 40");
        var _ = worker("W 1 7 0 1 50", "w 60", "C 7 70", "f 75 READ_ONLY", "C 7 80", "c 85");
        var _ = worker("R 7 0 1 90", "r 99 8 " + run(1, 1, 1));
        assertWrong("stale: write 1.1");
    }

    @Test
    void aNameKeepsItsFileUntilItIsRemoved() throws IOException {
        var _ = worker("O /f 10", "o 20 7", "R 7 0 1 21", "r 22 0", "D /f 30", "d 40");
        var _ = worker("O /f 50", "o 60 8");
        assertRight();
        var _ = worker("O /f 70", "o 80 9");
        assertWrong("file 8, opened by worker 2, was lost");
    }

    @Test
    void aRemovedFileDoesNotComeBack() throws IOException {
        var _ = worker("O /f 10", "o 20 7", "D /f 30", "d 40", "O /f 50", "o 60 8");
        var _ = worker("O /f 70", "o 80 7");
        assertWrong("as file 7, which was removed");
    }

    @Test
    void aLineWithoutItsEndDoesNotCount() throws IOException {
        Testimony told = worker("W 1 7 0 1 10", "w 20", "C 7 30");
        assertEquals(30, told.waitingSince().orElseThrow());
        assertEquals("C 7 30", told.waitingFor());
        var _ = worker("R 7 0 1 50", "r 60 8 1:0");
        assertRight();
    }
}
