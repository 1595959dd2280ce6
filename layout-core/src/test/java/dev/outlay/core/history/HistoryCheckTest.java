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

import dev.outlay.core.history.HistoryCheck.Summary;
import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.GrantKind;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Logs as no server may write them, and what the check says of each. */
class HistoryCheckTest {

    /** The check finds exactly this, in the last line. */
    private static void finds(String invariant, String what, Log log) {
        HistoryCheck check = log.check();
        List<HistoryFinding> found = check.findings();
        assertEquals(
                List.of(invariant),
                found.stream().map(HistoryFinding::invariant).toList(),
                found::toString);
        assertTrue(found.getFirst().what().contains(what), found::toString);
        assertEquals("log:" + log.lines.size(), found.getFirst().place());
        assertEquals(0, check.summary().damaged(), check.notes()::toString);
    }

    private static void clean(Log log) {
        HistoryCheck check = log.check();
        assertEquals(List.of(), check.findings());
        assertEquals(List.of(), check.notes());
    }

    @Test
    void whatAServerWritesIsClean() {
        Log log = new Log().written();
        log.line(log.gone("recall", A, 2, range(0, 1)).with("recall", 1L));
        log.line(log.gone("return", A, 3, range(0, 1)));
        log.line(log.grant(B, 1, GrantKind.READ, range(0, 1), written(0, 1, 1)));
        log.line(Log.space("space", 14, 0, 1, 1, 0, 0));
        log.line(log.gone("return", B, 2, range(0, 1)));
        log.line(log.gone("return", A, 4, range(1, 1)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        log.line(Log.space("end", 15, 0, 0, 1, 0, 0));
        clean(log);
        Summary read = log.check().summary();
        assertEquals("v", read.volume());
        assertEquals(log.lines.size(), read.lines());
        assertEquals(2, read.clients());
        assertEquals(2L, read.events().get("grant"));
    }

    // ---- commits

    @Test
    void aCommitWithoutAGrant() {
        Log log = new Log().written();
        finds("I2", "holds nothing", log.line(log.map("commit", B, written(1, 1, 2))));
    }

    @Test
    void aCommitOfMoreThanWasGranted() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(1, 1)));
        finds("I3", "not all of which", log.line(log.map("commit", A, written(1, 1, 2))));
    }

    /** A is superseded while it reads blocks; C, of the same owner, holds RW over them. */
    private static Log superseded(Log log, ByteRange read) {
        log.line(log.grant(A, 2, GrantKind.READ, read));
        log.line(log.ended(A, "SUPERSEDED"));
        log.line(Log.client("client-begin", C).with("owner", "owner-" + Long.toHexString(A)));
        return log;
    }

    @Test
    void whatANewIncarnationLeavesUncommittedGoesFromUnderTheFormerOne() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        superseded(log, range(4, 1));
        log.line(log.map("allocate", C, fresh(4, 1, 9)));
        log.same(log.grant(C, 1, GrantKind.RW, range(4, 1), fresh(4, 1, 9)));
        log.line(log.gone("return", C, 2, range(4, 1)));
        log.same(log.map("free", C, fresh(4, 1, 9)));
        clean(log);
    }

    @Test
    void whatTheFormerIncarnationReadsDoesNotGo() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        superseded(log, range(0, 1));
        log.line(log.grant(C, 1, GrantKind.RW, range(0, 1), written(0, 1, 1)));
        log.line(log.gone("return", C, 2, range(0, 1)));
        finds("I9", "are taken", log.same(log.map("free", C, written(0, 1, 1))));
    }

    @Test
    void aCommitUnderARead() {
        Log log = new Log().written();
        log.line(log.grant(B, 1, GrantKind.READ, range(4, 1)));
        log.line(log.map("allocate", fresh(4, 1, 9)));
        finds("I3", "for RW", log.line(log.map("commit", B, written(4, 1, 9))));
    }

    @Test
    void aCommitThatIsMadeTwice() {
        Log log = new Log().written();
        finds("I13", "committed already", log.line(log.map("commit", A, written(0, 1, 1))));
    }

    @Test
    void anOperationThatHasTwoEffects() {
        Log log = new Log().written();
        log.line(log.attributes(BLOCK, 3, 11).with("caller", new ClientId(A)).with("op", 2L));
        finds("I12", "operation 2", log);
    }

    @Test
    void aCommitThatMovesTimeBack() {
        Log log = new Log().written().by("CommitBlocks");
        finds("I16", "back", log.line(log.attributes(BLOCK, 3, 9)));
    }

    @Test
    void aChangeThatIsNotCounted() {
        Log log = new Log().written().by("SetAttributes");
        finds("I16", "change counter", log.line(log.attributes(BLOCK, 2, 11)));
    }

    @Test
    void aFileThatGrowsByItself() {
        Log log = new Log().written().by("SetAttributes");
        finds("I14", "grows", log.line(log.attributes(2L * BLOCK, 3, 11)));
    }

    @Test
    void anExtensionOverWhatLiesPastTheEnd() {
        Log log = new Log().written();
        log.line(log.map("commit", A, written(1, 1, 2))).by("Truncate");
        finds("I14", "extended over", log.line(log.attributes(2L * BLOCK, 3, 11)));
    }

    // ---- grants

    @Test
    void twoWritersOfOneBlock() {
        Log log = new Log().written();
        finds(
                "I8",
                "while client 000000000000000a holds",
                log.line(log.grant(B, 1, GrantKind.RW, range(1, 1), fresh(1, 1, 2))));
    }

    @Test
    void aReaderBesideAWriter() {
        Log log = new Log().written();
        finds("I9", "", log.line(log.grant(B, 1, GrantKind.READ, range(0, 1), written(0, 1, 1))));
    }

    @Test
    void writersOfAConcurrentFileBearEachOtherWhereItIsCommittedOnly() {
        Log log = new Log();
        log.line(new Draft("flags").with("file", FILE).with("change", 2L).with("concurrent", true));
        log.line(log.map("allocate", A, fresh(0, 2, 1)));
        log.same(log.grant(A, 1, GrantKind.RW, range(0, 2), fresh(0, 2, 1)));
        log.line(log.map("commit", A, written(0, 1, 1)));
        log.line(log.grant(B, 1, GrantKind.RW, range(0, 1), written(0, 1, 1)));
        clean(log);
        finds("I8", "", log.line(log.grant(B, 2, GrantKind.RW, range(1, 1), fresh(1, 1, 2))));
    }

    @Test
    void aGrantBeforeItsBlocks() {
        Log log = new Log();
        log.line(log.grant(A, 1, GrantKind.RW, range(0, 1), fresh(0, 1, 1)));
        assertEquals(
                List.of("I5", "I5"),
                log.check().findings().stream().map(HistoryFinding::invariant).toList());
    }

    @Test
    void aGrantOfOtherBlocksThanThose() {
        Log log = new Log();
        log.line(log.map("allocate", A, fresh(0, 1, 1)));
        finds(
                "I5",
                "had not been given",
                log.same(log.grant(A, 1, GrantKind.RW, range(0, 1), fresh(0, 1, 2))));
    }

    @Test
    void aSequenceNumberThatIsLeftOut() {
        Log log = new Log().written();
        finds("I11", "from 1 to 3", log.line(log.gone("return", A, 3, range(1, 1))));
    }

    @Test
    void aReturnThatIsMadeTwice() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(1, 1)));
        finds("I13", "not all", log.line(log.gone("return", A, 3, range(1, 1))));
    }

    @Test
    void aWriterWhereTheServerWorks() {
        Log log = new Log();
        log.line(log.map("allocate", A, fresh(0, 1, 1)));
        log.line(
                new Draft("work-begin")
                        .with("work", 1L)
                        .with("file", FILE)
                        .with("range", List.of(range(0, 1))));
        finds("I8", "works", log.line(log.grant(A, 1, GrantKind.RW, range(0, 1), fresh(0, 1, 1))));
    }

    @Test
    void aReaderRestatesWhereTheServerWorks() {
        clean(restates(beforeAnExtension(), B));
        finds("I8", "works", restates(beforeAnExtension(), A));
        // After a crash as well, and after two of them.
        clean(restates(restarted(beforeAnExtension()), B));
        clean(restates(restarted(restarted(beforeAnExtension())), B));
        finds("I8", "works", restates(restarted(beforeAnExtension()), A));
    }

    @Test
    void aReaderMayRestateWhatItGaveBackWhereOnlyTheEndOfABlockIsZeroed() {
        Draft zeroing = new Draft("work-begin").with("work", 1L).with("file", FILE);
        zeroing.with("range", List.of(range(0, 1))).with("what", "Nothing");
        Log given = new Log().written();
        given.line(given.gone("return", A, 2, range(0, 2)));
        given.same(given.map("free", A, fresh(1, 1, 2)));
        clean(restates(given.line(zeroing), A));
    }

    /** The server zeroes the last block; B reads there, A has given back what it held. */
    private static Log beforeAnExtension() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        log.line(log.grant(B, 1, GrantKind.READ, range(0, 1), written(0, 1, 1)));
        return log.line(extension("work-begin"));
    }

    private static Draft extension(String event) {
        return new Draft(event)
                .with("work", 1L)
                .with("file", FILE)
                .with("range", List.of(range(0, 8)));
    }

    private static Log restarted(Log log) {
        log.begin("opened");
        log.line(Log.device("device", 1));
        log.line(Log.client("client", A)).line(Log.client("client", B));
        log.line(Log.file(1, 1, "", true));
        log.line(
                Log.file(FILE, 1, "f", false)
                        .with("size", (long) BLOCK)
                        .with("change", 2L)
                        .with("modified", 10L)
                        .with("epoch", 3L));
        log.line(new Draft("map").with("file", FILE).with("blocks", List.of(written(0, 1, 1))));
        log.line(extension("work"));
        log.stated(15, 0, 0, 1, 0, 0);
        return log.line(new Draft("grace-begin"));
    }

    private static Log restates(Log log, long client) {
        log.by("ReattachClient");
        return log.line(log.grant(client, 4, GrantKind.READ, range(0, 1), written(0, 1, 1)));
    }

    @Test
    void inGraceNothingIsGrantedInsideTheFile() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        log.line(new Draft("grace-begin"));
        finds(
                "I22",
                "in grace",
                log.line(log.grant(B, 1, GrantKind.RW, range(0, 1), written(0, 1, 1))));
    }

    @Test
    void inGraceWhoReplacesBlocksGetsNoneInPlace() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        log.line(log.grant(A, 1, GrantKind.RW_ATOMIC, range(0, 1), written(0, 1, 1)));
        log.line(new Draft("grace-begin"));
        log.line(log.grant(A, 2, GrantKind.RW_ATOMIC, range(0, 1), written(0, 1, 1)));
        clean(log);
        finds(
                "I22",
                "in grace",
                log.line(log.grant(A, 3, GrantKind.RW, range(0, 1), written(0, 1, 1))));
    }

    // ---- blocks

    @Test
    void aBlockInTwoPlaces() {
        Log log = new Log().written();
        finds("I4", "not free", log.line(log.map("allocate", fresh(5, 1, 2))));
    }

    @Test
    void aBlockTakenFromItsHolder() {
        Log log = new Log().written();
        finds("I7", "holds them for RW", log.line(log.map("free", B, written(0, 1, 1))));
    }

    @Test
    void aBlockThatLeavesFromWhereItIsNot() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        finds("I4", "not where", log.same(log.map("free", A, fresh(1, 1, 7))));
    }

    /** Client A is revoked; the blocks it had not committed are in quarantine. */
    private static Log revoked() {
        Log log = new Log().written();
        log.line(log.gone("revoke", A, 2, range(0, 2)));
        log.same(log.map("set-aside", A, fresh(1, 1, 2)));
        log.same(log.map("at-risk", A, written(0, 1, 1)));
        log.same(log.ended(A, "EXPIRED"));
        return log;
    }

    @Test
    void aBlockUsedAgainBeforeItsProof() {
        Log log = revoked();
        clean(log);
        finds("I7", "without a proof", log.line(log.map("allocate", B, fresh(6, 1, 2))));
    }

    @Test
    void aBlockUsedAgainAfterItsProof() {
        Log log = revoked();
        log.line(log.of("proof", A).with("proof", "OPERATOR"));
        log.same(log.of("client-forgotten", A));
        log.line(log.map("allocate", B, fresh(6, 1, 2)));
        clean(log);
    }

    @Test
    void aBlockFreedInsteadOfSetAsideIsRememberedAllTheSame() {
        Log log = new Log().written();
        log.line(log.gone("revoke", A, 2, range(0, 2)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        log.same(log.ended(A, "EXPIRED"));
        finds("I7", "without a proof", log.line(log.map("allocate", B, fresh(6, 1, 2))));
    }

    @Test
    void aWriterWhereALateOneMayStillStore() {
        Log log = revoked();
        finds(
                "I8",
                "may still touch",
                log.line(log.grant(B, 1, GrantKind.RW, range(0, 1), written(0, 1, 1))));
    }

    @Test
    void aClientForgottenWithoutAProof() {
        Log log = revoked();
        finds("I7", "no proof", log.line(log.of("client-forgotten", A)));
    }

    @Test
    void timeThatProvesNothing() {
        Log log = revoked();
        finds("I7", "time", log.line(log.of("proof", A).with("proof", "TIME")));
    }

    @Test
    void aClientThatEndsAndStillHolds() {
        Log log = new Log().written();
        finds("I9", "still holds", log.line(log.ended(A, "EXPIRED")));
    }

    @Test
    void aSharedBlockUnderAWriter() {
        Log log = new Log().written();
        log.line(new Draft("create").with("file", 3L).with("parent", 1L).with("name", "g"));
        log.line(
                new Draft("clone")
                        .with("source", FILE)
                        .with("file", 3L)
                        .with("range", List.of(range(0, 1)))
                        .with("epoch", 1L)
                        .with("blocks", List.of(written(0, 1, 1))));
        finds("I4", "stores into them", log);
    }

    @Test
    void anEpochThatDoesNotRise() {
        Log log = new Log().written();
        Draft twice = log.map("allocate", B, fresh(7, 1, 7)).with("epoch", 2L);
        finds("I24", "epoch goes from 2 to 2", log.line(twice));
    }

    @Test
    void aDeviceThatLeavesTooEarly() {
        Log log = revoked();
        finds("I23", "in use", log.line(new Draft("device-retired").with("device", 0L)));
    }

    @Test
    void aBlockOfADeviceThatIsToLeave() {
        Log log = new Log().written().line(leaving());
        finds("I23", "handed out", log.line(log.map("allocate", fresh(4, 1, 9))));
    }

    /** Work that kept blocks when their device was to leave brings them all the same: seed 3. */
    @Test
    void whatWorkKeptOfADeviceThatIsToLeaveComesToItsFile() {
        Log log = keeping().line(new Draft("work-end").with("work", 1L));
        clean(log.same(log.map("allocate", fresh(4, 2, 9))));
        Log more = keeping().line(new Draft("work-end").with("work", 1L));
        finds("I23", "handed out", more.same(more.map("allocate", fresh(4, 3, 9))));
        Log later = keeping().line(new Draft("work-end").with("work", 1L));
        finds("I23", "handed out", later.line(later.map("allocate", fresh(4, 2, 9))));
    }

    private static Log keeping() {
        Draft work =
                new Draft("work-begin")
                        .with("work", 1L)
                        .with("file", FILE)
                        .with("range", List.of(range(4, 2)))
                        .with(
                                "keeps",
                                List.of(
                                        fresh(4, 1, 9).deviceRange(),
                                        fresh(5, 1, 10).deviceRange()));
        return new Log().written().line(work).line(leaving());
    }

    private static Draft leaving() {
        return new Draft("device-retiring").with("device", 0L);
    }

    @Test
    void countsThatDoNotAddUp() {
        Log log = new Log().written();
        finds("I21", "add up", log.line(Log.space("space", 15, 0, 0, 1, 0, 0)));
    }

    @Test
    void blocksLeftBehind() {
        Log log = new Log();
        log.line(log.map("allocate", fresh(0, 1, 1)));
        log.line(log.of("client-forgotten", A)).line(log.of("client-forgotten", B));
        finds("I21", "no client is left", log.line(Log.space("end", 15, 0, 1, 0, 0, 0)));
    }

    // ---- files of a log

    /**
     * The state of {@link Log#written} as it stands after it, with one thing that can be changed.
     */
    private static Log restated(Log log, String reason, long onDevice, GrantKind held) {
        log.begin(reason);
        log.line(Log.device("device", 1));
        log.line(Log.client("client", A)).line(Log.client("client", B));
        log.line(Log.file(1, 1, "", true));
        log.line(
                Log.file(FILE, 1, "f", false)
                        .with("size", (long) BLOCK)
                        .with("change", 2L)
                        .with("modified", 10L)
                        .with("epoch", 2L));
        log.line(
                new Draft("map")
                        .with("file", FILE)
                        .with("blocks", List.of(written(0, 1, onDevice), fresh(1, 1, 2))));
        log.line(
                new Draft("layout")
                        .with("client", new ClientId(A))
                        .with("file", FILE)
                        .with("seqid", 1L)
                        .with(
                                "held",
                                List.of(new dev.outlay.core.value.LayoutRange(range(0, 2), held))));
        return log.stated(14, 0, 1, 1, 0, 0);
    }

    @Test
    void theStateOfTheNextFileFollowsFromTheLastOne() {
        clean(restated(new Log().written(), "rotated", 1, GrantKind.RW));
        finds("I10", "other blocks", restated(new Log().written(), "rotated", 5, GrantKind.RW));
        finds(
                "I10",
                "holds other bytes",
                restated(new Log().written(), "rotated", 1, GrantKind.READ));
    }

    @Test
    void whatWasDurableIsThereAfterARestart() {
        clean(restated(new Log().written(), "opened", 1, GrantKind.RW));
        finds("I6", "other blocks", restated(new Log().written(), "opened", 5, GrantKind.RW));
        Log lost = new Log().written().forcedTo(99).begin("opened");
        finds("I6", "is lost", lost);
    }

    @Test
    void quarantineSurvivesARestart() {
        Log log = revoked();
        log.begin("opened");
        log.line(Log.device("device", 1));
        log.line(Log.client("client", A).with("ended", "EXPIRED")).line(Log.client("client", B));
        log.line(Log.file(1, 1, "", true));
        log.line(
                Log.file(FILE, 1, "f", false)
                        .with("size", (long) BLOCK)
                        .with("change", 2L)
                        .with("modified", 10L)
                        .with("epoch", 4L));
        log.line(new Draft("map").with("file", FILE).with("blocks", List.of(written(0, 1, 1))));
        log.stated(15, 0, 0, 1, 0, 0);
        List<HistoryFinding> found = log.check().findings();
        assertTrue(
                found.stream()
                        .anyMatch(
                                f -> f.invariant().equals("I7") && f.what().contains("quarantine")),
                found::toString);
    }

    @Test
    void aLineThatIsMissing() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(1, 1)));
        log.lost();
        log.same(log.map("free", A, fresh(1, 1, 2)));
        HistoryCheck check = log.check();
        assertEquals(List.of(), check.findings());
        Summary read = check.summary();
        assertEquals(1, read.gaps());
        assertEquals(1, read.missing());
        assertEquals(1, read.unchecked());
        assertTrue(
                check.notes().getFirst().contains("log:" + log.lines.size()),
                check.notes()::toString);
        // The next state makes up for it.
        restated(log, "rotated", 1, GrantKind.RW);
        log.line(log.map("allocate", B, fresh(7, 1, 1)).with("epoch", 3L));
        finds("I4", "not free", log);
    }

    @Test
    void eventsThatWereLost() {
        Log log = new Log().written();
        restated(log, "resumed", 5, GrantKind.READ);
        HistoryLine begin =
                log.lines.stream()
                        .filter(line -> "resumed".equals(line.fields().get("reason")))
                        .findFirst()
                        .orElseThrow();
        begin.fields().put("lost", 7L);
        begin.fields().put("why", "the disk was full");
        HistoryCheck check = log.check();
        assertEquals(List.of(), check.findings());
        assertEquals(7, check.summary().missing());
        assertTrue(check.notes().getFirst().contains("the disk was full"));
    }

    @Test
    void aServerThatWentAwayBeforeItHadWrittenAll() {
        Log log = restated(new Log().written().forcedTo(100), "opened", 1, GrantKind.RW);
        clean(log);
        Log behind = new Log().written().forcedTo(200);
        restated(behind, "opened", 5, GrantKind.RW);
        HistoryCheck check = behind.check();
        assertEquals(List.of(), check.findings());
        assertEquals(1, check.summary().gaps());
    }

    @Test
    void rangesToTheEndOfEverything() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        log.line(log.grant(B, 1, GrantKind.READ, ByteRange.from(0), written(0, 1, 1)));
        clean(log);
    }
}
