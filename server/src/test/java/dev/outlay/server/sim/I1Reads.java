package dev.outlay.server.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * I1: each eight bytes of a read are what everybody could see there at some moment between its
 * begin and its end, or what the reader itself has stored and not committed yet.
 */
final class I1Reads {

    private final World world;
    private final Contents contents;
    private final Asked asked;
    private final Tags tags;

    /** Begin of each read under way. */
    private final Map<Long, Integer> running = new TreeMap<>();

    I1Reads(World world, Contents contents, Asked asked, Tags tags) {
        this.world = world;
        this.asked = asked;
        this.contents = contents;
        this.tags = tags;
    }

    /** What one client has stored and not committed, by file and place. */
    final class Own {
        private final Map<Long, Map<Long, Set<Long>>> byFile = new HashMap<>();
        private final Map<Long, Map<Long, Set<Long>>> leftBehind = new HashMap<>();
        private final Set<Long> unsure = new HashSet<>();

        /** Commits that go on by themselves, in order. */
        private final List<Ahead> aheads = new ArrayList<>();

        /** When the first of what is not settled was written, by file. */
        private final Map<Long, Long> since = new HashMap<>();

        void wrote(long file, long place, long word) {
            since.computeIfAbsent(file, _ -> begin());
            add(byFile.computeIfAbsent(file, _ -> new HashMap<>()), place, word);
            for (Ahead each : aheads) {
                if (each.file == file) {
                    add(each.later, place, word);
                }
            }
        }

        private static void add(Map<Long, Set<Long>> words, long place, long word) {
            words.computeIfAbsent(place, _ -> new HashSet<>()).add(word);
        }

        /** All that was written to a file is committed, or lost. */
        void settled(long file) {
            byFile.remove(file);
            unsure.remove(file);
            end(since.remove(file));
            for (Ahead each : List.copyOf(aheads)) {
                if (each.file == file) {
                    settled(each);
                }
            }
        }

        private void end(@Nullable Long begun) {
            if (begun != null) {
                I1Reads.this.end(begun);
            }
        }

        /**
         * A commit that goes on by itself.
         *
         * @param words what it covers
         * @param since when the first of that was written
         * @param later what was written after it was asked for, and may be seen in its place
         */
        record Ahead(
                long file,
                Map<Long, Set<Long>> words,
                @Nullable Long since,
                Map<Long, Set<Long>> later) {}

        /** Such a commit begins. */
        Ahead ahead(long file) {
            Map<Long, Set<Long>> words = byFile.remove(file);
            Ahead ahead =
                    new Ahead(
                            file,
                            words == null ? Map.of() : words,
                            since.remove(file),
                            new HashMap<>());
            aheads.add(ahead);
            return ahead;
        }

        /** It is done. */
        void settled(Ahead done) {
            if (remove(done)) {
                end(done.since);
            }
        }

        /** It has failed: what it covers is for the next commit, or lost. */
        void failed(Ahead ahead) {
            if (!remove(ahead)) {
                return;
            }
            unsure(ahead.file);
            ahead.words.forEach(
                    (place, words) ->
                            byFile.computeIfAbsent(ahead.file, _ -> new HashMap<>())
                                    .computeIfAbsent(place, _ -> new HashSet<>())
                                    .addAll(words));
            if (ahead.since != null) {
                end(since.put(ahead.file, ahead.since));
            }
        }

        private boolean remove(Ahead ahead) {
            return aheads.remove(ahead);
        }

        /**
         * Another process goes on with the session: what was not committed may be lost, and what
         * was stored in place may show to this client as long as it holds it.
         */
        void handOver() {
            List.copyOf(aheads).forEach(this::failed);
            unsure.addAll(since.keySet());
            byFile.forEach(
                    (file, places) ->
                            places.forEach(
                                    (place, words) ->
                                            leftBehind
                                                    .computeIfAbsent(file, _ -> new HashMap<>())
                                                    .computeIfAbsent(place, _ -> new HashSet<>())
                                                    .addAll(words)));
        }

        boolean hasUnsettled() {
            return !since.isEmpty() || !aheads.isEmpty();
        }

        /** The program has ended, or begins anew. */
        void settledAll() {
            Set.copyOf(since.keySet()).forEach(this::settled);
            List.copyOf(aheads).forEach(this::settled);
        }

        /** Something failed: what was written may be lost, and may not. */
        void unsure(long file) {
            unsure.add(file);
        }

        private boolean has(long file, long place, long word) {
            return has(byFile, file, place, word)
                    || has(leftBehind, file, place, word)
                    || aheads.stream()
                            .anyMatch(each -> each.file == file && has(each.words, place, word));
        }

        private static boolean has(Map<Long, Set<Long>> words, long place, long word) {
            return words.getOrDefault(place, Set.of()).contains(word);
        }

        private static boolean has(
                Map<Long, Map<Long, Set<Long>>> words, long file, long place, long word) {
            return has(words.getOrDefault(file, Map.of()), place, word);
        }
    }

    /** A read or a commit begins. */
    long begin() {
        running.merge(world.nanos(), 1, Integer::sum);
        return world.nanos();
    }

    /** It has ended, in whatever way. */
    void end(long begun) {
        running.merge(begun, -1, (count, less) -> count + less == 0 ? null : count + less);
        contents.forgetBefore(
                running.isEmpty() ? world.nanos() : running.keySet().iterator().next());
    }

    /** What a read that has begun at {@code begun} has brought. */
    void check(String who, Own own, long file, long offset, long[] words, long begun) {
        for (int i = 0; i < words.length; i++) {
            long place = offset / Contents.WORD + i;
            if (words[i] == contents.now(file, place) || own.has(file, place, words[i])) {
                continue;
            }
            Set<Long> possible = new HashSet<>();
            contents.valuesSince(file, place, begun, possible);
            if (possible.contains(words[i])) {
                world.count("read of what was changed meanwhile");
                continue;
            }
            String problem = tags.problem(words[i], file, place);
            if (problem.isEmpty() && contents.isGone(file)) {
                // A file that is being removed takes commits and drops them; who holds it sees
                // them.
                world.count("read of a removed file");
                continue;
            }
            world.violated(
                    "I1",
                    who
                            + " read file "
                            + file
                            + " at "
                            + place * Contents.WORD
                            + " and got "
                            + (problem.isEmpty() ? Tags.name(words[i]) : problem)
                            + "; possible were "
                            + possible.stream().map(Tags::name).sorted().toList());
            return;
        }
    }

    /**
     * What a mapping shows that nobody checks: what everybody could see while the grant stands, and
     * afterwards still nothing but bytes of this file.
     *
     * @param stands whether a block of the file is still granted
     * @param late whether somebody who has ended may still store into a block of the file: what
     *     lies there past end of file is not zeroed before that is over
     */
    void checkMapped(
            String who,
            long file,
            long offset,
            long[] words,
            long begun,
            LongPredicate stands,
            LongPredicate late) {
        for (int i = 0; i < words.length; i++) {
            long place = offset / Contents.WORD + i;
            if (words[i] == contents.now(file, place)) {
                continue;
            }
            String problem = tags.problem(words[i], file, place);
            Set<Long> possible = new HashSet<>();
            if (problem.isEmpty()
                    && !contents.isGone(file)
                    && stands.test(place / Contents.WORDS_PER_BLOCK)) {
                contents.valuesSince(file, place, begun, possible);
                boolean stray =
                        contents.isPastEnd(file, place)
                                && late.test(place / Contents.WORDS_PER_BLOCK);
                problem = stray || possible.contains(words[i]) ? "" : Tags.name(words[i]);
            }
            if (!problem.isEmpty()) {
                world.violated(
                        "I1",
                        who
                                + " has mapped file "
                                + file
                                + " and sees at "
                                + place * Contents.WORD
                                + " "
                                + problem
                                + "; possible were "
                                + possible.stream().map(Tags::name).sorted().toList());
                return;
            }
        }
    }

    /**
     * A commit was answered: all that was written since the one before was seen by everybody, at
     * some moment.
     */
    void checkCommitted(String who, Own own, long file) {
        for (Own.Ahead each : List.copyOf(own.aheads)) {
            if (each.file() == file) {
                checkCommitted(who, own, each);
            }
        }
        Long since = own.since.get(file);
        check(who, own, file, own.byFile.getOrDefault(file, Map.of()), since, Map.of());
    }

    /** As that, of what one commit has covered that went on by itself. */
    void checkCommitted(String who, Own own, Own.Ahead done) {
        if (own.aheads.contains(done)) {
            check(who, own, done.file(), done.words(), done.since(), done.later());
        }
    }

    private void check(
            String who,
            Own own,
            long file,
            Map<Long, Set<Long>> words,
            @Nullable Long since,
            Map<Long, Set<Long>> later) {
        if (since == null || own.unsure.contains(file) || contents.isGone(file)) {
            return;
        }
        for (Map.Entry<Long, Set<Long>> each : words.entrySet()) {
            long place = each.getKey();
            if (each.getValue().contains(contents.now(file, place))) {
                continue;
            }
            Set<Long> possible = new HashSet<>();
            contents.valuesSince(file, place, since, possible);
            Set<Long> expected = new HashSet<>(each.getValue());
            expected.addAll(later.getOrDefault(place, Set.of()));
            if (expected.stream().noneMatch(possible::contains)
                    && !asked.isOverwritten(file, place * Contents.WORD, since)) {
                world.violated(
                        "I6",
                        who
                                + " committed "
                                + expected.stream().map(Tags::name).sorted().toList()
                                + " to file "
                                + file
                                + " at "
                                + place * Contents.WORD
                                + " and there was never more than "
                                + possible.stream().map(Tags::name).sorted().toList());
                return;
            }
        }
    }
}
