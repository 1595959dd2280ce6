package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;

import dev.outlay.core.VolumeState;
import dev.outlay.core.reply.Reply;
import dev.outlay.server.engine.SnapshotTaken;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * One step of a volume may do two batches, of which the second one loses the state: what the first
 * one was answered with has been seen by then, and by nobody afterwards (seed 3560).
 */
class BatchesOfAStepTest {

    @Test
    void eachIsSeenThoughTheNextOneFails() throws Exception {
        try (SteppedVolume volume = new SteppedVolume()) {
            List<Integer> filesSeen = new ArrayList<>();
            volume.engine()
                    .start(
                            () ->
                                    volume.engine()
                                            .look(s -> filesSeen.add(s.tables().files().size())));
            var _ = volume.submit(volume.join());
            volume.engine().step();

            CompletableFuture<Reply> first = volume.submit(volume.create());
            // A task of the volume's own lies between, and so the batch ends.
            CompletableFuture<SnapshotTaken> snapshot = volume.engine().volume().takeSnapshot();
            CompletableFuture<Reply> second = volume.submit(volume.create());
            // The first batch is one write and one force, the snapshot is still to be written.
            volume.disk().failAfter(3);
            volume.engine().step();

            assertInstanceOf(Reply.FileChanged.class, first.join());
            assertFalse(second.isDone(), "the journal failed under it");
            assertFalse(snapshot.isDone());
            // The root is one.
            assertEquals(List.of(1, 2), filesSeen);
        }
    }

    /** Two commands at a time, each two of them while the two before are being forced. */
    @Test
    void oneIsDecidedWhileAnotherIsForced() throws Exception {
        try (SteppedVolume volume = new SteppedVolume()) {
            int[] answered = new int[1];
            int[] decided = new int[1];
            volume.engine().startOvertaking(() -> answered[0]++, () -> decided[0]++);
            var _ = volume.submit(volume.join());
            volume.engine().step();
            answered[0] = 0;
            decided[0] = 0;
            List<CompletableFuture<Reply>> files = new ArrayList<>();
            for (int file = 0; file < 6; file++) {
                files.add(volume.submit(volume.create()));
            }
            volume.engine().step();
            files.forEach(file -> assertInstanceOf(Reply.FileChanged.class, file.join()));
            assertEquals(2, volume.engine().overtaken());
            assertEquals(3, answered[0]);
            assertEquals(3, decided[0]);
        }
    }

    /** Then what it had come to is not what the next one that is answered has (seed 7796). */
    @Test
    void oneThatIsDecidedMayBeLostAndTheStateReadBackInTheSameStep() throws Exception {
        try (SteppedVolume volume = new SteppedVolume()) {
            List<VolumeState> decidedBy = new ArrayList<>();
            List<VolumeState> answeredBy = new ArrayList<>();
            volume.engine()
                    .startOvertaking(
                            () -> volume.engine().look(answeredBy::add),
                            () -> volume.engine().look(decidedBy::add));
            var _ = volume.submit(volume.join());
            volume.engine().step();
            decidedBy.clear();
            answeredBy.clear();
            var _ = volume.submit(volume.create());
            var _ = volume.submit(volume.create());
            // Before a task of the volume's own the force has to end.
            var _ = volume.engine().volume().takeSnapshot();
            var _ = volume.submit(volume.create());
            // One write, and its force.
            volume.disk().failAfter(2);
            volume.engine().step();
            assertNotSame(decidedBy.getFirst(), answeredBy.getFirst());
        }
    }
}
