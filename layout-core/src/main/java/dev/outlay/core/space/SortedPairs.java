package dev.outlay.core.space;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Pairs of byte counts, sorted by the first, equal ones by the second, both as unsigned numbers; no
 * pair twice. Eight bytes a pair where what a page holds lies within a tebibyte, and four where
 * either is the same in all of them.
 *
 * <p>As {@link ExtentMap}: a directory of pages of primitive arrays. Finding is two binary
 * searches; a change moves at most a page and, when a page comes or goes, the directory. Pages are
 * longer here, as whole ones are never written or sent.
 *
 * <p>A place in the order is a number that holds until the next change; {@link #next} and {@link
 * #before} go on from it.
 */
final class SortedPairs {

    /** No place. */
    static final long NONE = -1;

    private static final int MAX = 512;

    /** Neighbouring pages with no more than this between them become one. */
    private static final int FUSE_BELOW = MAX * 3 / 4;

    private static final int FIRST_CAPACITY = 4;

    private static final class Page {
        private final Column first;
        private final Column second;
        private int capacity;
        private int count;

        Page(Column first, Column second, int capacity, int count) {
            this.first = first;
            this.second = second;
            this.capacity = capacity;
            this.count = count;
        }

        /** The index of the least pair that is not below this one; the count if there is none. */
        int ceiling(long a, long b) {
            int low = 0;
            int high = count;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (isLess(first.get(middle), second.get(middle), a, b)) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        void insert(int index, long a, long b) {
            reserve(count + 1);
            first.move(index, index + 1, count - index);
            second.move(index, index + 1, count - index);
            first.set(index, a);
            second.set(index, b);
            count++;
        }

        /** Puts a pair behind all others. */
        void append(long a, long b) {
            reserve(count + 1);
            first.set(count, a);
            second.set(count, b);
            count++;
        }

        void remove(int index) {
            first.move(index + 1, index, count - index - 1);
            second.move(index + 1, index, count - index - 1);
            count--;
        }

        /** Puts a pair in the place of another one; moves what lies between them. */
        void replace(int index, long a, long b) {
            int to = ceiling(a, b);
            if (to > index) {
                to--;
                first.move(index + 1, index, to - index);
                second.move(index + 1, index, to - index);
            } else {
                first.move(to, to + 1, index - to);
                second.move(to, to + 1, index - to);
            }
            first.set(to, a);
            second.set(to, b);
        }

        Page splitOff(int index) {
            int moved = count - index;
            Page upper =
                    new Page(first.copy(index, count), second.copy(index, count), moved, moved);
            count = index;
            return upper;
        }

        void append(Page next) {
            reserve(count + next.count);
            first.append(count, next.first, next.count);
            second.append(count, next.second, next.count);
            count += next.count;
        }

        private void reserve(int needed) {
            if (needed > capacity) {
                capacity = Math.min(MAX, Math.max(needed, capacity + capacity / 4));
                first.grow(capacity);
                second.grow(capacity);
            }
        }
    }

    private Page[] pages = new Page[1];

    /** The first pair of each page, so that a search touches these arrays alone. */
    private long[] firsts = new long[1];

    private long[] seconds = new long[1];
    private int pageCount;

    boolean isEmpty() {
        return pageCount == 0;
    }

    /** Puts in a pair that is not there. */
    void add(long a, long b) {
        int number = Math.max(pageOf(a, b), 0);
        if (pageCount == 0) {
            insertPage(0, pageAt(a, b, FIRST_CAPACITY));
        } else if (pages[number].count == MAX) {
            number = split(number, a, b);
        }
        Page page = pages[number];
        int index = page.ceiling(a, b);
        page.insert(index, a, b);
        if (index == 0) {
            firsts[number] = a;
            seconds[number] = b;
        }
    }

    private static Page pageAt(long a, long b, int capacity) {
        return new Page(new Column(a, capacity), new Column(b, capacity), capacity, 0);
    }

    /** Puts in a pair above all others. */
    void append(long a, long b) {
        int number = pageCount - 1;
        if (number < 0 || pages[number].count == MAX) {
            insertPage(++number, pageAt(a, b, MAX));
            firsts[number] = a;
            seconds[number] = b;
        }
        pages[number].append(a, b);
    }

    /** Puts in pairs that are above all others; where they came from is used no more. */
    void appendAll(SortedPairs others) {
        for (int number = 0; number < others.pageCount; number++) {
            Page page = others.pages[number];
            if (page.count == MAX) {
                insertPage(pageCount, page);
            } else {
                for (int i = 0; i < page.count; i++) {
                    append(page.first.get(i), page.second.get(i));
                }
            }
        }
    }

    /** Makes room in a full page, and says in which page this pair belongs then. */
    private int split(int number, long a, long b) {
        Page page = pages[number];
        boolean behindAll = number == pageCount - 1 && page.ceiling(a, b) == MAX;
        insertPage(number + 1, behindAll ? pageAt(a, b, FIRST_CAPACITY) : page.splitOff(MAX / 2));
        return behindAll || !isLess(a, b, firsts[number + 1], seconds[number + 1])
                ? number + 1
                : number;
    }

    /** Puts a pair that is not there in the place of one that is. */
    void replace(long a, long b, long newA, long newB) {
        int number = Math.max(pageOf(a, b), 0);
        if (Math.max(pageOf(newA, newB), 0) != number) {
            remove(a, b);
            add(newA, newB);
            return;
        }
        Page page = pages[number];
        page.replace(indexOf(page, a, b), newA, newB);
        firsts[number] = page.first.get(0);
        seconds[number] = page.second.get(0);
    }

    private static int indexOf(@Nullable Page page, long a, long b) {
        int index = page == null ? 0 : page.ceiling(a, b);
        if (page == null
                || index == page.count
                || page.first.get(index) != a
                || page.second.get(index) != b) {
            throw new IllegalStateException("there is no pair " + a + ", " + b);
        }
        return index;
    }

    /** Takes out a pair that is there. */
    void remove(long a, long b) {
        int number = Math.max(pageOf(a, b), 0);
        Page page = pages[number];
        int index = indexOf(page, a, b);
        page.remove(index);
        if (page.count == 0) {
            removePage(number);
            return;
        }
        if (index == 0) {
            firsts[number] = page.first.get(0);
            seconds[number] = page.second.get(0);
        }
        if (number > 0 && pages[number - 1].count + page.count <= FUSE_BELOW) {
            pages[number - 1].append(page);
            removePage(number);
        } else if (number + 1 < pageCount && page.count + pages[number + 1].count <= FUSE_BELOW) {
            page.append(pages[number + 1]);
            removePage(number + 1);
        }
    }

    /** The place of the least pair that is not below this one, or {@link #NONE}. */
    long ceiling(long a, long b) {
        if (pageCount == 0) {
            return NONE;
        }
        int number = Math.max(pageOf(a, b), 0);
        int index = pages[number].ceiling(a, b);
        return index < pages[number].count ? at(number, index) : start(number + 1);
    }

    /** The place of the greatest pair below this one, or {@link #NONE}. */
    long lower(long a, long b) {
        long ceiling = ceiling(a, b);
        return ceiling == NONE ? last() : before(ceiling);
    }

    long first() {
        return start(0);
    }

    long last() {
        return pageCount == 0 ? NONE : at(pageCount - 1, pages[pageCount - 1].count - 1);
    }

    long next(long place) {
        int number = (int) (place >>> 32);
        int index = (int) place + 1;
        return index < pages[number].count ? at(number, index) : start(number + 1);
    }

    long before(long place) {
        int number = (int) (place >>> 32);
        int index = (int) place;
        if (index > 0) {
            return at(number, index - 1);
        }
        return number == 0 ? NONE : at(number - 1, pages[number - 1].count - 1);
    }

    /** The first of the pair at a place. */
    long a(long place) {
        return pages[(int) (place >>> 32)].first.get((int) place);
    }

    /** The second. */
    long b(long place) {
        return pages[(int) (place >>> 32)].second.get((int) place);
    }

    private static long at(int number, int index) {
        return (long) number << 32 | index;
    }

    private long start(int number) {
        return number < pageCount ? at(number, 0) : NONE;
    }

    /** The last page that begins with this pair or below it, or -1. */
    private int pageOf(long a, long b) {
        int low = 0;
        int high = pageCount;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (isLess(a, b, firsts[middle], seconds[middle])) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low - 1;
    }

    private static boolean isLess(long a, long b, long otherA, long otherB) {
        return a == otherA
                ? Long.compareUnsigned(b, otherB) < 0
                : Long.compareUnsigned(a, otherA) < 0;
    }

    private void insertPage(int number, Page page) {
        if (pageCount == pages.length) {
            int capacity = pageCount + Math.max(FIRST_CAPACITY, pageCount / 4);
            pages = Arrays.copyOf(pages, capacity);
            firsts = Arrays.copyOf(firsts, capacity);
            seconds = Arrays.copyOf(seconds, capacity);
        }
        System.arraycopy(pages, number, pages, number + 1, pageCount - number);
        System.arraycopy(firsts, number, firsts, number + 1, pageCount - number);
        System.arraycopy(seconds, number, seconds, number + 1, pageCount - number);
        pages[number] = page;
        if (page.count > 0) {
            firsts[number] = page.first.get(0);
            seconds[number] = page.second.get(0);
        }
        pageCount++;
    }

    private void removePage(int number) {
        int behind = pageCount - number - 1;
        System.arraycopy(pages, number + 1, pages, number, behind);
        System.arraycopy(firsts, number + 1, firsts, number, behind);
        System.arraycopy(seconds, number + 1, seconds, number, behind);
        pageCount--;
        Arrays.fill(pages, pageCount, pageCount + 1, null);
    }
}
