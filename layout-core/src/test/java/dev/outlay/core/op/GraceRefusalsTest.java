package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.op.VolumeKit.Pending;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * I22: whatever would change bytes or blocks under a reader that has not come back yet waits for
 * the end of grace, and nothing else does.
 */
class GraceRefusalsTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    /** The file has two blocks and a hole of two, b reads all of it, a is back after a restart. */
    private void readByBAcrossARestart() {
        a.writes(file, 0, blocks(2));
        a.truncates(file, blocks(4)).ok();
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(4)).ok();
        kit.crash();
        a.reattaches();
        assertTrue(kit.tables().isInGrace());
    }

    @Test
    void aWriteThroughTheServer() {
        readByBAcrossARestart();
        a.writesThrough(file, 0, BLOCK).refused(Reason.GRACE);
        a.writesThrough(file, blocks(2), BLOCK).refused(Reason.GRACE);
        a.writesThrough(file, blocks(4), BLOCK).ok();
        kit.endGrace();
        a.writesThrough(file, 0, BLOCK).ok();
    }

    @Test
    void aWriteThroughTheServerOverBlocksPastTheEnd() {
        Mapped past = a.mapsRw(file, blocks(1), blocks(1)).ok();
        a.commits(file, past).ok();
        a.returnsAll(file).ok();
        kit.crash();
        a.reattaches();
        assertEquals(0, kit.size(file));
        a.writesThrough(file, blocks(1), BLOCK).refused(Reason.GRACE);
        a.writesThrough(file, 0, BLOCK).ok();
    }

    @Test
    void aCloneFromTheFileOrOverIt() {
        FileId other = a.creates("other");
        a.writes(other, 0, blocks(1));
        a.returnsAll(other).ok();
        readByBAcrossARestart();
        a.clones(other, file).refused(Reason.GRACE);
        a.clones(file, other).refused(Reason.GRACE);
        a.snapshots(file, "snapshot").refused(Reason.GRACE);
        kit.endGrace();
        a.clones(other, file).ok();
        a.snapshots(file, "snapshot").ok();
    }

    @Test
    void theCommitOfAnOverwriteThatReplacesBlocks() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        Mapped overwrite = a.mapsRw(file, 0, blocks(2)).atomic().ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        kit.crash();
        a.reattaches();
        a.commits(file, overwrite).refused(Reason.GRACE);
        assertEquals("PP", kit.picture(file, 2));
        kit.endGrace();
        a.commits(file, overwrite).ok();
        assertEquals("WW", kit.picture(file, 2));
    }

    @Test
    void anExtensionOverBlocksCommittedPastTheEnd() {
        Mapped past = a.mapsRw(file, blocks(2), blocks(1)).ok();
        a.commits(file, past).ok();
        a.returnsAll(file).ok();
        a.mapsRw(file, blocks(1), blocks(1)).ok();
        kit.crash();
        a.reattaches();
        assertEquals(".uW", kit.picture(file, 3));
        a.truncates(file, blocks(2)).ok();
        a.truncates(file, blocks(3)).refused(Reason.GRACE);
        assertEquals(blocks(2), kit.size(file));
        kit.endGrace();
        a.truncates(file, blocks(3)).ok();
        assertEquals("...", kit.picture(file, 3));
    }

    @Test
    void whoIsRefusedWhenItsTurnComesHasNoPlaceInTheQueueAnyMore() {
        a.writes(file, 0, blocks(2));
        kit.client("c");
        kit.crash();
        a.reattaches();
        b.reattaches();
        Pending cut = b.truncates(file, 0).ask();
        assertTrue(cut.waits());
        a.returnsAll(file).ok();
        assertEquals(Reason.GRACE, cut.reply(Failure.class).reason());
        assertEquals(0, kit.tables().waiting().size());
        a.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
    }

    @Test
    void whatWasRefusedForGraceIsTriedAnewUnderItsOwnNumber() {
        readByBAcrossARestart();
        Request<FileChanged> write = a.writesThrough(file, 0, BLOCK);
        write.refused(Reason.GRACE);
        kit.endGrace();
        write.ok();
    }

    @Test
    void graceEndsOnce() {
        readByBAcrossARestart();
        kit.endGrace();
        long records = kit.journalRecords();
        kit.endGrace();
        assertEquals(records, kit.journalRecords());
    }
}
