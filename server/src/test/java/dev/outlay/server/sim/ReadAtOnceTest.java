package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.check.StateChecker;
import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.CommitRange;
import dev.outlay.core.command.Command.DeviceIncarnation;
import dev.outlay.core.command.Command.MapFlags;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A read that finds a volume at rest is answered where it is asked; any other takes its turn. */
class ReadAtOnceTest {

    private static final int BLOCK = 4096;

    private SteppedVolume volume = new SteppedVolume();
    private FileId file = FileId.ROOT;
    private Optional<Stateid> held = Optional.empty();
    private long operation = 1;

    ReadAtOnceTest() throws Exception {}

    /** A file of one block, which the client has written. */
    @BeforeEach
    void write() {
        volume.engine().start();
        var _ = volume.submit(volume.join());
        file = ((Reply.FileChanged) done(volume.submit(volume.create()))).attributes().file();
        Reply.Mapped mapped =
                (Reply.Mapped) done(volume.submit(map(IoMode.RW, MapFlags.NONE, Optional.empty())));
        held = mapped.stateid();
        Extent extent = mapped.extents().getFirst();
        assertInstanceOf(
                Reply.Committed.class,
                done(
                        volume.submit(
                                new Command.CommitBlocks(
                                        origin(),
                                        0,
                                        file,
                                        held.orElseThrow(),
                                        List.of(
                                                new CommitRange(
                                                        0,
                                                        BLOCK,
                                                        extent.device(),
                                                        extent.deviceOffset())),
                                        List.of(new DeviceIncarnation(0, 1)),
                                        mapped.mapEpoch(),
                                        Durability.FORCED,
                                        OptionalLong.of(BLOCK - 1),
                                        OptionalLong.empty(),
                                        false))));
    }

    @AfterEach
    void stop() {
        volume.close();
    }

    @Test
    void atRestItNeedsNoStep() {
        CompletableFuture<Reply> read = volume.submit(read(MapFlags.NONE));

        Reply.Mapped mapped = assertInstanceOf(Reply.Mapped.class, read.getNow(null));
        assertEquals(1, mapped.extents().size());
        assertTrue(volume.submit(new Command.GetAttributes(file)).isDone());
        assertTrue(volume.submit(new Command.Lookup(FileId.ROOT, "f1")).isDone());
        assertFalse(volume.engine().hasWork());
    }

    /** The volume of this test has no memory for extents that are not in use. */
    @Test
    void forExtentsThatHaveLeftMemoryItTakesItsTurn() {
        Reply.Mapped before = (Reply.Mapped) volume.submit(read(MapFlags.NONE)).join();
        volume.engine().look(state -> assertTrue(state.residentExtents() > 0, "not durable yet"));
        var _ = volume.engine().volume().takeSnapshot();
        volume.settle();
        volume.engine().look(state -> assertEquals(0, state.residentExtents()));
        assertFalse(volume.checkpoints().wasAsked());

        CompletableFuture<Reply> read = volume.submit(read(MapFlags.NONE));

        assertFalse(read.isDone(), "whoever asks must not wait for a disk");
        assertFalse(volume.checkpoints().wasAsked());
        volume.engine().step();
        assertEquals(before.extents(), ((Reply.Mapped) read.join()).extents());
        assertTrue(volume.checkpoints().wasAsked());
        volume.engine().look(state -> assertEquals(List.of(), StateChecker.check(state.tables())));
    }

    @Test
    void theSameRequestGetsTheSameAnswer() {
        Command read = read(MapFlags.NONE);

        assertEquals(volume.submit(read).join(), volume.submit(read).join());
    }

    @Test
    void behindAChangeItTakesItsTurn() {
        CompletableFuture<Reply> made = volume.submit(volume.create());
        CompletableFuture<Reply> found = volume.submit(new Command.Lookup(FileId.ROOT, "f2"));
        assertFalse(found.isDone(), "the file it asks for is not made yet");

        volume.engine().step();
        assertInstanceOf(Reply.FileChanged.class, made.join());
        assertFalse(found.join() instanceof Reply.Failure, "it came behind");
    }

    @Test
    void fromWithinABatchItTakesItsTurn() {
        List<CompletableFuture<Reply>> asked = new ArrayList<>();
        var _ =
                volume.submit(volume.create())
                        .thenAccept(_ -> asked.add(volume.submit(new Command.GetAttributes(file))));

        volume.engine().step();
        assertFalse(asked.getFirst().isDone());
        volume.engine().step();
        assertTrue(asked.getFirst().isDone());
    }

    @Test
    void aGrantThatIsDurableTakesItsTurn() {
        CompletableFuture<Reply> read =
                volume.submit(read(new MapFlags(false, false, true, false)));
        assertFalse(read.isDone(), "the journal has not heard of it");

        volume.engine().step();
        assertInstanceOf(Reply.Mapped.class, read.join());
    }

    @Test
    void whileTheVolumeIsReadOnlyItTakesItsTurn() {
        volume.disk().failAfter(1);
        var _ = volume.submit(volume.create());
        volume.engine().step();
        assertTrue(volume.engine().volume().status().readOnlyReason().isPresent());

        CompletableFuture<Reply> read = volume.submit(new Command.GetAttributes(file));
        assertFalse(read.isDone(), "the state has to be built again first");
        volume.disk().failAfter(Long.MAX_VALUE);
        volume.engine().step();
        assertFalse(
                read.join() instanceof Reply.Failure failure
                        && failure.reason() != Reason.READ_ONLY);
    }

    private Reply done(CompletableFuture<Reply> reply) {
        volume.engine().step();
        return reply.join();
    }

    private Command read(MapFlags flags) {
        return map(IoMode.READ, flags, held);
    }

    private Command map(IoMode mode, MapFlags flags, Optional<Stateid> stateid) {
        return new Command.MapBlocks(
                origin(),
                0,
                file,
                0,
                BLOCK,
                BLOCK,
                mode,
                stateid,
                flags,
                16,
                new LayoutId(8, 9),
                0);
    }

    /** The next operation, far from those of {@link SteppedVolume#create}. */
    private Origin origin() {
        return new Origin(SteppedVolume.CLIENT, 100 + operation++, 0);
    }
}
