package dev.outlay.core.history;

import static dev.outlay.core.history.Log.A;
import static dev.outlay.core.history.Log.B;
import static dev.outlay.core.history.Log.BLOCK;
import static dev.outlay.core.history.Log.C;
import static dev.outlay.core.history.Log.FILE;
import static dev.outlay.core.history.Log.fresh;
import static dev.outlay.core.history.Log.range;
import static dev.outlay.core.history.Log.written;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.value.GrantKind;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What begins twice, ends unbegun or is not as it was: files, clients, devices, work, states. */
class HistoryNamesTest {

    /** The check finds this in the last line, beside what else it may find. */
    private static void finds(String invariant, String what, Log log) {
        String last = "log:" + log.lines.size();
        List<HistoryFinding> found = log.check().findings();
        assertTrue(
                found.stream()
                        .anyMatch(
                                each ->
                                        each.place().equals(last)
                                                && each.invariant().equals(invariant)
                                                && each.what().contains(what)),
                found::toString);
    }

    private static void clean(Log log) {
        HistoryCheck check = log.check();
        assertEquals(List.of(), check.findings());
        assertEquals(List.of(), check.notes());
    }

    private static Draft ofFile(String event) {
        return new Draft(event).with("file", FILE);
    }

    private static Draft create(long file, String name) {
        return new Draft("create").with("file", file).with("parent", 1L).with("name", name);
    }

    /** One committed block that nobody holds, at block 1 of the device. */
    private static Log committed() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        return log.same(log.map("free", A, fresh(1, 1, 2)));
    }

    @Test
    void whatBeginsTwice() {
        finds("I4", "a second time", new Log().line(create(FILE, "g")));
        finds("I9", "a second time", new Log().line(Log.client("client-begin", A)));
        finds("I23", "a second time", new Log().line(Log.device("device-added", 1)));
    }

    @Test
    void aFileThatIsForgottenTooEarly() {
        clean(new Log().line(ofFile("forget")));
        finds("I21", "not its blocks or its holders", committed().line(ofFile("forget")));
        Log held = new Log();
        held.line(held.grant(A, 1, GrantKind.READ, range(4, 1)));
        finds("I21", "not its blocks or its holders", held.line(ofFile("forget")));
    }

    @Test
    void whatEndsUnbegun() {
        Log log = new Log();
        finds("I13", "does not hold", log.line(log.gone("return", B, 1, range(0, 1))));
        finds("I13", "had not begun", new Log().line(new Draft("work-end").with("work", 7L)));
        Log lives = new Log();
        finds("I7", "before its end", lives.line(lives.of("proof", A).with("proof", "OPERATOR")));
    }

    @Test
    void aGrantAfterTheEnd() {
        Log log = new Log();
        log.line(log.ended(B, "EXPIRED"));
        finds("I9", "after its end", log.line(log.grant(B, 1, GrantKind.READ, range(4, 1))));
    }

    @Test
    void aWriterInPlaceOfWhatTwoFilesHave() {
        Log log = committed();
        log.line(create(3, "g"));
        log.line(
                new Draft("clone")
                        .with("source", FILE)
                        .with("file", 3L)
                        .with("range", List.of(range(0, 1)))
                        .with("epoch", 1L)
                        .with("blocks", List.of(written(0, 1, 1))));
        clean(log);
        finds(
                "I4",
                "in another file, too",
                log.line(log.grant(B, 1, GrantKind.RW, range(0, 1), written(0, 1, 1))));
    }

    @Test
    void blocksThatAreNotThere() {
        Log log = new Log();
        finds("I4", "do not belong", log.line(log.map("allocate", A, fresh(0, 1, 100))));
        Log hole = new Log();
        hole.line(hole.grant(A, 1, GrantKind.RW, range(4, 1)));
        finds("I3", "have no blocks", hole.line(hole.map("commit", A, written(4, 1, 9))));
        finds("I4", "lie at", moved());
    }

    private static Log moved() {
        Log log = new Log().written();
        return log.line(log.map("commit", A, written(1, 1, 7)));
    }

    @Test
    void blocksAreCountedByWhatTheyAreFor() {
        Log kept = new Log();
        kept.line(kept.map("allocate", A, fresh(0, 1, 1)));
        kept.line(Log.space("space", 15, 0, 1, 0, 0, 0));
        Draft keep = kept.map("keep").with("ranges", List.of(range(0, 1)));
        clean(kept.line(keep).line(Log.space("space", 15, 0, 0, 1, 0, 0)));
        Log removed = committed().line(ofFile("unlink").with("change", 3L));
        clean(removed.line(Log.space("space", 15, 0, 0, 0, 1, 0)));
        Draft work =
                ofFile("work-begin")
                        .with("work", 1L)
                        .with("range", List.of(range(4, 1)))
                        .with("keeps", List.of(fresh(4, 2, 9).deviceRange()));
        clean(committed().line(work).line(Log.space("space", 13, 2, 0, 1, 0, 0)));
        Log revoked = new Log().written();
        revoked.line(revoked.gone("revoke", A, 2, range(0, 2)));
        revoked.same(revoked.map("set-aside", A, fresh(1, 1, 2)));
        revoked.same(revoked.map("at-risk", A, written(0, 1, 1)));
        revoked.same(revoked.ended(A, "EXPIRED"));
        clean(revoked.line(Log.space("space", 14, 0, 0, 1, 0, 1)));
    }

    @Test
    void blocksThatTwoEndedClientsMayTouch() {
        Log log = committed();
        for (long client : new long[] {A, B}) {
            log.line(log.grant(client, 3, GrantKind.READ_MAPPED, range(0, 1), written(0, 1, 1)));
        }
        for (long client : new long[] {A, B}) {
            log.line(log.gone("revoke", client, 4, range(0, 1)));
            log.same(log.map("at-risk", client, written(0, 1, 1)));
            log.same(log.ended(client, "EXPIRED"));
        }
        log.line(log.of("proof", A).with("proof", "OPERATOR"));
        log.same(log.of("client-forgotten", A));
        log.line(Log.client("client-begin", C));
        clean(log);
        finds(
                "I8",
                "may still touch",
                log.line(log.grant(C, 1, GrantKind.RW, range(0, 1), written(0, 1, 1))));
        finds("I7", "no proof", log.line(log.of("client-forgotten", B)));
    }

    @Test
    void aCloneTakesThePlaceOfWhatWasThere() {
        Log log = committed();
        log.line(create(3, "g"));
        log.line(
                new Draft("allocate")
                        .with("file", 3L)
                        .with("epoch", 1L)
                        .with("blocks", List.of(fresh(0, 1, 5))));
        log.line(
                new Draft("clone")
                        .with("source", FILE)
                        .with("file", 3L)
                        .with("range", List.of(range(0, 1)))
                        .with("epoch", 2L)
                        .with("old", List.of(fresh(0, 1, 5)))
                        .with("blocks", List.of(written(0, 1, 1))));
        log.line(Log.space("space", 15, 0, 0, 1, 0, 0));
        log.line(log.map("free", written(0, 1, 1)));
        log.line(Log.space("space", 15, 0, 0, 1, 0, 0));
        log.line(
                new Draft("free")
                        .with("file", 3L)
                        .with("epoch", 3L)
                        .with("blocks", List.of(written(0, 1, 1))));
        clean(log.line(Log.space("space", 16, 0, 0, 0, 0, 0)));
    }

    // ---- grants

    @Test
    void whoHoldsMoreKeepsItWhenGrantedLess() {
        Log log = new Log().written();
        log.line(log.grant(A, 2, GrantKind.READ, range(0, 2), fresh(1, 1, 2)));
        clean(log.line(log.map("commit", A, written(1, 1, 2))));
        finds("I11", "from 2 to 5", log.line(log.grant(A, 5, GrantKind.READ, range(0, 1))));
    }

    @Test
    void writersOfOneFileBesideEachOther() {
        clean(besideAWriter(GrantKind.RW, 0));
        finds("I8", "while client", besideAWriter(GrantKind.RW_ATOMIC, 0));
        finds("I8", "while client", besideAWriter(GrantKind.RW, 7));
    }

    /** A stores into the block, of a file that several may store into; then B is let in. */
    private static Log besideAWriter(GrantKind kind, long block) {
        Log log = committed();
        log.line(ofFile("flags").with("change", 3L).with("concurrent", true));
        if (block != 0) {
            log.line(log.map("allocate", A, fresh(block, 1, 9)));
        }
        log.line(log.grant(A, 1, GrantKind.RW, range(block, 1)));
        return log.line(log.grant(B, 1, kind, range(block, 1)));
    }

    // ---- a server that begins anew, or goes on in another file

    /** As {@link #committed} stands, B having read it. */
    private static Log again(Log log, String reason, long incarnation, long size) {
        log.begin(reason);
        log.line(Log.device("device", incarnation));
        log.line(Log.client("client", A)).line(Log.client("client", B));
        log.line(Log.file(1, 1, "", true));
        log.line(
                Log.file(FILE, 1, "f", false)
                        .with("size", size)
                        .with("change", 2L)
                        .with("modified", 10L)
                        .with("epoch", 3L));
        log.line(new Draft("map").with("file", FILE).with("blocks", List.of(written(0, 1, 1))));
        return log.stated(15, 0, 0, 1, 0, 0);
    }

    private static Log inGrace() {
        Log log = committed();
        log.line(log.grant(B, 1, GrantKind.READ, range(0, 1), written(0, 1, 1)));
        return again(log, "opened", 1, BLOCK).line(new Draft("grace-begin"));
    }

    private static Log replaced(Log log) {
        return log.line(
                log.map("replace", written(0, 1, 5)).with("old", List.of(written(0, 1, 1))));
    }

    @Test
    void blocksGoWhileOneMayStillRestateThem() {
        finds("I22", "may still restate", replaced(inGrace()));
        Log back = inGrace();
        clean(replaced(back.line(back.of("reattach", B))));
        Log over = inGrace();
        clean(replaced(over.line(new Draft("grace-end"))));
        Log writes = inGrace();
        finds(
                "I22",
                "while client",
                writes.line(writes.grant(A, 1, GrantKind.RW, range(0, 1), written(0, 1, 1))));
    }

    @Test
    void whatIsNotAsItWas() {
        clean(again(committed(), "rotated", 1, BLOCK));
        finds("I10", "attributes", again(committed(), "rotated", 1, BLOCK - 1));
        finds("I23", "another one", again(committed(), "rotated", 2, BLOCK));
        Log client = committed().line(Log.client("client-begin", C));
        finds("I10", "clients differ", again(client, "rotated", 1, BLOCK));
        finds("I10", "files differ", again(committed().line(create(3, "g")), "rotated", 1, BLOCK));
    }

    // ---- lines that make no sense

    @Test
    void linesThatNoServerCanHaveMeant() {
        for (Draft draft :
                List.of(
                        new Draft("create"),
                        new Draft("never"),
                        new Draft("device-retiring").with("device", 1L << 40))) {
            HistoryCheck check = new Log().line(draft).check();
            assertEquals(List.of(), check.findings());
            assertEquals(1, check.summary().damaged());
            assertEquals(1, check.notes().size());
        }
        HistoryCheck unknown = new Log().line(new Draft("forget").with("file", 99L)).check();
        assertEquals(1, unknown.findings().size(), unknown.notes()::toString);
        assertEquals(1, unknown.summary().violations());
    }
}
