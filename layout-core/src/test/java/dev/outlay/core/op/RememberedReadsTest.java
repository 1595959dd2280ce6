package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * I24 and scenario 22: an answer that named addresses is not given again once the blocks behind
 * them are others, though the client reads the same range again. They may be somebody else's.
 */
class RememberedReadsTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");
    private Request<Mapped> remembered;

    @BeforeEach
    void aReaderWhoseAnswerIsRemembered() {
        a.writes(file, 0, blocks(3));
        a.returnsAll(file).ok();
        remembered = b.mapsRead(file, 0, blocks(2)).min(blocks(2));
        Mapped first = remembered.ok();
        assertEquals(first, remembered.ok());
        // Its layout goes on under the same id.
        b.mapsRead(file, blocks(2), BLOCK).ok();
        b.returns(file, new ByteRange(0, blocks(2))).ok();
    }

    private void isNotGivenAgain() {
        b.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
        assertEquals(List.of(reading(0, blocks(3))), b.holds(file));
        remembered.refused(Reason.EXPIRED);
    }

    @Test
    void afterAPunch() {
        a.punches(file, BLOCK, BLOCK).ok();
        isNotGivenAgain();
    }

    @Test
    void afterAWriteThroughTheServer() {
        a.writesThrough(file, BLOCK + 10, 20).ok();
        isNotGivenAgain();
    }

    @Test
    void afterAnOverwriteOfFreshBlocks() {
        Mapped overwrite = a.mapsRw(file, BLOCK, BLOCK).min(BLOCK).atomic().ok();
        a.commits(file, overwrite).ok();
        a.returnsAll(file).ok();
        isNotGivenAgain();
    }

    @Test
    void afterACloneOverIt() {
        FileId other = a.creates("other");
        a.writes(other, 0, BLOCK);
        a.clones(other, 0, BLOCK, file, BLOCK).ok();
        isNotGivenAgain();
    }

    @Test
    void afterAMove() {
        Party c = kit.client("c");
        c.mapsRw(file, BLOCK, BLOCK).min(BLOCK).ok();
        c.end(EndCause.REVOKED);
        a.mapsRw(file, BLOCK, BLOCK).min(BLOCK).ok();
        a.returnsAll(file).ok();
        isNotGivenAgain();
    }

    @Test
    void aSeqidOnceUsedIsNotUndoneByACommitUnderAnOlderOne() {
        Mapped first = a.mapsRw(file, 0, BLOCK).ok();
        Stateid old = first.stateid().orElseThrow();
        a.mapsRw(file, BLOCK, BLOCK).ok();
        a.mapsRw(file, BLOCK, BLOCK).under(a.stateid(file)).ok();
        a.commits(file, first).ok();
        a.mapsRw(file, BLOCK, BLOCK).under(old).refused(Reason.OLD_STATEID);
    }
}
