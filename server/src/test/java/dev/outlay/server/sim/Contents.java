package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What every file holds, word by word, as everybody may see it: the bytes of its written blocks as
 * they lie on the device, zeros elsewhere. Remembers what it held since the oldest read under way
 * began, so that a read can be held against every moment of its duration.
 */
final class Contents {

    static final int WORD = 8;
    static final int WORDS_PER_BLOCK = SimServer.BLOCK / WORD;
    private static final long[] ZEROS = new long[WORDS_PER_BLOCK];

    private final World world;
    private final SharedMemory memory;
    private final Map<Long, Held> files = new HashMap<>();

    /** Until {@code nanos} the word at {@code place} was {@code value}. */
    private record Change(long nanos, long place, long value) {}

    private static final Deque<Change> NONE = new ArrayDeque<>();

    private static final class Held {
        private final Map<Long, long[]> blocks = new HashMap<>();
        private final Deque<Change> changes = new ArrayDeque<>();
        private final Map<Long, Deque<Change>> changesByPlace = new HashMap<>();
        private @Nullable FileView view;

        /** It is a snapshot, complete since an earlier picture: nothing of it changes any more. */
        private boolean sealed;

        /** The least end of file since the server began to work on its blocks. */
        private long leastSize = Long.MAX_VALUE;

        void changed(Change change) {
            changes.add(change);
            changesByPlace.computeIfAbsent(change.place, _ -> new ArrayDeque<>()).add(change);
        }

        /** The oldest change is forgotten. */
        void forget() {
            long place = changes.removeFirst().place;
            Deque<Change> there = changesByPlace.getOrDefault(place, new ArrayDeque<>());
            there.removeFirst();
            if (there.isEmpty()) {
                changesByPlace.remove(place);
            }
        }
    }

    Contents(World world, SharedMemory memory) {
        this.world = world;
        this.memory = memory;
    }

    /** The volume has changed. */
    void follow(Picture before, Picture now) {
        for (FileView view : now.files().values()) {
            Held held = files.computeIfAbsent(view.id(), _ -> new Held());
            FileView old = before.files().get(view.id());
            held.view = view;
            held.sealed = old != null && old.sealed() && !view.removing();
            held.leastSize =
                    view.working()
                            ? Math.min(held.leastSize, Math.min(view.size(), sizeOf(old, view)))
                            : Long.MAX_VALUE;
            int most = Math.max(view.places().length, old == null ? 0 : old.places().length);
            for (long index = 0; index < most; index++) {
                boolean same =
                        old != null
                                && old.size() == view.size()
                                && old.place(index) == view.place(index)
                                && old.isWritten(index) == view.isWritten(index);
                if (!same) {
                    look(held, view, index);
                }
            }
        }
        for (long id : before.files().keySet()) {
            if (!now.files().containsKey(id)) {
                files.remove(id);
            }
        }
    }

    private static long sizeOf(@Nullable FileView old, FileView view) {
        return old == null ? view.size() : old.size();
    }

    /**
     * Whether a byte was part of the file when the server began its present work on it: what the
     * file grows by meanwhile is not seen before that is done.
     */
    boolean isOwn(FileView file, long offset) {
        Held held = files.get(file.id());
        return offset < file.size() && (held == null || offset < held.leastSize);
    }

    /** Bytes of the device have changed. */
    void stored(Picture now, long offset, long length) {
        for (long block = offset / SimServer.BLOCK;
                block * SimServer.BLOCK < offset + length;
                block++) {
            Picture.Block at = now.blocks()[(int) block];
            for (Picture.Owner owner : at.owners()) {
                Held held = files.get(owner.file());
                if (held != null && held.view != null) {
                    look(held, held.view, owner.index());
                }
            }
        }
    }

    /** Bytes anywhere on the device may have changed. */
    void storedAnywhere() {
        for (Held held : files.values()) {
            FileView view = held.view;
            if (view != null) {
                for (long index = 0; index < view.places().length; index++) {
                    look(held, view, index, true);
                }
            }
        }
    }

    private void look(Held held, FileView view, long index) {
        look(held, view, index, false);
    }

    /**
     * @param afterCrash the cache of a host is lost, and with it what a client could not flush that
     *     had stored in place: all see that, in a snapshot, too
     */
    private void look(Held held, FileView view, long index, boolean afterCrash) {
        long[] old = held.blocks.getOrDefault(index, ZEROS);
        long[] fresh = ZEROS;
        if (view.isWritten(index)) {
            fresh = new long[WORDS_PER_BLOCK];
            for (int i = 0; i < WORDS_PER_BLOCK; i++) {
                long offset = index * SimServer.BLOCK + (long) i * WORD;
                fresh[i] =
                        offset < view.size()
                                ? memory.word(
                                        (long) view.place(index) * SimServer.BLOCK
                                                + (long) i * WORD)
                                : 0;
            }
        }
        for (int i = 0; i < WORDS_PER_BLOCK; i++) {
            if (old[i] != fresh[i]) {
                if (held.sealed && !afterCrash) {
                    world.violated(
                            "I4",
                            "word "
                                    + (index * WORDS_PER_BLOCK + i)
                                    + " of snapshot "
                                    + view.id()
                                    + " went from "
                                    + Tags.name(old[i])
                                    + " to "
                                    + Tags.name(fresh[i]));
                }
                held.changed(new Change(world.nanos(), index * WORDS_PER_BLOCK + i, old[i]));
            }
        }
        held.blocks.put(index, fresh);
    }

    /** Everything that was seen before {@code nanos} only is forgotten. */
    void forgetBefore(long nanos) {
        for (Held held : files.values()) {
            while (!held.changes.isEmpty() && held.changes.peekFirst().nanos < nanos) {
                held.forget();
            }
        }
    }

    /** What the word at {@code place} is now, and was at any moment since {@code nanos}. */
    void valuesSince(long file, long place, long nanos, Set<Long> into) {
        Held held = files.get(file);
        if (held == null) {
            into.add(0L);
            return;
        }
        into.add(now(file, place));
        for (Change change : held.changesByPlace.getOrDefault(place, NONE)) {
            if (change.nanos >= nanos) {
                into.add(change.value);
            }
        }
    }

    /** What the word at {@code place} was before all that happens at this moment. */
    long before(long file, long place) {
        Held held = files.get(file);
        if (held == null) {
            return 0;
        }
        long value = now(file, place);
        var latest = held.changes.descendingIterator();
        while (latest.hasNext()) {
            Change change = latest.next();
            if (change.nanos < world.nanos()) {
                break;
            }
            if (change.place == place) {
                value = change.value;
            }
        }
        return value;
    }

    /** Whether the file has been removed. */
    boolean isGone(long file) {
        Held held = files.get(file);
        return held == null || held.view == null || held.view.removing();
    }

    boolean isPastEnd(long file, long place) {
        Held held = files.get(file);
        return held != null && held.view != null && place * WORD >= held.view.size();
    }

    long now(long file, long place) {
        Held held = files.get(file);
        return held == null
                ? 0
                : held.blocks
                        .getOrDefault(place / WORDS_PER_BLOCK, ZEROS)[
                        (int) (place % WORDS_PER_BLOCK)];
    }
}
