package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is believed to be held, by the order in which answers may come. */
final class LayoutCacheTest {

    private static final FileId FILE = new FileId(2);
    private static final LayoutId LAYOUT = new LayoutId(1, 1);
    private static final ByteRange FIRST = new ByteRange(0, 8192);
    private static final ByteRange SECOND = new ByteRange(8192, 16384);

    private final LayoutCache cache = new LayoutCache(FILE);

    private static Stateid stateid(int seqid) {
        return new Stateid(LAYOUT, seqid);
    }

    private static MappedBlocks grant(
            int seqid, ByteRange range, GrantKind kind, ExtentState state, int device) {
        return new MappedBlocks(
                Optional.of(stateid(seqid)),
                List.of(new LayoutRange(range, kind)),
                List.of(
                        new Extent(
                                range.start(),
                                range.length(),
                                state,
                                device,
                                device == Extent.NO_DEVICE ? 0 : range.start() + 4096,
                                0)),
                seqid,
                range.end(),
                range.end());
    }

    private static MappedBlocks fresh(int seqid, ByteRange range) {
        return grant(seqid, range, GrantKind.RW, ExtentState.UNWRITTEN, 0);
    }

    private Mapping mapping(long offset) {
        return Objects.requireNonNull(cache.at(offset)).mapping();
    }

    private List<LayoutRange> held() {
        return cache.held().orElseThrow().ranges();
    }

    @Test
    void grantsInAnyOrderAddUp() {
        long era = cache.era();
        cache.granted(IoMode.RW, fresh(2, SECOND), era);
        cache.granted(IoMode.RW, fresh(1, FIRST), era);
        assertEquals(Optional.of(stateid(2)), cache.stateid());
        assertEquals(List.of(new LayoutRange(new ByteRange(0, 16384), GrantKind.RW)), held());
        assertEquals(4096, mapping(0).deviceOffset(0));
    }

    @Test
    void aGrantAskedForBeforeALossIsNotEntered() {
        cache.granted(IoMode.RW, fresh(1, FIRST), cache.era());
        long before = cache.era();
        cache.giveUp(List.of());
        assertEquals(
                List.of(),
                cache.granted(IoMode.RW, fresh(2, SECOND), before),
                "nor told to who asked for it by hand");
        assertNull(cache.at(SECOND.start()));
        assertNull(cache.at(FIRST.start()));
        // Until the answer the server believes it to be held, and it would be restated.
        assertEquals(FIRST, held().getFirst().range());
        cache.returned(new ReturnedLayout(FILE, Optional.empty(), List.of(FIRST)));
        assertTrue(cache.held().isEmpty());
    }

    @Test
    void aStoreAcrossALossIsNotBelieved() {
        cache.granted(IoMode.RW, fresh(1, FIRST), cache.era());
        long before = cache.era();
        assertTrue(cache.stored(new ByteRange(0, 10), new ByteRange(0, 4096), before, 0, 0));
        cache.clear();
        assertFalse(cache.stored(new ByteRange(10, 20), new ByteRange(0, 4096), before, 0, 0));
        assertEquals(List.of(new ByteRange(0, 10)), cache.takeLost());
        assertEquals(List.of(), cache.takeLost());
        cache.granted(IoMode.RW, fresh(2, FIRST), cache.era());
        assertTrue(cache.isUnfilled(new ByteRange(0, 4096)));
    }

    @Test
    void readingDoesNotWeakenWhatMayBeWritten() {
        cache.granted(IoMode.RW, fresh(1, FIRST), cache.era());
        cache.granted(
                IoMode.READ,
                grant(
                        2,
                        new ByteRange(0, 16384),
                        GrantKind.READ,
                        ExtentState.UNWRITTEN,
                        Extent.NO_DEVICE),
                cache.era());
        assertTrue(mapping(0).takesStores());
        assertFalse(mapping(SECOND.start()).takesStores());
        assertEquals(
                List.of(
                        new LayoutRange(FIRST, GrantKind.RW),
                        new LayoutRange(SECOND, GrantKind.READ)),
                held());
    }

    @Test
    void extentsWithoutALayoutRangeAreNotKept() {
        MappedBlocks once =
                new MappedBlocks(
                        Optional.of(stateid(1)),
                        List.of(new LayoutRange(FIRST, GrantKind.READ)),
                        List.of(Extent.hole(FIRST), Extent.hole(SECOND)),
                        1,
                        SECOND.end(),
                        SECOND.end());
        cache.granted(IoMode.READ, once, cache.era());
        assertNotNull(cache.at(FIRST.start()));
        assertNull(cache.at(SECOND.start()));
    }

    @Test
    void whatAReattachDoesNotConfirmIsGone() {
        cache.granted(IoMode.RW, fresh(1, FIRST), cache.era());
        cache.granted(IoMode.RW, fresh(2, SECOND), cache.era());
        cache.stored(new ByteRange(0, 10), new ByteRange(0, 4096), cache.era(), 0, 0);
        cache.stored(new ByteRange(8192, 9000), new ByteRange(8192, 12288), cache.era(), 0, 0);
        long era = cache.era();
        cache.settled(
                Optional.of(
                        new HeldLayout(
                                FILE,
                                stateid(9),
                                List.of(
                                        new LayoutRange(FIRST, GrantKind.RW),
                                        new LayoutRange(SECOND, GrantKind.READ)))));
        assertEquals(Optional.of(stateid(9)), cache.stateid());
        assertNotNull(cache.at(FIRST.start()));
        assertNull(cache.at(SECOND.start()));
        assertFalse(era == cache.era());
        assertEquals(List.of(new ByteRange(0, 10)), cache.written());
        assertEquals(List.of(new ByteRange(8192, 9000)), cache.takeLost());
    }

    @Test
    void aReattachThatConfirmsAllChangesNothing() {
        cache.granted(IoMode.RW, fresh(1, FIRST), cache.era());
        long era = cache.era();
        HeldLayout all = cache.held().orElseThrow();
        cache.settled(Optional.of(new HeldLayout(FILE, stateid(4), all.ranges())));
        assertEquals(era, cache.era());
        // An answer repeated after it still tells where its blocks are.
        cache.granted(IoMode.RW, fresh(2, SECOND), era);
        assertNotNull(cache.at(SECOND.start()));
        assertEquals(Optional.of(stateid(4)), cache.stateid());
    }

    @Test
    void seqidsWrap() {
        cache.granted(IoMode.RW, fresh(-1, FIRST), cache.era());
        cache.granted(IoMode.RW, fresh(1, SECOND), cache.era());
        assertEquals(Optional.of(stateid(1)), cache.stateid());
    }

    @Test
    void aNewLayoutEndsWhatTheOldOneKnew() {
        cache.granted(IoMode.RW, fresh(1, FIRST), cache.era());
        MappedBlocks other = fresh(1, SECOND);
        cache.granted(
                IoMode.RW,
                new MappedBlocks(
                        Optional.of(new Stateid(new LayoutId(2, 2), 1)),
                        other.ranges(),
                        other.extents(),
                        1,
                        SECOND.end(),
                        SECOND.end()),
                cache.era());
        assertNull(cache.at(FIRST.start()));
        assertNotNull(cache.at(SECOND.start()));
        assertEquals(List.of(new LayoutRange(SECOND, GrantKind.RW)), held());
    }

    @Test
    void aWrittenExtentWithoutAnAddressMakesNoSense() {
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        cache.granted(
                                IoMode.READ,
                                grant(
                                        1,
                                        FIRST,
                                        GrantKind.READ,
                                        ExtentState.WRITTEN,
                                        Extent.NO_DEVICE),
                                cache.era()));
    }

    private static final int SOURCE_AT = 1 << 20;
    private static final int COPY_AT = 2 << 20;

    private static Extent extent(ByteRange range, ExtentState state, long deviceOffset) {
        return new Extent(range.start(), range.length(), state, 0, deviceOffset, 0);
    }

    private static MappedBlocks told(int seqid, GrantKind kind, Extent... extents) {
        return new MappedBlocks(
                Optional.of(stateid(seqid)),
                List.of(new LayoutRange(FIRST, kind)),
                List.of(extents),
                seqid,
                FIRST.end(),
                FIRST.end());
    }

    private static MappedBlocks pair(int seqid) {
        return told(
                seqid,
                GrantKind.RW_ATOMIC,
                extent(FIRST, ExtentState.WRITTEN, SOURCE_AT),
                extent(FIRST, ExtentState.UNWRITTEN, COPY_AT));
    }

    private void commit(long deviceOffset, long mapEpoch) {
        cache.committed(
                List.of(new CommitRequest.Range(FIRST.start(), FIRST.length(), 0, deviceOffset)),
                mapEpoch);
    }

    @Test
    void whatWasToldBeforeACommitReplacedItIsNotEnteredBehindIt() {
        cache.granted(IoMode.RW, pair(1), cache.era());
        assertTrue(cache.stored(FIRST, FIRST, cache.era(), 0, 0));
        long read = cache.asking();
        long write = cache.asking();
        commit(COPY_AT, 9);
        assertEquals(COPY_AT, mapping(0).deviceOffset(0));
        cache.granted(
                IoMode.READ,
                told(2, GrantKind.RW_ATOMIC, extent(FIRST, ExtentState.WRITTEN, SOURCE_AT)),
                read);
        assertEquals(COPY_AT, mapping(0).deviceOffset(0), "the source is free by now");
        cache.granted(IoMode.RW, pair(3), write);
        assertEquals(COPY_AT, mapping(0).deviceOffset(0));
        assertEquals(ExtentState.WRITTEN, mapping(0).state(), "and no pair any more");
        assertEquals(Optional.of(stateid(3)), cache.stateid());
        assertEquals(List.of(new LayoutRange(FIRST, GrantKind.RW_ATOMIC)), held());
    }

    @Test
    void whatWasToldToBeUnwrittenIsNotEnteredBehindItsCommit() {
        cache.granted(IoMode.RW, fresh(1, FIRST), cache.era());
        long write = cache.asking();
        assertTrue(cache.stored(FIRST, FIRST, cache.era(), 0, 0));
        commit(4096, 9);
        cache.granted(IoMode.RW, fresh(2, FIRST), write);
        assertEquals(ExtentState.WRITTEN, mapping(0).state());
        assertFalse(cache.isUnfilled(new ByteRange(0, 4096)), "or it would be filled with zeros");
    }

    @Test
    void aCommitWhileNothingIsAskedForDisturbsNoAccess() {
        cache.granted(IoMode.RW, pair(1), cache.era());
        long era = cache.era();
        assertTrue(cache.stored(FIRST, FIRST, era, 0, 0));
        commit(COPY_AT, 9);
        assertEquals(era, cache.era());
    }

    @Test
    void whatWasAskedForBeforeAReattachIsNotEnteredBehindIt() {
        cache.granted(IoMode.RW, fresh(1, FIRST), cache.era());
        long before = cache.asking();
        cache.settled(
                Optional.of(
                        new HeldLayout(
                                FILE, stateid(4), List.of(new LayoutRange(FIRST, GrantKind.RW)))));
        cache.granted(IoMode.RW, fresh(2, SECOND), before);
        assertNull(cache.at(SECOND.start()), "the server may have forgotten it");
        assertNotNull(cache.at(FIRST.start()), "and that it has confirmed");
        cache.asked();
        cache.granted(IoMode.RW, fresh(5, SECOND), cache.asking());
        assertNotNull(cache.at(SECOND.start()));
    }

    /** The server counts both as on the device, when that is given back. */
    @Test
    void aPairIsOnTheDevicesOfBothItsBlocks() {
        Extent source = extent(FIRST, ExtentState.WRITTEN, SOURCE_AT);
        Extent copy = new Extent(0, FIRST.length(), ExtentState.UNWRITTEN, 1, COPY_AT, 0);
        cache.granted(IoMode.RW, told(1, GrantKind.RW_ATOMIC, source, copy), cache.era());
        assertEquals(List.of(FIRST), cache.rangesOn(0));
        assertEquals(List.of(FIRST), cache.rangesOn(1));
        assertEquals(List.of(), cache.rangesOn(2));
        assertTrue(cache.stored(FIRST, FIRST, cache.era(), 1, 0));
        cache.committed(List.of(new CommitRequest.Range(0, FIRST.length(), 1, COPY_AT)), 9);
        assertEquals(List.of(), cache.rangesOn(0));
    }

    private boolean store(ByteRange bytes) {
        return cache.stored(bytes, bytes.alignOutward(4096), cache.era(), 0, 0);
    }

    @Test
    void oneStretchOfWrittenBlocksIsFlushedAlone() {
        cache.granted(
                IoMode.RW, grant(1, FIRST, GrantKind.RW, ExtentState.WRITTEN, 0), cache.era());
        assertNull(cache.onlyFlushPiece(4096), "nothing is stored");
        assertTrue(store(new ByteRange(100, 200)));
        Mapping.Piece only = Objects.requireNonNull(cache.onlyFlushPiece(4096));
        assertEquals(List.of(only), cache.flushPieces(4096));
        assertEquals(new ByteRange(0, 4096), only.range());
        assertTrue(store(new ByteRange(5000, 5001)));
        assertNull(cache.onlyFlushPiece(4096), "two stretches");
        cache.flushed(cache.flushPieces(4096));
        assertTrue(store(new ByteRange(0, 8192)));
        assertNotNull(cache.onlyFlushPiece(4096));
        cache.lost(SECOND);
        assertNull(cache.onlyFlushPiece(4096), "a loss is to be told");
        assertEquals(List.of(SECOND), cache.takeLost());
        cache.flushed(Objects.requireNonNull(cache.onlyFlushPiece(4096)));
        assertEquals(List.of(), cache.flushPieces(4096));
    }

    @Test
    void whatLiesOnTwoDevicesOrInFreshBlocksIsNoSingleStretch() {
        cache.granted(
                IoMode.RW, grant(1, FIRST, GrantKind.RW, ExtentState.WRITTEN, 0), cache.era());
        cache.granted(
                IoMode.RW, grant(2, SECOND, GrantKind.RW, ExtentState.WRITTEN, 1), cache.era());
        assertTrue(store(new ByteRange(8000, 8200)));
        assertNull(cache.onlyFlushPiece(4096));
        assertEquals(2, cache.flushPieces(4096).size());
        cache.flushed(cache.flushPieces(4096));
        ByteRange third = new ByteRange(16384, 24576);
        cache.granted(IoMode.RW, fresh(3, third), cache.era());
        assertTrue(store(third));
        assertNull(cache.onlyFlushPiece(4096));
        assertEquals(1, cache.flushPieces(4096).size());
    }
}
