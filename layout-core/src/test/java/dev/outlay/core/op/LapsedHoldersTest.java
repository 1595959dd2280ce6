package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Section 4: what a client holds that is silent past its lease is courtesy. Whatever needs it
 * revokes the client first, and goes on at once.
 */
class LapsedHoldersTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party silent = kit.client("silent");
    private final FileId file = a.creates("file");

    /** The silent client has committed so many bytes and holds their blocks for RW. */
    private void silentWriterOf(long bytes) {
        silent.writesBytes(file, bytes);
        silent.lapses();
    }

    private void silentReaderOf(int blocks) {
        silent.mapsRead(file, 0, blocks(blocks)).ok();
        silent.lapses();
    }

    private void isRevoked() {
        // One that leaves nothing in quarantine is forgotten.
        Optional<EndCause> ended =
                Optional.ofNullable(kit.tables().client(silent.id()))
                        .map(ClientEntry::ended)
                        .orElse(Optional.of(EndCause.EXPIRED));
        assertEquals(Optional.of(EndCause.EXPIRED), ended);
        assertTrue(silent.holds(file).isEmpty());
    }

    @Test
    void byAReaderOfWhatItWrote() {
        silentWriterOf(blocks(2));
        a.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
        isRevoked();
        assertEquals("WW", kit.picture(file, 2), "moved away from it first");
    }

    @Test
    void byAReadThroughTheServer() {
        silentWriterOf(blocks(2));
        a.readsThrough(file, 0, BLOCK).ok();
        isRevoked();
    }

    @Test
    void byAnExtension() {
        silentWriterOf(BLOCK + 100);
        a.truncates(file, blocks(4)).ok();
        isRevoked();
        assertEquals(blocks(4), kit.size(file));
    }

    @Test
    void byAClone() {
        silentWriterOf(blocks(2));
        FileId copy = a.creates("copy");
        a.clones(file, copy).ok();
        isRevoked();
        assertEquals("SS", kit.picture(copy, 2));
    }

    @Test
    void byASnapshot() {
        silentWriterOf(blocks(2));
        FileId snapshot = a.snapshots(file, "snapshot").ok().attributes().file();
        isRevoked();
        assertEquals("SS", kit.picture(snapshot, 2));
    }

    @Test
    void byACommitThatReplacesWhatItReads() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        Mapped overwrite = a.mapsRw(file, 0, blocks(2)).atomic().ok();
        silentReaderOf(2);
        a.commits(file, overwrite).ok();
        isRevoked();
        assertEquals("WW", kit.picture(file, 2));
    }

    @Test
    void byARenameOverTheFile() {
        silentWriterOf(blocks(2));
        a.creates("other");
        a.renames(FileId.ROOT, "other", FileId.ROOT, "file").ok();
        assertEquals(Optional.of(EndCause.EXPIRED), endOfSilent());
        assertEquals(blocks(2), kit.space().quarantined());
        assertEquals(null, kit.tables().file(file));
    }

    @Test
    void byAMoveOfWhatAnotherEndedClientCouldOverwrite() {
        Party gone = kit.client("gone");
        gone.writesBytes(file, blocks(1) + 100);
        gone.returnsAll(file).ok();
        kit.completeAll();
        silent.mapsRead(file, 0, blocks(2)).ok();
        gone.mapsRead(file, 0, blocks(2)).mapped().ok();
        gone.end(EndCause.REVOKED);
        silent.lapses();
        assertEquals("RR", kit.picture(file, 2));
        a.truncates(file, blocks(3)).ok();
        isRevoked();
        assertEquals("RW.", kit.picture(file, 3));
    }

    @Test
    void byAReaderOfWhatHasToMove() {
        Party gone = kit.client("gone");
        gone.writes(file, 0, blocks(2));
        gone.returnsAll(file).ok();
        silent.mapsRead(file, 0, blocks(2)).ok();
        gone.mapsRead(file, 0, blocks(2)).mapped().ok();
        gone.end(EndCause.REVOKED);
        silent.lapses();
        a.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
        isRevoked();
        assertEquals("WW", kit.picture(file, 2));
    }

    private Optional<EndCause> endOfSilent() {
        return Objects.requireNonNull(kit.tables().client(silent.id())).ended();
    }
}
