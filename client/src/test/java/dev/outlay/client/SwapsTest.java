package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ByteRange;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request.BodyCase;
import java.io.IOException;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What is done, and what is not, while a commit waits for the readers of what it replaces. */
final class SwapsTest {

    private static final int BLOCK = FakeVolume.BLOCK;
    private static final ByteRange FIRST = new ByteRange(0, BLOCK);
    private static final ByteRange SECOND = new ByteRange(BLOCK, 2 * BLOCK);
    private static final long SETTLE_MILLIS = 100;

    private final FileFixture fixture;
    private final FakeVolume volume;
    private final BlockFile file;

    /** Two blocks that this client reads, the first of which it has stored to. */
    SwapsTest() throws IOException {
        fixture = new FileFixture(5);
        volume = fixture.volume;
        try (BlockFile made = fixture.open()) {
            FileFixture.write(made, 0, FileFixture.bytes(2 * BLOCK, 1));
        }
        file =
                fixture.client.open(
                        FakeVolume.NAME,
                        FakeVolume.PATH,
                        WriteMode.ATOMIC,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        readBoth();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 2));
        assertArrayEquals(FileFixture.bytes(2 * BLOCK, 1), volume.committedBytes());
    }

    private void readBoth() throws IOException {
        for (int at = 0; at < 2 * BLOCK; at += BLOCK) {
            assertEquals(BLOCK, FileFixture.read(file, at, BLOCK).length);
        }
    }

    private int commits() {
        return volume.seen(BodyCase.COMMIT_BLOCKS).size() - 1;
    }

    /** The ranges given back since the file was made. */
    private List<ByteRange> returned() {
        return volume.seen(BodyCase.RETURN_LAYOUT).stream()
                .skip(1)
                .flatMap(request -> request.getReturnLayout().getFile().getRangesList().stream())
                .map(SwapsTest::range)
                .toList();
    }

    private static ByteRange range(FileRange range) {
        return ByteRange.ofLength(range.getOffset(), range.getLength());
    }

    @Test
    void aRecallOfSomethingElseIsAnsweredMeanwhile() throws IOException {
        volume.holdBack(Reply.BodyCase.COMMIT_BLOCKS);
        fixture.scheduler.schedule(
                10,
                () -> {
                    assertEquals(1, commits());
                    volume.recallRange(SECOND, false);
                });
        fixture.scheduler.schedule(
                50,
                () -> {
                    assertEquals(List.of(), volume.recalls());
                    volume.letGo();
                });
        file.commit();
        assertEquals(List.of(SECOND), returned());
        assertEquals(2, FileFixture.read(file, 0, BLOCK)[0]);
    }

    @Test
    void aRecallOfItsBlocksWaitsForItAndGivesBackWhatIsReadFirst() throws IOException {
        volume.holdBack(Reply.BodyCase.COMMIT_BLOCKS);
        fixture.scheduler.schedule(10, () -> volume.recallRange(FIRST, false));
        fixture.scheduler.schedule(
                50,
                () -> {
                    assertEquals(List.of(SECOND), returned(), "others may wait for that");
                    assertEquals(1, volume.recalls().size());
                    volume.letGo();
                });
        file.commit();
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(List.of(), volume.recalls());
        assertEquals(List.of(SECOND, FIRST), returned());
        assertEquals(1, commits());
        file.commit();
        assertEquals(2, volume.committedBytes()[0]);
    }

    @Test
    void aRecallThatCommitsItselfGivesBackWhatIsReadFirst() throws IOException {
        volume.holdBack(Reply.BodyCase.COMMIT_BLOCKS);
        volume.recallRange(FIRST, false);
        fixture.scheduler.schedule(
                50,
                () -> {
                    assertEquals(1, commits());
                    assertEquals(List.of(SECOND), returned());
                    volume.letGo();
                });
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(List.of(), volume.recalls());
        assertEquals(List.of(SECOND, FIRST), returned());
        file.commit();
        assertEquals(2, volume.committedBytes()[0]);
    }

    private void writeWaitsForTheAnswer() throws IOException {
        AtomicBoolean answered = new AtomicBoolean();
        fixture.scheduler.schedule(
                50,
                () -> {
                    answered.set(true);
                    volume.letGo();
                });
        fixture.device.beforeWrite = () -> assertTrue(answered.get(), "a store before the answer");
        FileFixture.write(file, 0, FileFixture.bytes(100, 3));
    }

    /** It would be seen with the commit that may still be made. */
    @Test
    void nothingIsStoredUntilACommitWithoutAnAnswerIsAnswered() throws IOException {
        volume.holdBack(Reply.BodyCase.COMMIT_BLOCKS);
        OutlayException late = assertThrows(OutlayException.class, file::commit);
        assertTrue(late.isPassing(), late::getMessage);
        writeWaitsForTheAnswer();
        assertEquals(2, volume.committedBytes()[0]);
        file.commit();
        assertEquals(3, volume.committedBytes()[0]);
        assertEquals(2, volume.committedBytes()[100]);
        assertFalse(volume.recalls().stream().anyMatch(recall -> recall.getRecallId() > 0));
    }

    /** As {@link #nothingIsStoredUntilACommitWithoutAnAnswerIsAnswered}, of a recall's. */
    @Test
    void norUntilThatOfARecallIs() throws IOException {
        volume.holdBack(Reply.BodyCase.COMMIT_BLOCKS);
        volume.recallRange(FIRST, false);
        fixture.scheduler.run(ClientOptions.to("fake", "test").deadlineMillis() + SETTLE_MILLIS);
        assertEquals(1, volume.recalls().size());
        writeWaitsForTheAnswer();
        file.commit();
        assertEquals(3, volume.committedBytes()[0]);
        assertEquals(2, volume.committedBytes()[100]);
    }
}
