package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A reclaim commit after a restart: it is held against the journal, and against nothing else. */
class ReclaimTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    @Test
    void whatTheJournalKnowsIsCommittedBeforeItIsRestated() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        kit.crash();
        a.commits(file, held).lastWrite(blocks(2) - 1).refused(Reason.NO_SESSION);
        a.commits(file, held).lastWrite(blocks(2) - 1).reclaiming().ok();
        assertEquals("WW", kit.picture(file, 2));
        assertEquals(blocks(2), kit.size(file));
    }

    @Test
    void aSeqidThatTheRestartHasForgottenIsNoReproach() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        Stateid newer = new Stateid(held.stateid().orElseThrow().id(), 9);
        kit.crash();
        a.commits(file, newer).of(held).reclaiming().ok();
        a.reattaches();
        a.mapsRw(file, 0, blocks(1)).under(held.stateid().orElseThrow()).ok();
    }

    @Test
    void aLayoutThatTheJournalDoesNotKnow() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        Stateid invented = new Stateid(new LayoutId(7, 7), 1);
        Stateid none = new Stateid(held.stateid().orElseThrow().id(), 0);
        kit.crash();
        a.commits(file, invented).of(held).reclaiming().refused(Reason.RECLAIM_BAD);
        b.commits(file, held).reclaiming().refused(Reason.RECLAIM_BAD);
        a.commits(file, none).of(held).reclaiming().refused(Reason.BAD_STATEID);
        assertEquals("u", kit.picture(file, 1));
    }

    @Test
    void moreThanTheJournalKnows() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        a.returns(file, new ByteRange(blocks(1), blocks(2))).ok();
        kit.crash();
        a.commits(file, held).reclaiming().refused(Reason.RECLAIM_BAD);
        assertEquals("u.", kit.picture(file, 2));
    }

    @Test
    void whoHasEndedComesTooLate() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        FileId other = b.creates("other");
        Mapped returned = b.mapsRw(other, 0, blocks(1)).ok();
        kit.crash();
        a.end(EndCause.REVOKED);
        a.commits(file, held).reclaiming().refused(Reason.FENCED);
        b.ends();
        b.commits(other, returned).reclaiming().refused(Reason.NO_GRACE);
        assertEquals(".", kit.picture(other, 1));
    }
}
