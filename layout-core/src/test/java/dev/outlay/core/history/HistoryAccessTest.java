package dev.outlay.core.history;

import static dev.outlay.core.history.Log.A;
import static dev.outlay.core.history.Log.B;
import static dev.outlay.core.history.Log.BLOCK;
import static dev.outlay.core.history.Log.FILE;
import static dev.outlay.core.history.Log.fresh;
import static dev.outlay.core.history.Log.range;
import static dev.outlay.core.history.Log.written;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.GrantKind;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Who could touch bytes, by the lines of a log: in blocks, and in lines since its begin. */
class HistoryAccessTest {

    private static final ByteRange ALL = range(0, 100);
    private static final long CLONE = 3;

    private static HistoryAccess read(HistoryAccess access, Log log) {
        log.lines.forEach(line -> access.check().accept("log", line));
        return access;
    }

    private static long millis(int line) {
        return Log.START_MILLIS + line * 1000L;
    }

    private static List<String> of(long file, ByteRange range, int from, int to, Log log) {
        HistoryAccess access = HistoryAccess.ofFiles(Set.of(file), range, millis(from), millis(to));
        return rows(read(access, log));
    }

    private static List<String> rows(HistoryAccess access) {
        return access.accesses().stream()
                .map(
                        each ->
                                each.owner()
                                        + " "
                                        + each.how()
                                        + " "
                                        + each.range().start() / BLOCK
                                        + "-"
                                        + each.range().end() / BLOCK
                                        + " of "
                                        + each.path()
                                        + (each.via() == each.file() ? "" : " via " + each.via())
                                        + each.untilMillis().map(u -> "").orElse(" still"))
                .toList();
    }

    /** One committed block that B reads; A wrote it and gave it back. */
    private static Log reading() {
        Log log = new Log().written();
        log.line(log.gone("return", A, 2, range(0, 2)));
        log.same(log.map("free", A, fresh(1, 1, 2)));
        return log.line(log.grant(B, 1, GrantKind.READ, range(0, 1), written(0, 1, 1)));
    }

    @Test
    void holdersAreNamedFromTheirGrantToTheirReturn() {
        List<String> both = List.of("owner-a WRITE 0-2 of /f", "owner-b READ 0-1 of /f still");
        assertEquals(both, of(FILE, ALL, 0, 100, reading()));
        assertEquals(both.subList(1, 2), of(FILE, ALL, reading().lines.size(), 100, reading()));
        assertEquals(
                List.of("owner-a WRITE 0-2 of /f still"),
                of(FILE, ALL, 0, reading().lines.size() - 3, reading()));
        assertEquals(List.of("owner-a WRITE 1-2 of /f"), of(FILE, range(1, 1), 0, 100, reading()));
        assertEquals(List.of(), of(99, ALL, 0, 100, reading()));
    }

    @Test
    void whoHasEndedWithoutAProofIsNamedUntilThere() {
        Log log = new Log().written();
        log.line(log.gone("revoke", A, 2, range(0, 2)));
        log.same(log.map("set-aside", A, fresh(1, 1, 2)));
        log.same(log.map("at-risk", A, written(0, 1, 1)));
        log.same(log.ended(A, "EXPIRED"));
        assertEquals(
                List.of("owner-a WRITE 0-2 of /f", "owner-a QUARANTINE 0-1 of /f still"),
                of(FILE, ALL, 0, 100, log));
        log.line(log.of("proof", A).with("proof", "OPERATOR"));
        assertEquals(
                List.of("owner-a WRITE 0-2 of /f", "owner-a QUARANTINE 0-1 of /f"),
                of(FILE, ALL, 0, 100, log));
    }

    private static Log cloned() {
        Log log = reading();
        log.line(new Draft("create").with("file", CLONE).with("parent", 1L).with("name", "g"));
        return log.line(
                new Draft("clone")
                        .with("source", FILE)
                        .with("file", CLONE)
                        .with("range", List.of(range(0, 1)))
                        .with("epoch", 1L)
                        .with("blocks", List.of(written(4, 1, 1))));
    }

    @Test
    void whoReadsACloneReadsTheBytes() {
        assertEquals(
                List.of("owner-b READ 4-5 of /g via 2 still"), of(CLONE, ALL, 0, 100, cloned()));
        Log log = cloned();
        log.line(
                new Draft("grant")
                        .with("client", new ClientId(A))
                        .with("file", CLONE)
                        .with("layout", "0")
                        .with("seqid", 1L)
                        .with(
                                "held",
                                List.of(
                                        new dev.outlay.core.value.LayoutRange(
                                                range(4, 1), GrantKind.READ_MAPPED)))
                        .with("blocks", List.of(written(4, 1, 1))));
        assertEquals(
                List.of(
                        "owner-a WRITE 0-2 of /f",
                        "owner-b READ 0-1 of /f still",
                        "owner-a MAPPED 0-1 of /f via 3 still"),
                of(FILE, ALL, 0, 100, log));
    }

    @Test
    void whatTheServerDoesForAClientIsTheClients() {
        for (String what : List.of("Read", "Wrote", "Nothing")) {
            Log log = reading();
            log.line(
                    new Draft(what.equals("Read") ? "read" : "work-begin")
                            .with("work", 1L)
                            .with("file", FILE)
                            .with("client", new ClientId(A))
                            .with("what", what)
                            .with("range", List.of(range(6, 2))));
            List<String> rows = of(FILE, range(7, 9), 0, 100, log);
            assertEquals(
                    switch (what) {
                        case "Read" -> List.of("owner-a READ_BY_SERVER 7-8 of /f still");
                        case "Wrote" -> List.of("owner-a WRITE_BY_SERVER 7-8 of /f still");
                        default -> List.of();
                    },
                    rows,
                    what);
        }
    }

    @Test
    void aPathIsWhoBearsItInThatTime() {
        Log log = reading();
        int before = log.lines.size();
        Draft rename = new Draft("rename").with("file", FILE).with("parent", 1L);
        log.line(rename.with("name", "h").with("change", 3L));
        HistoryAccess later = byPath("/f", before + 2, log);
        assertFalse(later.isKnown());
        assertEquals(List.of(), rows(later));
        assertEquals(2, rows(byPath("f", 0, log)).size());
        assertEquals(Set.of(FILE), byPath("f", before, log).files());
        assertTrue(byPath("/h", before + 2, log).isKnown());
        assertEquals(List.of("owner-b READ 0-1 of /h still"), rows(byPath("/h", before + 2, log)));
        log.line(new Draft("unlink").with("file", FILE).with("change", 4L));
        assertFalse(byPath("/h", before + 3, log).isKnown());
    }

    private static HistoryAccess byPath(String path, int from, Log log) {
        return read(HistoryAccess.ofPath(path, ALL, millis(from), millis(100)), log);
    }
}
