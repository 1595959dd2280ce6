package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.reply.Reply;
import dev.outlay.server.checkpoint.CheckpointDamagedException;
import dev.outlay.server.engine.SnapshotTaken;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What has changed of a volume is written behind its back, and a restart finds it. */
class CheckpointTest {

    private SteppedVolume volume;

    CheckpointTest() throws IOException {
        volume = new SteppedVolume();
    }

    @BeforeEach
    void start() {
        volume.engine().start();
        var _ = volume.submit(volume.join());
        volume.settle();
    }

    @AfterEach
    void stop() {
        volume.close();
    }

    private void create(int files) {
        for (int i = 0; i < files; i++) {
            CompletableFuture<Reply> made = volume.submit(volume.create());
            while (volume.engine().hasWork()) {
                volume.engine().step();
            }
            assertInstanceOf(Reply.FileChanged.class, made.join());
        }
    }

    private CompletableFuture<SnapshotTaken> checkpoint() {
        CompletableFuture<SnapshotTaken> taken = volume.engine().volume().takeSnapshot();
        volume.settle();
        return taken;
    }

    private byte[] image() {
        byte[][] image = new byte[1][];
        volume.engine().look(state -> image[0] = state.image());
        return image[0];
    }

    private long position() {
        return volume.engine().volume().status().journalPosition();
    }

    private void sameAfterACrash() throws IOException {
        byte[] before = image();
        volume.crash();
        assertArrayEquals(before, image());
    }

    @Test
    void whatIsAskedForIsDurable() throws IOException {
        create(5);
        SnapshotTaken first = checkpoint().join();
        assertEquals(position(), first.journalPosition());
        assertEquals(position(), volume.checkpoints().durablePosition());
        assertEquals(position(), volume.engine().volume().status().snapshotPosition());
        create(1);
        SnapshotTaken second = checkpoint().join();
        assertTrue(second.sizeBytes() < first.sizeBytes(), "what had not changed is not written");
        create(1);
        sameAfterACrash();
    }

    /** Much is written without being asked for, and may be lost. */
    @Test
    void muchIsWrittenUnasked() throws IOException {
        create(SteppedVolume.CHANGES_AT_ONCE);
        volume.settle();
        assertEquals(0, volume.checkpoints().durablePosition());
        assertTrue(volume.checkpoints().position() > 0);
        create(3);
        sameAfterACrash();
    }

    @Test
    void whoAsksMeanwhileWaitsForTheNext() {
        create(1);
        CompletableFuture<SnapshotTaken> one = volume.engine().volume().takeSnapshot();
        volume.engine().step();
        CompletableFuture<Reply> made = volume.submit(volume.create());
        CompletableFuture<SnapshotTaken> other = volume.engine().volume().takeSnapshot();
        volume.settle();
        assertTrue(made.isDone());
        assertTrue(one.join().journalPosition() < other.join().journalPosition());
        assertEquals(position(), other.join().journalPosition());
    }

    /** Then all rows are written anew, and nothing hangs on those that were not. */
    @Test
    void aFailureCostsNothing() throws IOException {
        create(5);
        var _ = checkpoint().join();
        create(5);
        CompletableFuture<SnapshotTaken> failing = volume.engine().volume().takeSnapshot();
        volume.engine().step();
        volume.disk().failAfter(1);
        volume.settle();
        assertTrue(failing.isCompletedExceptionally());
        assertFalse(volume.engine().volume().status().readOnlyReason().isPresent());
        create(2);
        byte[] before = image();
        SnapshotTaken again = checkpoint().join();
        assertEquals(position(), again.journalPosition());
        assertTrue(volume.checkpoints().wasReplaced());
        volume.crash();
        assertArrayEquals(before, image());
    }

    /** The same where the server dies before that. */
    @Test
    void aFailureIsForgottenByACrash() throws IOException {
        create(5);
        var _ = checkpoint().join();
        create(5);
        var _ = volume.engine().volume().takeSnapshot();
        volume.engine().step();
        volume.disk().failAfter(2);
        volume.settle();
        create(2);
        sameAfterACrash();
    }

    @Test
    void aDamagedOneIsPassedOverWhileTheJournalIsWhole() throws IOException {
        create(5);
        byte[] before = image();
        volume.checkpoints().damage();
        volume.crash();
        assertTrue(volume.engine().cutTail(), "it is said");
        assertArrayEquals(before, image());
    }

    @Test
    void aDamagedOneIsRefusedOnceTheJournalIsCut() {
        // More than a segment of the journal.
        create(200);
        var _ = checkpoint().join();
        volume.checkpoints().damage();
        assertThrows(CheckpointDamagedException.class, volume::crash);
    }

    /** The journal behind it was cut away with it: nothing is made up. */
    @Test
    void aLostOneIsRefusedOnceTheJournalIsCut() {
        create(200);
        var _ = checkpoint().join();
        volume.checkpoints().discard();
        String message = assertThrows(CheckpointDamagedException.class, volume::crash).getMessage();
        assertTrue(String.valueOf(message).contains("outlay fsck"), message);
    }
}
