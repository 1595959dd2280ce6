package dev.outlay.core.history;

import static dev.outlay.core.history.Log.A;
import static dev.outlay.core.history.Log.B;
import static dev.outlay.core.history.Log.FILE;
import static dev.outlay.core.history.Log.fresh;
import static dev.outlay.core.history.Log.range;
import static dev.outlay.core.history.Log.written;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.GrantKind;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Blocks that replace others: copies beside a map, what the server has written anew, clones. */
class HistoryCopiesTest {

    private static final long CLONE = 3;

    /** The check finds this first, in the last line. */
    private static void finds(String invariant, String what, Log log) {
        List<HistoryFinding> found = log.check().findings();
        assertFalse(found.isEmpty(), "nothing is found");
        assertEquals(invariant, found.getFirst().invariant(), found::toString);
        assertTrue(found.getFirst().what().contains(what), found::toString);
        assertEquals("log:" + log.lines.size(), found.getFirst().place());
    }

    private static void clean(Log log) {
        HistoryCheck check = log.check();
        assertEquals(List.of(), check.findings());
        assertEquals(List.of(), check.notes());
    }

    /** One committed block that nobody holds, at block 1 of the device. */
    private static Log committed() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        return log;
    }

    /** A fills block 5 of the device, which is to replace that one; B reads it meanwhile. */
    private static Log overwriting() {
        Log log = committed();
        log.line(log.map("copies", A, fresh(0, 1, 5)));
        log.same(
                log.grant(
                        A, 3, GrantKind.RW_ATOMIC, range(0, 1), written(0, 1, 1), fresh(0, 1, 5)));
        return log;
    }

    private static Draft create() {
        return new Draft("create").with("file", CLONE).with("parent", 1L).with("name", "g");
    }

    private static Draft clone(Extent... blocks) {
        return new Draft("clone")
                .with("source", FILE)
                .with("file", CLONE)
                .with("range", List.of(range(0, 1)))
                .with("epoch", 1L)
                .with("blocks", List.of(blocks));
    }

    @Test
    void anOverwriteIsExposedByItsCommitAndFreesWhatItReplaces() {
        Log log = overwriting();
        log.line(Log.space("space", 14, 0, 1, 1, 0, 0));
        log.line(log.map("commit-swap", A, written(0, 1, 5)));
        log.line(Log.space("space", 15, 0, 0, 1, 0, 0));
        log.line(log.map("allocate", B, fresh(7, 1, 1)));
        log.same(log.grant(B, 1, GrantKind.RW, range(7, 1), fresh(7, 1, 1)));
        clean(log);
    }

    @Test
    void anOverwriteThatIsGivenUpFreesItsCopies() {
        Log log = overwriting();
        log.line(log.gone("return", A, 4, range(0, 1)));
        log.same(log.map("copies-free", A, fresh(0, 1, 5)));
        log.line(Log.space("space", 15, 0, 0, 1, 0, 0));
        clean(log);
    }

    @Test
    void copiesOfARevokedWriterAreNotUsedAgainBeforeItsProof() {
        Log log = overwriting();
        log.line(log.gone("revoke", A, 4, range(0, 1)));
        log.same(log.map("copies-set-aside", A, fresh(0, 1, 5)));
        log.same(log.ended(A, "EXPIRED"));
        clean(log);
        finds("I7", "without a proof", log.line(log.map("allocate", B, fresh(6, 1, 5))));
    }

    @Test
    void anExposureOfBlocksThatDidNotWaitForIt() {
        Log log = new Log().written();
        finds(
                "I2",
                "without blocks that waited for it",
                log.line(log.map("commit-swap", A, written(0, 1, 5))));
    }

    @Test
    void anExposureOfOtherBlocksThanThoseThatWaited() {
        Log log = overwriting();
        finds("I4", "lie at", log.line(log.map("commit-swap", A, written(0, 1, 6))));
    }

    @Test
    void anExposureByWhoHoldsNothing() {
        Log log = overwriting();
        finds("I2", "holds nothing", log.line(log.map("commit-swap", B, written(0, 1, 5))));
    }

    @Test
    void anExposureUnderAReader() {
        Log log = overwriting();
        log.line(log.grant(B, 1, GrantKind.READ, range(0, 1), written(0, 1, 1)));
        clean(log);
        finds("I9", "are taken", log.line(log.map("commit-swap", A, written(0, 1, 5))));
    }

    @Test
    void copiesWhereSomeAreAlready() {
        Log log = overwriting();
        finds("I4", "have blocks already", log.line(log.map("copies", A, fresh(0, 1, 6))));
    }

    @Test
    void whatTheServerHasWrittenAnewTakesThePlaceOfTheOld() {
        Log log = committed();
        log.line(log.map("replace", written(0, 1, 5)).with("old", List.of(written(0, 1, 1))));
        log.line(Log.space("space", 15, 0, 0, 1, 0, 0));
        clean(log);
        finds("I4", "not free", log.line(log.map("allocate", fresh(6, 1, 5))));
    }

    @Test
    void butNotUnderAReaderNorFromWhereNothingIs() {
        Log log = committed();
        log.line(log.grant(B, 1, GrantKind.READ, range(0, 1), written(0, 1, 1)));
        finds(
                "I9",
                "are taken",
                log.line(
                        log.map("replace", written(0, 1, 5))
                                .with("old", List.of(written(0, 1, 1)))));
        Log none = committed();
        finds(
                "I4",
                "does not have all of them",
                none.line(
                        none.map("replace", written(4, 1, 5))
                                .with("old", List.of(written(4, 1, 1)))));
    }

    @Test
    void blocksThatAreKeptStayWithTheFileWhenTheirWriterGoes() {
        Log log = new Log();
        log.line(log.map("allocate", A, fresh(0, 1, 1)));
        log.same(log.grant(A, 1, GrantKind.RW, range(0, 1), fresh(0, 1, 1)));
        log.line(
                new Draft("keep")
                        .with("file", FILE)
                        .with("epoch", 2L)
                        .with("ranges", List.of(range(0, 1))));
        log.line(log.gone("return", A, 2, range(0, 1)));
        clean(log);
        finds("I4", "not free", log.line(log.map("allocate", fresh(6, 1, 1)).with("epoch", 3L)));
    }

    @Test
    void aSharedBlockIsFreeWhenTheLastFileLetsGo() {
        Log log = committed().line(create());
        log.line(clone(written(0, 1, 1)));
        log.line(Log.space("space", 15, 0, 0, 1, 0, 0));
        log.line(log.map("free", written(0, 1, 1)));
        log.line(Log.space("space", 15, 0, 0, 1, 0, 0));
        clean(log);
        finds("I4", "not free", log.line(log.map("allocate", fresh(6, 1, 1))));
    }

    @Test
    void aSharedBlockIsWrittenByNobodyWhereItIs() {
        Log log = committed().line(create());
        log.line(clone(written(0, 1, 1)));
        clean(log);
        log.line(log.grant(B, 1, GrantKind.RW, range(0, 1), written(0, 1, 1)));
        finds("I4", "are in another file, too", log);
    }

    @Test
    void aCloneOfBlocksThatNoFileHas() {
        Log log = committed().line(create());
        finds("I4", "which no file has", log.line(clone(written(0, 1, 9))));
    }
}
