package dev.outlay.client;

import dev.outlay.core.space.RangeMap;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What this client holds on one file, what it is mapped to, and what was stored there and not
 * committed.
 *
 * <p>Two pictures. {@code held} is what the server believes, restated after a broken connection; it
 * never says less than the server's own. {@code mappings} is what I/O may use; it never says more.
 * So ranges leave the mappings before a request that gives them up is sent, and leave {@code held}
 * when it is answered.
 *
 * <p>Each loss begins a new <em>era</em>. An access asks for the era first and looks again when it
 * is done: a copy made across two eras is discarded, a store is not believed. Of a grant asked for
 * in an earlier era nothing is entered that was lost since, as it may have been part of the loss;
 * grants of one era only add up, so that their order does not matter (a late answer to a call that
 * nobody waits for any more included). To who is still to be answered a commit of fresh blocks is a
 * loss of what they were before it, and a re-attach one of the whole file.
 *
 * <p>Its lock is held for the length of each call and never while calling anything else: readers,
 * writers, and the thread that brings answers come here. Only the era, and the stretch that was
 * found last, are looked at without it.
 */
final class LayoutCache {

    private static final ByteRange WHOLE_FILE = new ByteRange(0, Long.MAX_VALUE);

    private final FileId file;
    private final FileGate gate = new FileGate();
    private final RangeMap<GrantKind> held = new RangeMap<>();
    private final RangeMap<Mapping> mappings = new RangeMap<>();
    private final WrittenBytes bytes = new WrittenBytes();
    private final Seqids seqids = new Seqids();

    /**
     * What was stored to, taken out of use uncommitted, and is still held. On a volume that hands
     * out zeros the server tells its holder that such blocks are written, whatever lies there by
     * now: so they go back, and nothing is mapped there before that is answered.
     */
    private final RangeSet owed = new RangeSet();

    /** What was lost while grants were being asked for, in order. */
    private final List<Loss> losses = new ArrayList<>();

    private long epoch;

    /** Begun under the lock. Who looks without it sees it begin before anything is given up. */
    private volatile long era;

    /**
     * The written stretch that was found last, for those who look without the lock. It goes before
     * an era begins, and before anything else is entered: who has asked for the era first and finds
     * it has not missed what that era took away.
     */
    private volatile Mapping.@Nullable Piece last;

    private int asking;
    private final AtomicLong used = new AtomicLong();

    /** A loss, and the era that began with it. */
    private record Loss(long era, ByteRange range) {}

    LayoutCache(FileId file) {
        this.file = file;
    }

    /** Of the bytes of the file, which are touched inside only. */
    FileGate gate() {
        return gate;
    }

    // ---- for I/O

    long era() {
        return era;
    }

    /** What the byte at {@code offset} is mapped to and how far that goes; null if nowhere. */
    Mapping.@Nullable Piece at(long offset) {
        Mapping.Piece found = last;
        return found != null && found.range().contains(offset)
                ? found.from(offset, found.range().end())
                : look(offset);
    }

    private synchronized Mapping.@Nullable Piece look(long offset) {
        RangeMap.Entry<Mapping> entry = mappings.find(offset);
        if (entry == null) {
            return null;
        }
        Mapping.Piece found = new Mapping.Piece(entry.range(), entry.value());
        if (entry.value().state() == ExtentState.WRITTEN) {
            last = found;
        }
        return found.from(offset, entry.range().end());
    }

    /**
     * What a reader finds at {@code offset}, and how far that goes, {@code most} bytes at most: to
     * be loaded if it is written, zeros otherwise. Null if nothing is mapped there.
     */
    Mapping.@Nullable Piece seenAt(long offset, long most) {
        Mapping.Piece found = last;
        if (found != null && found.range().contains(offset)) {
            return found.from(offset, offset + Math.min(most, found.range().end() - offset));
        }
        return lookForReader(offset, most);
    }

    private synchronized Mapping.@Nullable Piece lookForReader(long offset, long most) {
        Mapping.Piece piece = look(offset);
        if (piece == null) {
            return null;
        }
        Mapping mapping = piece.mapping();
        long end = most < piece.range().length() ? offset + most : piece.range().end();
        if (mapping.isUnwritten()) {
            List<ByteRange> filled = bytes.filledWithin(new ByteRange(offset, end));
            if (filled.isEmpty() || filled.getFirst().start() > offset) {
                mapping = mapping.copiedFrom().orElse(mapping);
                end = filled.isEmpty() ? end : filled.getFirst().start();
            } else {
                mapping = mapping.committed();
                end = filled.getFirst().end();
            }
        }
        return new Mapping.Piece(new ByteRange(offset, end), mapping);
    }

    /** Whether a look without the lock finds a written stretch there; not if this is false. */
    boolean isKnownWritten(long offset) {
        Mapping.Piece found = last;
        return found != null && found.range().contains(offset);
    }

    /**
     * Fresh blocks from {@code offset} on, to be written in place and only seen by others after a
     * commit, as far as nothing written waits for one there; null if there are none.
     *
     * <p>Of a block that a commit under way is to cover nothing is told: as soon as that is made
     * others may see the block, and write it.
     */
    synchronized Mapping.@Nullable Piece freshAt(long offset, long blockSize) {
        RangeMap.Entry<Mapping> entry = mappings.find(offset);
        if (entry == null || !entry.value().isFresh()) {
            return null;
        }
        long end = entry.range().end();
        List<ByteRange> written = bytes.writtenWithin(new ByteRange(offset, end));
        if (!written.isEmpty()) {
            end = written.getFirst().start();
        }
        ByteRange blocks = new ByteRange(offset - offset % blockSize, entry.range().end());
        OptionalLong taken = bytes.firstTaken(blocks);
        if (taken.isPresent()) {
            end = Math.min(end, taken.getAsLong() - taken.getAsLong() % blockSize);
        }
        return end <= offset ? null : new Mapping.Piece(new ByteRange(offset, end), entry.value());
    }

    /** The stateid to send with the next request; empty if nothing is held. */
    synchronized Optional<Stateid> stateid() {
        return seqids.newest();
    }

    /**
     * Whether a block is new to us and holds a former owner's bytes. No commit names it then, so
     * that it stays so until it is filled, whatever answers come.
     */
    synchronized boolean isUnfilled(ByteRange block) {
        Mapping mapping = mappings.get(block.start());
        return mapping != null && mapping.isUnwritten() && !bytes.isFilled(block);
    }

    /**
     * Stores have been made.
     *
     * @param written what the application wrote
     * @param blocks whole blocks, filled to the last byte
     * @param since the era in which the mapping was read
     * @param failedBefore how many flushes of {@code device} had failed before the store
     * @return false if the grant was lost meanwhile: then nothing has been written
     */
    synchronized boolean stored(
            ByteRange written, ByteRange blocks, long since, int device, long failedBefore) {
        if (era != since) {
            return false;
        }
        bytes.stored(written, blocks, device, failedBefore);
        return true;
    }

    /**
     * Whether no flush of a device has failed since the first store to it that may not be durable.
     *
     * @param failed how many have by now
     */
    synchronized boolean isUnfailed(int device, long failed) {
        return bytes.isUnfailed(device, failed);
    }

    /**
     * The newest map epoch for which all mappings hold. While a range is granted nobody else
     * changes it, so what any answer tells is true of the ranges of earlier answers, too.
     */
    synchronized long epoch() {
        return epoch;
    }

    /** Whether any of what was written and not committed there was stored in place. */
    synchronized boolean isWrittenInPlace(ByteRange range) {
        return bytes.writtenWithin(range).stream()
                .flatMap(written -> mappings.within(written).stream())
                .anyMatch(entry -> !entry.value().isUnwritten());
    }

    /** All that was written and not committed. */
    synchronized List<ByteRange> written() {
        return bytes.written();
    }

    synchronized List<ByteRange> writtenWithin(ByteRange range) {
        return bytes.writtenWithin(range);
    }

    /** What was written and taken out of the layout's hands could not be saved. */
    synchronized void lost(ByteRange range) {
        bytes.lose(range);
    }

    /** What was written and is lost, told once. */
    synchronized List<ByteRange> takeLost() {
        return bytes.takeLost();
    }

    /** A commit has covered these bytes, or never will. */
    synchronized void settledWrites(ByteRange range) {
        bytes.settled(range);
    }

    /** Nothing that was written there is of interest any more. */
    synchronized void forgetWrites(ByteRange range) {
        bytes.forget(range);
    }

    /**
     * A write has failed on its way: stores may have been made in these blocks, and no commit is to
     * cover them. What was written to a block before keeps it.
     */
    synchronized void strayed(ByteRange blocks) {
        for (ByteRange unfilled : bytes.unfilledWithin(blocks)) {
            for (RangeMap.Entry<Mapping> entry : mappings.within(unfilled)) {
                if (entry.value().takesStores()) {
                    owed.add(entry.range());
                    forfeit(entry.range());
                }
            }
        }
    }

    /** What has to be given back before anything is mapped there. */
    synchronized List<ByteRange> owed() {
        return owed.ranges();
    }

    /** A return of these ranges is answered: if it did not name them, nothing was held there. */
    synchronized void givenBack(List<ByteRange> ranges) {
        ranges.forEach(owed::remove);
    }

    /** The whole blocks that were written to, one mapping each, in the order of the file. */
    synchronized List<Mapping.Piece> commitPieces(long blockSize) {
        return pieces(bytes.written(), blockSize);
    }

    /** Those of them that have to be made durable. */
    synchronized List<Mapping.Piece> flushPieces(long blockSize) {
        return pieces(bytes.unflushed(), blockSize);
    }

    /**
     * As {@link #flushPieces}, where they are one piece of written blocks, as after one write in
     * place; null if they are not, or if something is lost that has to be told.
     */
    synchronized Mapping.@Nullable Piece onlyFlushPiece(long blockSize) {
        ByteRange unflushed = bytes.onlyUnflushed();
        if (unflushed == null || bytes.isAnyLost()) {
            return null;
        }
        ByteRange blocks = unflushed.alignOutward(blockSize);
        RangeMap.Entry<Mapping> entry = mappings.find(blocks.start());
        return entry != null
                        && entry.value().state() == ExtentState.WRITTEN
                        && entry.range().contains(blocks)
                ? new Mapping.Piece(blocks, entry.value())
                : null;
    }

    /** They have been. */
    synchronized void flushed(List<Mapping.Piece> pieces) {
        pieces.forEach(piece -> bytes.flushed(piece.range()));
    }

    /** It has been. */
    synchronized void flushed(Mapping.Piece piece) {
        bytes.flushed(piece.range());
    }

    // ---- commits that go on by themselves

    /** One that has not begun covers all that was written up to now. */
    synchronized void take(WrittenBytes.Taken into) {
        bytes.take(into);
    }

    /** As {@link #commitPieces}, of what it covers. */
    synchronized List<Mapping.Piece> pieces(WrittenBytes.Taken of, long blockSize) {
        return pieces(bytes.left(of), blockSize);
    }

    /** The end of the last byte within a range that it covers. */
    synchronized OptionalLong end(WrittenBytes.Taken of, ByteRange within) {
        return bytes.end(of, within);
    }

    /** As {@link #isUnfailed(int, long)}, of what it covers. */
    synchronized boolean isUnfailed(WrittenBytes.Taken of, int device, long failed) {
        return bytes.isUnfailed(of, device, failed);
    }

    /** It has covered these blocks. */
    synchronized void settledWrites(WrittenBytes.Taken of, ByteRange blocks) {
        bytes.settled(of, blocks);
    }

    /** Whether it has covered all that it was to cover. */
    synchronized boolean isSettled(WrittenBytes.Taken of) {
        return bytes.left(of).isEmpty();
    }

    /** It is over, and leaves the rest to the next commit; returns what it covers and is lost. */
    synchronized List<ByteRange> over(WrittenBytes.Taken of) {
        return bytes.over(of);
    }

    private List<Mapping.Piece> pieces(List<ByteRange> writes, long blockSize) {
        List<Mapping.Piece> pieces = new ArrayList<>();
        for (ByteRange range : wholeBlocks(writes, blockSize)) {
            for (RangeMap.Entry<Mapping> entry : mappings.within(range)) {
                if (entry.value().isUnwritten() && !bytes.isFilled(entry.range())) {
                    throw new IllegalStateException(
                            "blocks " + entry.range() + " are written to, but not filled");
                }
                pieces.add(new Mapping.Piece(entry.range(), entry.value()));
            }
        }
        return pieces;
    }

    private static List<ByteRange> wholeBlocks(List<ByteRange> ranges, long blockSize) {
        if (ranges.size() == 1) {
            return List.of(ranges.getFirst().alignOutward(blockSize));
        }
        RangeSet blocks = new RangeSet();
        ranges.forEach(range -> blocks.add(range.alignOutward(blockSize)));
        return blocks.ranges();
    }

    /** The layout is in use: of those that are not, the server gets one back first. */
    void used(long moment) {
        used.lazySet(moment);
    }

    /** When it was last used. */
    long lastUsed() {
        return used.get();
    }

    // ---- what answers bring

    /**
     * A MapBlocks is about to be sent; returns the era, to come back with the answer. To be paired
     * with {@link #asked}.
     */
    synchronized long asking() {
        asking++;
        return era;
    }

    /** A MapBlocks is over: answered, refused, or given up before it was sent. */
    synchronized void asked() {
        if (--asking == 0) {
            losses.clear();
        }
    }

    /** Whether nothing is held, asked for, or under way: then it may be forgotten. */
    synchronized boolean isIdle() {
        return seqids.newest().isEmpty() && asking == 0 && !gate.isBusy();
    }

    /**
     * The answer to a MapBlocks that was sent in era {@code since}.
     *
     * @return what of its ranges is held: not what was given back since it was sent, which may have
     *     been granted before that
     */
    synchronized List<LayoutRange> granted(IoMode asked, MappedBlocks answer, long since) {
        if (answer.stateid().isEmpty()) {
            return List.of();
        }
        Stateid granted = answer.stateid().get();
        RangeSet lost = lostSince(since);
        boolean known = seqids.isOf(granted);
        if (!known && lost.containsAll(WHOLE_FILE)) {
            // Of a layout that has ended meanwhile, as far as anybody can tell.
            return List.of();
        }
        if (!known && seqids.newest().isPresent()) {
            // The server knows nothing of the old layout: it ended without a word reaching us.
            clear();
        }
        seqids.arrived(granted);
        epoch = Math.max(epoch, answer.mapEpoch());
        List<LayoutRange> stands = new ArrayList<>();
        for (LayoutRange range : answer.ranges()) {
            for (ByteRange kept : lost.gapsWithin(range.range())) {
                hold(kept, range.kind());
                GrantKind kind = asked == IoMode.READ ? GrantKind.READ : range.kind();
                for (ByteRange usable : owed.gapsWithin(kept)) {
                    stands.add(new LayoutRange(usable, range.kind()));
                    enter(answer.extents(), usable, kind);
                }
            }
        }
        return stands;
    }

    private RangeSet lostSince(long since) {
        RangeSet lost = new RangeSet();
        if (era != since && losses.isEmpty()) {
            lost.add(WHOLE_FILE);
        }
        losses.stream().filter(loss -> loss.era() > since).forEach(loss -> lost.add(loss.range()));
        return lost;
    }

    private void hold(ByteRange range, GrantKind kind) {
        RangeSet stronger = new RangeSet();
        held.within(range).stream()
                .filter(e -> e.value().compareTo(kind) > 0)
                .forEach(e -> stronger.add(e.range()));
        stronger.gapsWithin(range).forEach(gap -> held.put(gap, kind));
    }

    /** Enters what a grant told of {@code kept}: of two extents over the same bytes, a pair. */
    private void enter(List<Extent> extents, ByteRange kept, GrantKind kind) {
        for (int i = 0; i < extents.size(); i++) {
            Extent extent = extents.get(i);
            if (extent.state() == ExtentState.WRITTEN && !extent.hasAddress()) {
                throw new IllegalArgumentException(
                        "a written extent without an address: " + extent);
            }
            Extent second = i + 1 < extents.size() ? extents.get(i + 1) : null;
            boolean pair = second != null && second.range().equals(extent.range());
            Mapping told =
                    pair && second != null
                            ? Mapping.ofPair(extent, second, kind)
                            : Mapping.of(extent, kind);
            if (extent.range().overlaps(kept)) {
                enter(extent.range().intersect(kept), told);
            }
            i += pair ? 1 : 0;
        }
    }

    /** Enters one mapping, where nothing stronger is known. */
    private void enter(ByteRange range, Mapping told) {
        List<RangeMap.Entry<Mapping>> known = mappings.within(range);
        RangeSet keep = new RangeSet();
        for (RangeMap.Entry<Mapping> old : known) {
            if (old.value().takesStores()) {
                if (told.iomode() == IoMode.READ) {
                    keep.add(old.range());
                } else if (!old.value().isSamePlace(told)) {
                    forfeit(old.range());
                    // Of the old blocks nothing is held any more.
                    owed.remove(old.range());
                }
            }
        }
        last = null;
        keep.gapsWithin(range).forEach(gap -> mappings.put(gap, told));
    }

    /**
     * A commit was answered with this epoch: these ranges are written now. An answer that is still
     * on its way may have been decided before, and tell of what the blocks were then, or of those
     * whose place they have taken.
     */
    synchronized void committed(List<CommitRequest.Range> ranges, long mapEpoch) {
        epoch = seqids.newest().isEmpty() ? 0 : Math.max(epoch, mapEpoch);
        for (CommitRequest.Range range : ranges) {
            ByteRange blocks = ByteRange.ofLength(range.fileOffset(), range.length());
            for (RangeMap.Entry<Mapping> entry : mappings.within(blocks)) {
                Mapping mapping = entry.value();
                if (mapping.takesStores()
                        && mapping.device() == range.device()
                        && mapping.deviceOffset(range.fileOffset()) == range.deviceOffset()) {
                    last = null;
                    if (mapping.isUnwritten() && asking > 0) {
                        begin(entry.range());
                    }
                    mappings.put(entry.range(), mapping.committed());
                    bytes.committed(entry.range());
                }
            }
        }
    }

    /** These ranges are about to be given up: nothing may be done there from now on. */
    synchronized void giveUp(List<ByteRange> ranges) {
        if (ranges.isEmpty()) {
            forfeit(WHOLE_FILE);
        } else {
            ranges.forEach(this::forfeit);
        }
    }

    /** What a request took back. */
    synchronized void returned(ReturnedLayout returned) {
        if (returned.stateid().isEmpty()) {
            clear();
            return;
        }
        Stateid left = returned.stateid().get();
        if (seqids.newest().isPresent() && !seqids.isOf(left)) {
            return;
        }
        seqids.arrived(left);
        for (ByteRange range : returned.ranges()) {
            forfeit(range);
            held.remove(range);
            owed.remove(range);
        }
    }

    /**
     * What a re-attach settled; empty: nothing is held. What is still to be answered was not
     * restated, and may have been granted by a server that has forgotten it.
     */
    synchronized void settled(Optional<HeldLayout> now) {
        if (now.isEmpty()) {
            clear();
            return;
        }
        if (asking > 0) {
            begin(WHOLE_FILE);
        }
        if (!seqids.isOf(now.get().stateid())) {
            forfeit(WHOLE_FILE);
        }
        seqids.settled(now.get().stateid());
        RangeSet readable = new RangeSet();
        RangeSet writable = new RangeSet();
        held.remove(WHOLE_FILE);
        for (LayoutRange range : now.get().ranges()) {
            held.put(range.range(), range.kind());
            readable.add(range.range());
            if (range.kind().isWriter()) {
                writable.add(range.range());
            }
        }
        List<ByteRange> gone = new ArrayList<>();
        for (RangeMap.Entry<Mapping> entry : mappings.entries()) {
            RangeSet still = entry.value().iomode() == IoMode.RW ? writable : readable;
            gone.addAll(still.gapsWithin(entry.range()));
        }
        gone.forEach(this::forfeit);
        writable.gapsWithin(WHOLE_FILE).forEach(owed::remove);
    }

    /** Nothing is held any more. */
    synchronized void clear() {
        seqids.clear();
        epoch = 0;
        held.remove(WHOLE_FILE);
        forfeit(WHOLE_FILE);
        owed.remove(WHOLE_FILE);
    }

    /** As {@link #clear}, if the layout is still the one that a request named. */
    synchronized void clearIf(Stateid named) {
        if (seqids.isOf(named)) {
            clear();
        }
    }

    // ---- what the server says unasked

    /**
     * Whether a recall can be acted upon: all that was granted before it has arrived. Where nothing
     * is known of its layout, or an answer seems to be missing, that is so once no MapBlocks is
     * unanswered.
     */
    synchronized boolean mayAnswer(Optional<Stateid> recall) {
        return asking == 0 || recall.filter(seqids::isNext).isPresent();
    }

    /** The recall is being acted upon. */
    synchronized void recalled(Stateid recall) {
        if (seqids.isOf(recall)) {
            seqids.arrived(recall);
        }
    }

    /** What is mapped to one device, be it only to be copied from there. */
    synchronized List<ByteRange> rangesOn(int device) {
        RangeSet there = new RangeSet();
        for (RangeMap.Entry<Mapping> entry : mappings.entries()) {
            if (entry.value().isOn(device)) {
                there.add(entry.range());
            }
        }
        return there.ranges();
    }

    /** Others have changed these bytes: what was mapped for reading has to be mapped anew. */
    synchronized void invalidate(ByteRange range) {
        begin(range);
        for (RangeMap.Entry<Mapping> entry : mappings.within(range)) {
            if (entry.value().iomode() == IoMode.READ) {
                mappings.remove(entry.range());
            }
        }
    }

    /** What is held and not for RW. */
    synchronized List<ByteRange> heldForReading() {
        return held.entries().stream()
                .filter(entry -> !entry.value().isWriter())
                .map(RangeMap.Entry::range)
                .toList();
    }

    // ---- for re-attach

    /** What is believed to be held; empty if nothing is. */
    synchronized Optional<HeldLayout> held() {
        return seqids.newest()
                .map(
                        stateid ->
                                new HeldLayout(
                                        file,
                                        stateid,
                                        held.entries().stream()
                                                .map(e -> new LayoutRange(e.range(), e.value()))
                                                .toList()));
    }

    /** Takes mappings out of use, and what was stored under them and not committed with them. */
    private void forfeit(ByteRange range) {
        begin(range);
        mappings.remove(range);
        bytes.filledWithin(range).forEach(owed::add);
        bytes.forfeit(range);
    }

    /** Begins an era with a loss. */
    private synchronized void begin(ByteRange lost) {
        last = null;
        era++;
        if (asking > 0) {
            losses.add(new Loss(era, lost));
        }
    }
}
