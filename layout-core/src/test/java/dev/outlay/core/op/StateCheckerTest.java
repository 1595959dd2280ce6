package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.Party.writing;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Limits;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The checker is checked: facts that no operation decides, or of which the other half is missing,
 * break a volume, and each time it says what is broken.
 */
class StateCheckerTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    /** The volume as it is, with these facts besides, is broken in all these ways. */
    private void finds(List<Fact> facts, String... parts) {
        VolumeState broken = VolumeState.restore(Limits.DEFAULT, kit.state().image());
        assertEquals(List.of(), StateChecker.check(broken.tables()));
        facts.forEach(broken::apply);
        List<String> findings = StateChecker.check(broken.tables());
        for (String part : parts) {
            assertTrue(
                    findings.stream().anyMatch(finding -> finding.contains(part)),
                    () -> "no '" + part + "' among " + findings);
        }
    }

    private static Fact granted(Party to, FileId file, LayoutRange range) {
        return new Fact.LayoutGranted(to.id(), file, new LayoutId(5, 5), 9, List.of(range));
    }

    /** A place that is free. */
    private Extent free() {
        return new Extent(0, BLOCK, ExtentState.UNWRITTEN, 0, blocks(60), 0);
    }

    // ---- grants

    @Test
    void twoWritersOfABlock() {
        a.mapsRw(file, 0, blocks(1)).ok();
        finds(List.of(granted(b, file, writing(0, blocks(1)))), "are also held by client");
    }

    @Test
    void aReaderBesideAWriter() {
        a.writes(file, 0, blocks(1));
        finds(List.of(granted(b, file, reading(0, blocks(1)))), "are also held by client");
    }

    @Test
    void aWriterOfAHole() {
        finds(List.of(granted(b, file, writing(0, blocks(1)))), "are not all mapped");
    }

    @Test
    void aGrantOfAPartOfABlock() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        finds(List.of(granted(b, file, reading(1, 100))), "are not whole blocks");
    }

    @Test
    void aWriterThatHasEnded() {
        a.mapsRw(file, 0, blocks(1)).ok();
        finds(List.of(new Fact.ClientEnded(a.id(), EndCause.REVOKED)), "although it has ended");
    }

    @Test
    void aHolderThatIsForgotten() {
        a.mapsRw(file, 0, blocks(1)).ok();
        finds(List.of(new Fact.ClientForgotten(a.id())), "which does not know of it");
    }

    @Test
    void aLayoutOfADirectory() {
        finds(List.of(granted(a, FileId.ROOT, reading(0, blocks(1)))), "has blocks or layouts");
    }

    @Test
    void uncommittedBlocksThatNobodyHolds() {
        a.mapsRw(file, 0, blocks(1)).ok();
        finds(
                List.of(
                        new Fact.LayoutReturned(
                                a.id(), file, 5, List.of(new ByteRange(0, BLOCK)), true)),
                "are uncommitted and under no RW grant");
    }

    @Test
    void zerosUnderAWriter() {
        a.writes(file, 0, blocks(1));
        Extent held = kit.extents(file).getFirst();
        finds(
                List.of(
                        new Fact.WorkIntended(
                                new Fact.Work(
                                        50,
                                        file,
                                        held.range(),
                                        List.of(held.deviceRange()),
                                        new Fact.Continuation.Nothing()))),
                "are being zeroed");
    }

    // ---- copies and clones

    @Test
    void aWriterOfABlockThatIsSharedMeanwhile() {
        FileId copy = a.creates("copy");
        a.writes(file, 0, blocks(2));
        finds(
                List.of(new Fact.ExtentsCloned(file, new ByteRange(0, BLOCK), copy, 0, 0)),
                "are shared and not copied");
    }

    @Test
    void blocksBesideAMapThatNobodyFills() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        finds(
                List.of(new Fact.CopiesAllocated(file, List.of(free()), 0)),
                "beside its map replace nothing");
    }

    @Test
    void blocksBesideAMapThatReplaceNothing() {
        Mapped mapped = a.mapsRw(file, 0, blocks(1)).ok();
        assertEquals(1, mapped.granted().size());
        finds(
                List.of(new Fact.CopiesAllocated(file, List.of(free()), 0)),
                "beside its map replace nothing");
    }

    // ---- blocks

    @Test
    void aFlagThatIsMeantForAnswersAlone() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        finds(
                List.of(
                        new Fact.ExtentsConverted(
                                file,
                                List.of(new ByteRange(0, BLOCK)),
                                ExtentState.WRITTEN,
                                Extent.SHARED,
                                0)),
                "keep a passing flag");
    }

    @Test
    void aRemovedFileThatKeepsItsBlocks() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        finds(List.of(new Fact.FileUnlinked(file, 1)), "but its blocks are not free");
    }

    // ---- quarantine

    @Test
    void blocksAtRiskThatNobodyCouldTouch() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        finds(
                List.of(
                        new Fact.ExtentsConverted(
                                file,
                                List.of(new ByteRange(0, BLOCK)),
                                ExtentState.WRITTEN,
                                Extent.AT_RISK,
                                0)),
                "are at risk, but not in quarantine");
    }

    @Test
    void quarantineForAClientThatLives() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        Fact atRisk = new Fact.ExtentsAtRisk(file, List.of(new ByteRange(0, BLOCK)), b.id());
        finds(List.of(atRisk), "which has not ended or is forgotten");
        finds(
                List.of(
                        atRisk,
                        new Fact.ClientEnded(b.id(), EndCause.REVOKED),
                        new Fact.ClientForgotten(b.id())),
                "which has not ended or is forgotten");
    }

    @Test
    void aNameOfAnInodeThatIsGone() {
        finds(List.of(new Fact.FileForgotten(file)), "which does not agree");
    }
}
