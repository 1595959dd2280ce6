package dev.outlay.core.space;

import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of one file lie: its extents, sorted and disjoint, neighbours merged when they go
 * on in the file and on the device with the same state and flags. What is not mapped is a hole.
 *
 * <p>Kept as a directory of {@linkplain ExtentPage pages} of primitive arrays. Finding is two
 * binary searches; a change moves at most a page and, when a page comes or goes, the directory.
 *
 * <p>Changes are block-aligned (here: to 512 bytes, the least a block can be; {@link #check} knows
 * the real block size); questions may be about any bytes. Do not change the map from within {@link
 * #forEach}.
 */
public final class ExtentMap {

    /** Neighbouring pages with no more than this between them become one. */
    private static final int FUSE_BELOW = ExtentPage.MAX * 3 / 4;

    private ExtentPage[] pages = new ExtentPage[1];

    /** The file offset at which each page begins, so that a search touches this array alone. */
    private long[] firsts = new long[1];

    private int pageCount;
    private int extents;
    private long mappedBytes;

    /** What {@link #takeChanges} has to tell; null if nothing. */
    private @Nullable Unsaved unsaved;

    /** Pages that have changed, and where pages were saved that are gone. */
    private static final class Unsaved {
        private final List<ExtentPage> pages = new ArrayList<>(1);
        private final List<Long> gone = new ArrayList<>(0);
    }

    /** Hears of pages, which are runs of neighbouring extents. */
    @FunctionalInterface
    public interface PageChanges {
        /**
         * The page that begins at {@code start} is this now.
         *
         * @param bytes for {@link #load}; null if no page begins there any more
         */
        void page(long start, byte @Nullable [] bytes);
    }

    /** The number of extents kept, holes not counted. */
    public int extents() {
        return extents;
    }

    public boolean isEmpty() {
        return extents == 0;
    }

    /** The number of bytes that are not holes. */
    public long mappedBytes() {
        return mappedBytes;
    }

    /** One past the last mapped byte, 0 when the map is empty. */
    public long endOffset() {
        if (pageCount == 0) {
            return 0;
        }
        ExtentPage last = pages[pageCount - 1];
        return last.end(last.count() - 1);
    }

    /** The whole extent that holds the byte at {@code offset}, or null in a hole. */
    public @Nullable Extent find(long offset) {
        int number = pageOf(offset);
        if (number < 0) {
            return null;
        }
        ExtentPage page = pages[number];
        int index = page.floor(offset);
        return page.end(index) > offset ? page.extent(index) : null;
    }

    /** Covers {@code range} without a gap: extents and holes, sorted, clipped to it. */
    public List<Extent> slice(ByteRange range) {
        List<Extent> cover = new ArrayList<>();
        long position = range.start();
        for (Extent extent : mapped(range)) {
            if (position < extent.fileOffset()) {
                cover.add(Extent.hole(new ByteRange(position, extent.fileOffset())));
            }
            cover.add(extent);
            position = extent.end();
        }
        if (position < range.end()) {
            cover.add(Extent.hole(new ByteRange(position, range.end())));
        }
        return cover;
    }

    /** What is mapped in {@code range}: sorted, clipped to it. */
    public List<Extent> mapped(ByteRange range) {
        List<Extent> found = new ArrayList<>();
        for (int number = Math.max(pageOf(range.start()), 0);
                number < pageCount && firsts[number] < range.end();
                number++) {
            ExtentPage page = pages[number];
            for (int i = Math.max(page.floor(range.start()), 0);
                    i < page.count() && page.start(i) < range.end();
                    i++) {
                if (page.end(i) > range.start()) {
                    Extent extent = page.extent(i);
                    found.add(range.contains(extent.range()) ? extent : extent.slice(range));
                }
            }
        }
        return found;
    }

    /** All extents, sorted. */
    public List<Extent> all() {
        List<Extent> all = new ArrayList<>(extents);
        forEach(all::add);
        return all;
    }

    /** Shows every extent in the order of the file. */
    public void forEach(Consumer<Extent> action) {
        for (int number = 0; number < pageCount; number++) {
            ExtentPage page = pages[number];
            for (int i = 0; i < page.count(); i++) {
                action.accept(page.extent(i));
            }
        }
    }

    /** Maps what was a hole. The flag {@link Extent#NEW} is dropped. */
    public void insert(Extent extent) {
        if (extent.isHole() || !extent.hasAddress()) {
            throw new IllegalArgumentException("only extents with blocks are kept: " + extent);
        }
        requireAligned(extent.range());
        if (extent.deviceOffset() % ExtentPage.UNIT != 0) {
            throw new IllegalArgumentException("the address is not block-aligned: " + extent);
        }
        long start = extent.fileOffset();
        int number = Math.max(pageOf(extent.end() - 1), 0);
        int index = pageCount == 0 ? -1 : pages[number].floor(extent.end() - 1);
        if (index >= 0 && pages[number].end(index) > start) {
            throw new IllegalStateException(
                    extent + " is inserted over " + pages[number].extent(index));
        }
        insertAfter(number, index, start, extent.length(), ExtentPage.place(extent));
        // Both neighbours, if any, begin in [start - 1, end].
        merge(start, extent.end());
        mappedBytes += extent.length();
    }

    /** Gives all of {@code range}, which must be mapped, this state and exactly these flags. */
    public void convert(ByteRange range, ExtentState state, int flags) {
        requireAligned(range);
        if (state == ExtentState.HOLE) {
            throw new IllegalArgumentException("blocks become a hole by punch, not by convert");
        }
        if ((flags & ~(Extent.NEW | Extent.SHARED | Extent.AT_RISK | Extent.KEPT)) != 0) {
            throw new IllegalArgumentException(
                    "unknown extent flags 0x" + Integer.toHexString(flags));
        }
        requireMapped(range);
        splitAt(range.start());
        splitAt(range.end());
        long meta = ExtentPage.meta(state, flags);
        for (int number = pageOf(range.start());
                number < pageCount && firsts[number] < range.end();
                number++) {
            ExtentPage page = pages[number];
            int to = page.ceiling(range.end());
            touch(page);
            for (int i = page.ceiling(range.start()); i < to; i++) {
                page.setMeta(i, meta);
            }
        }
        merge(range.start(), range.end());
    }

    /** Makes a hole of {@code range} and returns what was mapped there, sorted. */
    public List<Extent> punch(ByteRange range) {
        requireAligned(range);
        List<Extent> removed = mapped(range);
        if (removed.isEmpty()) {
            return removed;
        }
        splitAt(range.start());
        splitAt(range.end());
        int from = Math.max(pageOf(range.start()), 0);
        int number = from;
        for (; number < pageCount && firsts[number] < range.end(); number++) {
            ExtentPage page = pages[number];
            int first = page.ceiling(range.start());
            int last = page.ceiling(range.end());
            touch(page);
            page.remove(first, last);
            extents -= last - first;
        }
        repack(from, number);
        for (Extent extent : removed) {
            mappedBytes -= extent.length();
        }
        return removed;
    }

    /**
     * Checks that extents are sorted, disjoint, merged and whole blocks, and that the counters and
     * the directory agree with them.
     *
     * @throws IllegalStateException naming the first place where that is broken
     */
    public void check(long blockSize) {
        int counted = 0;
        long bytes = 0;
        Extent before = null;
        for (int number = 0; number < pageCount; number++) {
            ExtentPage page = pages[number];
            require(page.count() > 0 && page.count() <= ExtentPage.MAX, "page", number);
            require(firsts[number] == page.start(0), "directory entry of page", number);
            for (int i = 0; i < page.count(); i++) {
                Extent extent = page.extent(i);
                checkExtent(before, extent, blockSize);
                counted++;
                bytes += extent.length();
                before = extent;
            }
        }
        require(counted == extents, "count of extents is", extents);
        require(bytes == mappedBytes, "count of mapped bytes is", mappedBytes);
    }

    @Override
    public String toString() {
        return all().toString();
    }

    private static void checkExtent(@Nullable Extent before, Extent extent, long blockSize) {
        long at = extent.fileOffset();
        require(extent.range().isAligned(blockSize), "unaligned extent at file offset", at);
        require(extent.deviceOffset() % blockSize == 0, "unaligned address at file offset", at);
        if (before == null) {
            return;
        }
        require(before.end() <= at, "extents out of order or overlapping at file offset", at);
        boolean one =
                before.end() == at
                        && before.device() == extent.device()
                        && before.deviceRange().end() == extent.deviceOffset()
                        && before.state() == extent.state()
                        && before.flags() == extent.flags();
        require(!one, "neighbours are not merged at file offset", at);
    }

    private static void require(boolean holds, String what, long where) {
        if (!holds) {
            throw new IllegalStateException("extent map is broken: " + what + " " + where);
        }
    }

    private static void requireAligned(ByteRange range) {
        if (!range.isAligned(ExtentPage.UNIT)) {
            throw new IllegalArgumentException("not block-aligned: " + range);
        }
    }

    private void requireMapped(ByteRange range) {
        long position = range.start();
        for (Extent extent : mapped(range)) {
            if (extent.fileOffset() != position) {
                break;
            }
            position = extent.end();
        }
        if (position != range.end()) {
            throw new IllegalStateException(
                    range + " is converted, but there is a hole at file offset " + position);
        }
    }

    /** The number of pages, for tests that must reach several. */
    int pages() {
        return pageCount;
    }

    /** The last page that begins at or before {@code offset}, or -1. */
    private int pageOf(long offset) {
        int found = Arrays.binarySearch(firsts, 0, pageCount, offset);
        return found >= 0 ? found : -found - 2;
    }

    /** Makes {@code offset} a boundary; the halves are not merged again. */
    private void splitAt(long offset) {
        int number = pageOf(offset);
        if (number < 0) {
            return;
        }
        ExtentPage page = pages[number];
        int index = page.floor(offset);
        long head = offset - page.start(index);
        long length = page.length(index);
        if (head > 0 && head < length) {
            touch(page);
            page.setLength(index, head);
            insertAfter(number, index, offset, length - head, page.place(index) + head);
        }
    }

    /** Puts an extent behind the one at {@code index} of a page; -1 puts it first. */
    private void insertAfter(int number, int index, long start, long length, long place) {
        int at = index + 1;
        int target = number;
        if (pageCount == 0) {
            addPage(0, new ExtentPage(start));
        } else if (pages[number].count() == ExtentPage.MAX) {
            // Files mostly grow at their end: there, leave full pages behind.
            boolean atEnd = number == pageCount - 1 && at == ExtentPage.MAX;
            int cut = atEnd ? ExtentPage.MAX : ExtentPage.MAX / 2;
            if (!atEnd) {
                touch(pages[number]);
            }
            addPage(number + 1, atEnd ? new ExtentPage(start) : pages[number].splitOff(cut));
            if (at >= cut && (atEnd || at > cut)) {
                target = number + 1;
                at -= cut;
            }
        }
        touch(pages[target]);
        pages[target].insert(at, start, length, place);
        firsts[target] = pages[target].start(0);
        extents++;
    }

    private void addPage(int number, ExtentPage page) {
        if (pageCount == pages.length) {
            int capacity = pageCount + Math.max(1, pageCount / 2);
            pages = Arrays.copyOf(pages, capacity);
            firsts = Arrays.copyOf(firsts, capacity);
        }
        System.arraycopy(pages, number, pages, number + 1, pageCount - number);
        System.arraycopy(firsts, number, firsts, number + 1, pageCount - number);
        pages[number] = page;
        firsts[number] = page.count() > 0 ? page.start(0) : 0;
        pageCount++;
        if (page.savedAt == ExtentPage.NOT_SAVED) {
            touch(page);
        }
    }

    /**
     * Joins neighbours from the extent before {@code start} to the one that begins at {@code end}.
     */
    private void merge(long start, long end) {
        int from = start == 0 ? 0 : Math.max(pageOf(start - 1), 0);
        int index = start == 0 ? 0 : Math.max(pages[from].floor(start - 1), 0);
        ExtentPage before = null;
        int number = from;
        for (; number < pageCount && firsts[number] <= end; number++) {
            ExtentPage page = pages[number];
            int counted = page.count();
            page.merge(index, end);
            if (before != null && before.joins(page)) {
                touch(before);
                before.setLength(
                        before.count() - 1, before.length(before.count() - 1) + page.length(0));
                page.remove(0, 1);
            }
            if (page.count() != counted) {
                touch(page);
            }
            extents -= counted - page.count();
            before = page.count() > 0 ? page : before;
            index = 0;
        }
        repack(from, number);
    }

    /** Drops empty pages of {@code [from, to)}, fuses small neighbours, mends the directory. */
    private void repack(int from, int to) {
        int kept = Math.max(from - 1, 0);
        int end = Math.min(to + 1, pageCount);
        for (int next = kept + 1; next < end; next++) {
            if (pages[kept].count() + pages[next].count() <= FUSE_BELOW
                    || pages[next].count() == 0) {
                if (pages[next].count() > 0) {
                    touch(pages[kept]);
                    pages[kept].append(pages[next]);
                }
                drop(pages[next]);
            } else if (pages[kept].count() == 0) {
                drop(pages[kept]);
                pages[kept] = pages[next];
            } else {
                pages[++kept] = pages[next];
            }
        }
        for (int number = Math.max(from - 1, 0); number <= kept; number++) {
            firsts[number] = pages[number].count() > 0 ? pages[number].start(0) : 0;
        }
        int filled = pages[kept].count() > 0 ? kept + 1 : kept;
        if (filled == kept) {
            drop(pages[kept]);
        }
        removePages(filled, end);
    }

    private void removePages(int from, int to) {
        if (from >= to) {
            return;
        }
        System.arraycopy(pages, to, pages, from, pageCount - to);
        System.arraycopy(firsts, to, firsts, from, pageCount - to);
        Arrays.fill(pages, pageCount - (to - from), pageCount, null);
        pageCount -= to - from;
    }

    // ---- saving

    /** Tells what has changed since it was asked last: first what is gone, then what is there. */
    public void takeChanges(PageChanges to) {
        Unsaved all = unsaved;
        if (all == null) {
            return;
        }
        unsaved = null;
        all.gone.forEach(start -> to.page(start, null));
        for (ExtentPage page : all.pages) {
            if (page.changed && page.savedAt != page.start(0)) {
                told(to, page.savedAt);
            }
        }
        for (ExtentPage page : all.pages) {
            if (page.changed) {
                page.changed = false;
                page.savedAt = page.start(0);
                to.page(page.savedAt, page.encode());
            }
        }
    }

    private static void told(PageChanges to, long goneFrom) {
        if (goneFrom != ExtentPage.NOT_SAVED) {
            to.page(goneFrom, null);
        }
    }

    /** As if nothing of the map had ever been told. */
    public void forgetSaved() {
        unsaved = null;
        for (int number = 0; number < pageCount; number++) {
            ExtentPage page = pages[number];
            page.savedAt = ExtentPage.NOT_SAVED;
            page.changed = false;
            touch(page);
        }
    }

    /**
     * Puts a page that was told of behind all others.
     *
     * @throws CorruptDataException if it is no page, or does not belong there
     */
    public void load(long start, byte[] bytes) {
        ExtentPage page = ExtentPage.decode(start, bytes);
        ExtentPage last = pageCount == 0 ? null : pages[pageCount - 1];
        if (start < endOffset() || (last != null && last.joins(page))) {
            throw new CorruptDataException(
                    "extents from " + start + " on overlap or continue those before them");
        }
        addPage(pageCount, page);
        extents += page.count();
        for (int i = 0; i < page.count(); i++) {
            mappedBytes += page.length(i);
        }
    }

    private void touch(ExtentPage page) {
        if (!page.changed) {
            page.changed = true;
            unsaved().pages.add(page);
        }
    }

    /** The page is part of the map no more. */
    private void drop(ExtentPage page) {
        page.changed = false;
        if (page.savedAt != ExtentPage.NOT_SAVED) {
            unsaved().gone.add(page.savedAt);
        }
    }

    private Unsaved unsaved() {
        Unsaved all = unsaved;
        if (all == null) {
            all = new Unsaved();
            unsaved = all;
        }
        return all;
    }
}
