package dev.outlay.crash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * What the diaries of all workers say together, and whether every byte that was read is explained.
 *
 * <p>A write can take effect from when it began to its end: its acknowledged commit, or, without
 * one, when its process was gone. What was read of a cell is right if it began before the read
 * ended, and no acknowledged operation on that cell lies wholly between its end and the beginning
 * of the read. Zeros are right if nothing was acknowledged before, or if a truncate, punch or
 * remove explains them in the same way.
 *
 * <p>Reads are judged in the order of their beginnings, up to a moment before which all is known.
 * One thread.
 */
final class Truth {

    private static final int PROBLEMS_KEPT = 20;
    private static final long NEVER = Long.MIN_VALUE;
    private static final long OPEN_END = Long.MAX_VALUE;

    /** A write, truncate or punch of some cells. */
    static final class Change {
        final String what;
        final long file;
        final int from;
        final int end;
        final long began;
        final boolean zeros;

        /** After it no more of it reaches the file. */
        long lastEffect = OPEN_END;

        /** A later write of the same worker has replaced all of it. */
        boolean replaced;

        Change(String what, long file, int from, int end, long began, boolean zeros) {
            this.what = what;
            this.file = file;
            this.from = from;
            this.end = end;
            this.began = began;
            this.zeros = zeros;
        }
    }

    /** A read and what it got: cells and writes by turns. */
    static final class Read {
        final String reader;
        final long file;
        final int from;
        final int cells;
        final long began;
        long ended;
        String got = "";
        long[] overwritten = new long[0];

        Read(String reader, long file, int from, int cells, long began) {
            this.reader = reader;
            this.file = file;
            this.from = from;
            this.cells = cells;
            this.began = began;
        }
    }

    /** A name as it was looked up or made, or its removal. */
    record Named(String who, String path, long file, long began, long ended) {}

    private record Event(long at, Runnable happens) {}

    /** Of a file, by cell. */
    private static final class Cells {
        /** The latest beginning of a change that was acknowledged by now. */
        final long[] overwritten = new long[Cell.FILE_CELLS];

        /** The latest end of what can have left zeros. */
        final long[] zeroed = new long[Cell.FILE_CELLS];

        Cells() {
            Arrays.fill(overwritten, NEVER);
            Arrays.fill(zeroed, NEVER);
        }
    }

    private final Map<Long, Change> writes = new HashMap<>();
    private final Map<Long, Cells> files = new HashMap<>();
    private final Map<Long, String> paths = new HashMap<>();
    private final Map<String, Named> current = new HashMap<>();
    private final List<Named> names = new ArrayList<>();
    private final Map<String, List<Removal>> removals = new HashMap<>();
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::at));
    private final List<String> problems = new ArrayList<>();
    private long judgedUpTo = NEVER;
    private long operations;
    private long bytesChecked;
    private long readsChecked;
    private int problemCount;

    /** An attempt to remove a name. */
    static final class Removal {
        final long began;
        long lastEffect = OPEN_END;

        Removal(long began) {
            this.began = began;
        }
    }

    // ---- what the diaries tell

    void wrote(long write, Change change) {
        writes.put(write, change);
    }

    void mayZero(Change change) {
        at(change.began, () -> zero(change));
    }

    private void zero(Change change) {
        long[] zeroed = cells(change.file).zeroed;
        for (int cell = change.from; cell < change.end; cell++) {
            zeroed[cell] = Math.max(zeroed[cell], change.lastEffect);
        }
    }

    /** From now on nobody may see what was there before. */
    void acknowledged(Change change, long when) {
        operations++;
        at(
                when,
                () -> {
                    long[] overwritten = cells(change.file).overwritten;
                    for (int cell = change.from; cell < change.end; cell++) {
                        overwritten[cell] = Math.max(overwritten[cell], change.began);
                    }
                });
    }

    /** A read that is under way: what may not be seen is decided by what was before it. */
    void reads(Read read) {
        if (read.began <= judgedUpTo) {
            // Written down late, by a process that was stopped; what it may see is not known any
            // more.
            read.overwritten = new long[0];
            return;
        }
        at(
                read.began,
                () ->
                        read.overwritten =
                                Arrays.copyOfRange(
                                        cells(read.file).overwritten,
                                        read.from,
                                        read.from + read.cells));
    }

    void hasRead(Read read, long ended, String got) {
        operations++;
        read.ended = ended;
        read.got = got;
        at(ended, () -> judge(read));
    }

    void opened(Named named) {
        operations++;
        names.add(named);
        paths.put(named.file(), named.path());
    }

    Removal removes(String path, long began) {
        Removal removal = new Removal(began);
        removals.computeIfAbsent(path, _ -> new ArrayList<>()).add(removal);
        return removal;
    }

    void counted() {
        operations++;
    }

    void problem(String what) {
        problemCount++;
        if (problems.size() < PROBLEMS_KEPT) {
            problems.add(what);
        }
    }

    // ---- judging

    private void at(long when, Runnable happens) {
        events.add(new Event(when, happens));
    }

    private Cells cells(long file) {
        return files.computeIfAbsent(file, _ -> new Cells());
    }

    /** Judges all reads that ended before a moment; every diary was read since. */
    void judgeUpTo(long when) {
        while (!events.isEmpty() && events.peek().at() <= when) {
            events.remove().happens().run();
        }
        judgedUpTo = Math.max(judgedUpTo, when);
        judgeNames(when);
    }

    private void judge(Read read) {
        if (read.overwritten.length == 0) {
            return;
        }
        readsChecked++;
        bytesChecked += (long) read.cells * Cell.BYTES;
        String[] words = read.got.isEmpty() ? new String[0] : read.got.split(" ");
        int bytes = words.length == 0 ? 0 : Integer.parseInt(words[0]);
        if (bytes % Cell.BYTES != 0) {
            problem(about(read, 0) + "end of file is at " + bytes + " bytes after it");
        }
        int cell = 0;
        for (int i = 1; i < words.length; i++) {
            int colon = words[i].indexOf(':');
            int end = cell + Integer.parseInt(words[i].substring(0, colon));
            String value = words[i].substring(colon + 1);
            if (value.startsWith("!")) {
                long raw = Long.parseUnsignedLong(value.substring(1), 16);
                problem(about(read, cell) + "foreign bytes: " + Cell.describe(raw));
            } else if (value.equals("0")) {
                judgeZeros(read, cell, end);
            } else {
                judgeWrite(read, cell, end, Long.parseLong(value));
            }
            cell = end;
        }
        // Past the end of file there are zeros.
        judgeZeros(read, cell, read.cells);
    }

    private void judgeWrite(Read read, int from, int end, long number) {
        Change write = writes.get(number);
        String name = Cell.name(number);
        if (write == null
                || write.file != read.file
                || read.from + from < write.from
                || read.from + end > write.end) {
            problem(about(read, from) + "write " + name + ", which nobody made there");
            return;
        }
        if (write.began > read.ended) {
            problem(about(read, from) + "write " + name + ", which began later");
            return;
        }
        for (int cell = from; cell < end; cell++) {
            if (read.overwritten[cell] > write.lastEffect) {
                problem(
                        about(read, cell)
                                + "stale: write "
                                + name
                                + (write.replaced ? " (replaced by its own worker at " : " (of ")
                                + write.began
                                + " to "
                                + write.lastEffect
                                + "), although a change that began at "
                                + read.overwritten[cell]
                                + " was acknowledged before");
                return;
            }
        }
    }

    private void judgeZeros(Read read, int from, int end) {
        long removed = NEVER;
        for (Removal removal :
                removals.getOrDefault(paths.getOrDefault(read.file, ""), List.of())) {
            if (removal.began <= read.ended) {
                removed = Math.max(removed, removal.lastEffect);
            }
        }
        long[] zeroed = cells(read.file).zeroed;
        for (int cell = from; cell < end; cell++) {
            long overwritten = read.overwritten[cell];
            if (overwritten > Math.max(removed, zeroed[read.from + cell])) {
                problem(
                        about(read, cell)
                                + "lost: zeros, although a change that began at "
                                + overwritten
                                + " was acknowledged before, and nothing took it away");
                return;
            }
        }
    }

    private static String about(Read read, int cell) {
        return "%s read file %d at %d to %d (cells %d to %d); cell %d: "
                .formatted(
                        read.reader,
                        read.file,
                        read.began,
                        read.ended,
                        read.from,
                        read.from + read.cells,
                        read.from + cell);
    }

    /** A name leads to the same file until somebody removes it, and never back to an older one. */
    private void judgeNames(long when) {
        names.sort(Comparator.comparingLong(Named::began));
        List<Named> later = new ArrayList<>();
        for (Named named : names) {
            if (named.ended() > when) {
                later.add(named);
                continue;
            }
            Named before = current.get(named.path());
            if (before == null) {
                current.put(named.path(), named);
                continue;
            }
            if (before.ended() > named.began()) {
                // At the same time: either may have been first.
                if (named.file() > before.file()) {
                    current.put(named.path(), named);
                }
                continue;
            }
            if (named.file() < before.file()) {
                problem(
                        "%s opened %s as file %d, which was removed: %s had opened file %d"
                                .formatted(
                                        named.who(),
                                        named.path(),
                                        named.file(),
                                        before.who(),
                                        before.file()));
            } else if (named.file() > before.file() && !canBeGone(before, named)) {
                problem(
                        "%s opened %s as file %d: file %d, opened by %s, was lost, nobody removed it"
                                .formatted(
                                        named.who(),
                                        named.path(),
                                        named.file(),
                                        before.file(),
                                        before.who()));
            }
            current.put(named.path(), named);
        }
        names.clear();
        names.addAll(later);
    }

    private boolean canBeGone(Named before, Named after) {
        return removals.getOrDefault(before.path(), List.of()).stream()
                .anyMatch(r -> r.began <= after.ended() && r.lastEffect >= before.began());
    }

    // ---- results

    List<String> problems() {
        return List.copyOf(problems);
    }

    int problemCount() {
        return problemCount;
    }

    /** Operations that were answered. */
    long operations() {
        return operations;
    }

    long readsChecked() {
        return readsChecked;
    }

    long bytesChecked() {
        return bytesChecked;
    }
}
