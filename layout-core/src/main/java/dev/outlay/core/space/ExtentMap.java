package dev.outlay.core.space;

import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of one file lie: its extents, sorted and disjoint, neighbours merged when they go
 * on in the file and on the device with the same state and flags. What is not mapped is a hole.
 *
 * <p>Kept as a directory of {@linkplain ExtentPage pages} of primitive arrays. Finding is two
 * searches, each from a {@linkplain Rising guess}; a change moves at most a page and, when a page
 * comes or goes, the directory. Pages that were saved, and the directory of a map of which no page
 * is in memory, may lie in a store until they are asked for ({@link ResidentPages}).
 *
 * <p>Changes are block-aligned (here: to 512 bytes, the least a block can be; {@link #check} knows
 * the real block size); questions may be about any bytes. Do not change the map from within {@link
 * #forEach}.
 */
public final class ExtentMap {

    /** Neighbouring pages with no more than this between them become one. */
    private static final int FUSE_BELOW = ExtentPage.MAX * 3 / 4;

    private static final ExtentPage[] NO_PAGES = {};
    private static final long[] NO_OFFSETS = {};

    /** Under which pages are found in the store. */
    private final long id;

    /** Where the pages are that are not in memory; null: all are. */
    private final @Nullable ResidentPages resident;

    /** Null where a page is not in memory. */
    private @Nullable ExtentPage[] pages = NO_PAGES;

    /** The file offset at which each page begins, so that a search touches this array alone. */
    private long[] firsts = NO_OFFSETS;

    private int pageCount;

    /** How many of them are in memory. */
    private int inMemory;

    private int extents;
    private long mappedBytes;

    /** Whether the directory is in memory. */
    private boolean open = true;

    /** In which taking of changes pages were told of last that are gone. */
    private int goneIn;

    /** The neighbours in the ring of {@link #resident}; null while no page is in memory. */
    @Nullable ExtentMap after;

    @Nullable ExtentMap before;

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

    /** An empty map, all of which is in memory for good. */
    public ExtentMap() {
        this.id = 0;
        this.resident = null;
    }

    /** An empty map, pages of which may leave memory; they are found in the store by the id. */
    public ExtentMap(long id, @Nullable ResidentPages resident) {
        this.id = id;
        this.resident = resident;
    }

    /** Of an empty map: this is what its pages come to, all of which lie in the store. */
    public void lieInStore(int allExtents, long allMappedBytes) {
        extents = allExtents;
        mappedBytes = allMappedBytes;
        open = allExtents == 0;
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
        openDirectory();
        if (pageCount == 0) {
            return 0;
        }
        ExtentPage last = page(pageCount - 1);
        return last.end(last.count() - 1);
    }

    /** The whole extent that holds the byte at {@code offset}, or null in a hole. */
    public @Nullable Extent find(long offset) {
        openDirectory();
        int number = pageOf(offset);
        if (number < 0) {
            return null;
        }
        ExtentPage page = page(number);
        int index = floor(number, page, offset);
        return page.end(index) > offset ? page.extent(index) : null;
    }

    /** Covers {@code range} without a gap: extents and holes, sorted, clipped to it. */
    public List<Extent> slice(ByteRange range) {
        return within(range, true);
    }

    /** What is mapped in {@code range}: sorted, clipped to it. */
    public List<Extent> mapped(ByteRange range) {
        return within(range, false);
    }

    private List<Extent> within(ByteRange range, boolean holes) {
        openDirectory();
        List<Extent> found = new ArrayList<>(1);
        long position = range.start();
        for (int number = Math.max(pageOf(range.start()), 0);
                number < pageCount && firsts[number] < range.end();
                number++) {
            ExtentPage page = page(number);
            for (int i = Math.max(floor(number, page, range.start()), 0);
                    i < page.count() && page.start(i) < range.end();
                    i++) {
                if (page.end(i) > range.start()) {
                    if (holes && page.start(i) > position) {
                        found.add(Extent.hole(new ByteRange(position, page.start(i))));
                    }
                    found.add(page.extent(i).clip(range));
                    position = page.end(i);
                }
            }
        }
        if (holes && position < range.end()) {
            found.add(Extent.hole(new ByteRange(position, range.end())));
        }
        return found;
    }

    /** All extents, sorted. */
    public List<Extent> all() {
        List<Extent> all = new ArrayList<>(extents);
        forEach(all::add);
        return all;
    }

    /** Shows every extent in the order of the file; brings nothing into memory to stay. */
    public void forEach(Consumer<Extent> action) {
        openDirectory();
        for (int number = 0; number < pageCount; number++) {
            ExtentPage page = glance(number);
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
        openDirectory();
        long start = extent.fileOffset();
        int number = Math.max(pageOf(extent.end() - 1), 0);
        int index = pageCount == 0 ? -1 : floor(number, page(number), extent.end() - 1);
        if (index >= 0 && page(number).end(index) > start) {
            throw new IllegalStateException(
                    extent + " is inserted over " + page(number).extent(index));
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
            ExtentPage page = page(number);
            int to = ceiling(number, page, range.end());
            touch(page);
            for (int i = ceiling(number, page, range.start()); i < to; i++) {
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
            ExtentPage page = page(number);
            int first = ceiling(number, page, range.start());
            int last = ceiling(number, page, range.end());
            touch(page);
            page.remove(first, last);
            count(first - last);
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
        openDirectory();
        int counted = 0;
        long bytes = 0;
        Extent before = null;
        for (int number = 0; number < pageCount; number++) {
            ExtentPage page = glance(number);
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
        long loaded = Arrays.stream(pages, 0, pageCount).filter(Objects::nonNull).count();
        require(loaded == inMemory, "count of pages in memory is", inMemory);
        require(inMemory == 0 || resident == null || after != null, "nobody looks at", id);
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
        openDirectory();
        long position = range.start();
        for (int number = pageOf(position); position < range.end(); number++) {
            ExtentPage page = number < 0 || number == pageCount ? null : page(number);
            int index = page == null ? -1 : floor(number, page, position);
            if (page == null || index < 0 || page.end(index) <= position) {
                break;
            }
            position = page.end(index);
            while (++index < page.count()
                    && page.start(index) == position
                    && position < range.end()) {
                position = page.end(index);
            }
        }
        if (position < range.end()) {
            throw new IllegalStateException(
                    range + " is converted, but there is a hole at file offset " + position);
        }
    }

    /** The number of pages, as far as the directory is in memory. */
    int pages() {
        return pageCount;
    }

    /** The last page that begins at or before {@code offset}, or -1. */
    private int pageOf(long offset) {
        int last = pageCount - 1;
        if (last < 0) {
            return -1;
        }
        int guess = Rising.guess(offset, firsts[0], firsts[last], last);
        return Rising.floor(firsts, 1, pageCount, offset, guess);
    }

    /** In a page, which may be looked at so, the last extent that begins there, or -1. */
    private int floor(int number, ExtentPage page, long offset) {
        long until = number + 1 < pageCount ? firsts[number + 1] : page.end(page.count() - 1);
        return page.floor(offset, firsts[number], until);
    }

    private int ceiling(int number, ExtentPage page, long offset) {
        return floor(number, page, offset - 1) + 1;
    }

    /** Makes {@code offset} a boundary; the halves are not merged again. */
    private void splitAt(long offset) {
        int number = pageOf(offset);
        if (number < 0) {
            return;
        }
        ExtentPage page = page(number);
        int index = floor(number, page, offset);
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
        } else if (page(number).count() == ExtentPage.MAX) {
            // Files mostly grow at their end: there, leave full pages behind.
            boolean atEnd = number == pageCount - 1 && at == ExtentPage.MAX;
            int cut = atEnd ? ExtentPage.MAX : ExtentPage.MAX / 2;
            if (!atEnd) {
                touch(page(number));
            }
            addPage(number + 1, atEnd ? new ExtentPage(start) : page(number).splitOff(cut));
            if (at >= cut && (atEnd || at > cut)) {
                target = number + 1;
                at -= cut;
            }
        }
        ExtentPage into = page(target);
        touch(into);
        into.insert(at, start, length, place);
        firsts[target] = into.start(0);
        count(1);
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
        inMemory++;
        present(ResidentPages.PAGE_COST);
        if (page.savedAt == ExtentPage.NOT_SAVED) {
            touch(page);
        }
    }

    /**
     * Joins neighbours from the extent before {@code start} to the one that begins at {@code end}.
     */
    private void merge(long start, long end) {
        int from = start == 0 ? 0 : Math.max(pageOf(start - 1), 0);
        int index = start == 0 ? 0 : Math.max(floor(from, page(from), start - 1), 0);
        ExtentPage before = null;
        int number = from;
        for (; number < pageCount && firsts[number] <= end; number++) {
            ExtentPage page = page(number);
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
            count(page.count() - counted);
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
            ExtentPage small = page(kept);
            ExtentPage behind = page(next);
            if (small.count() + behind.count() <= FUSE_BELOW || behind.count() == 0) {
                if (behind.count() > 0) {
                    touch(small);
                    small.append(behind);
                }
                drop(behind);
            } else if (small.count() == 0) {
                drop(small);
                pages[kept] = behind;
            } else {
                pages[++kept] = behind;
            }
        }
        for (int number = Math.max(from - 1, 0); number <= kept; number++) {
            firsts[number] = page(number).count() > 0 ? page(number).start(0) : 0;
        }
        int filled = page(kept).count() > 0 ? kept + 1 : kept;
        if (filled == kept) {
            drop(page(kept));
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
        inMemory -= to - from;
        present((from - to) * ResidentPages.PAGE_COST);
    }

    // ---- what is in memory

    /** Brings the directory into memory. */
    private void openDirectory() {
        if (!open) {
            firsts = kept().starts(id);
            pages = new ExtentPage[firsts.length];
            pageCount = firsts.length;
            inMemory = 0;
            open = true;
        }
    }

    /** A page, brought into memory. */
    private ExtentPage page(int number) {
        ExtentPage page = pages[number];
        if (page == null) {
            page = fetch(number);
            pages[number] = page;
            inMemory++;
            present(page.count() + ResidentPages.PAGE_COST);
        }
        if (!page.used) {
            page.used = true;
        }
        return page;
    }

    /** A page, to be looked at once. */
    private ExtentPage glance(int number) {
        ExtentPage page = pages[number];
        return page == null ? fetch(number) : page;
    }

    private ExtentPage fetch(int number) {
        return ExtentPage.decode(firsts[number], kept().page(id, firsts[number]));
    }

    private ResidentPages kept() {
        return Objects.requireNonNull(resident, "all of it is in memory");
    }

    /** There are more extents, or fewer. */
    private void count(int more) {
        extents += more;
        present(more);
    }

    private void present(int more) {
        if (resident != null) {
            resident.count(more);
            if (after == null) {
                resident.add(this);
            }
        }
    }

    /** Takes pages {@code [from, to)} out of memory that may go and were not used of late. */
    void evict(int from, int to) {
        for (int number = from; number < to; number++) {
            ExtentPage page = pages[number];
            if (page == null) {
                continue;
            }
            if (page.used || page.changed || !kept().isDurable(page.savedIn)) {
                page.used = false;
            } else {
                pages[number] = null;
                inMemory--;
                present(-page.count() - ResidentPages.PAGE_COST);
            }
        }
    }

    /** If no page is in memory any more the directory goes too, if the store has the same. */
    void evicted() {
        if (inMemory > 0) {
            return;
        }
        leaveMemory();
        if (unsaved == null && kept().isDurable(goneIn)) {
            pages = NO_PAGES;
            firsts = NO_OFFSETS;
            pageCount = 0;
            open = extents == 0;
        }
    }

    /** The map is used no more. */
    public void leaveMemory() {
        if (resident != null && after != null) {
            resident.remove(this);
        }
    }

    // ---- saving

    /** Tells what has changed since it was asked last: first what is gone, then what is there. */
    public void takeChanges(PageChanges to) {
        Unsaved all = unsaved;
        if (all == null) {
            return;
        }
        unsaved = null;
        if (resident != null) {
            // A page that begins elsewhere now counts as gone from there.
            goneIn = resident.taken();
        }
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
                page.savedIn = resident == null ? 0 : resident.taken();
                to.page(page.savedAt, page.encode());
            }
        }
    }

    private static void told(PageChanges to, long goneFrom) {
        if (goneFrom != ExtentPage.NOT_SAVED) {
            to.page(goneFrom, null);
        }
    }

    /**
     * As if nothing had ever been told of the pages that are in memory. The others lie where they
     * were saved: they have not changed since, and what was saved then is durable.
     *
     * @return where they begin, rising; null if nothing of the map is in memory
     */
    public long @Nullable [] forgetSaved() {
        if (!open) {
            return null;
        }
        unsaved = null;
        long[] elsewhere = new long[pageCount];
        int count = 0;
        for (int number = 0; number < pageCount; number++) {
            ExtentPage page = pages[number];
            if (page == null) {
                elsewhere[count++] = firsts[number];
            } else {
                page.savedAt = ExtentPage.NOT_SAVED;
                page.changed = false;
                touch(page);
            }
        }
        return Arrays.copyOf(elsewhere, count);
    }

    /**
     * Puts a page that was told of behind all others.
     *
     * @throws CorruptDataException if it is no page, or does not belong there
     */
    public void load(long start, byte[] bytes) {
        ExtentPage page = ExtentPage.decode(start, bytes);
        ExtentPage last = pageCount == 0 ? null : page(pageCount - 1);
        if (start < endOffset() || (last != null && last.joins(page))) {
            throw new CorruptDataException(
                    "extents from " + start + " on overlap or continue those before them");
        }
        addPage(pageCount, page);
        count(page.count());
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
