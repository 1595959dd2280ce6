package dev.outlay.server.sim;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongPredicate;

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

        /** When the first of what is not settled was written, by file. */
        private final Map<Long, Long> since = new HashMap<>();

        void wrote(long file, long place, long word) {
            since.computeIfAbsent(file, _ -> begin());
            byFile.computeIfAbsent(file, _ -> new HashMap<>())
                    .computeIfAbsent(place, _ -> new HashSet<>())
                    .add(word);
        }

        /** All that was written to a file is committed, or lost. */
        void settled(long file) {
            byFile.remove(file);
            unsure.remove(file);
            Long begun = since.remove(file);
            if (begun != null) {
                end(begun);
            }
        }

        /**
         * Another process goes on with the session: what was not committed may be lost, and what
         * was stored in place may show to this client as long as it holds it.
         */
        void handOver() {
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
            return !since.isEmpty();
        }

        /** The program has ended, or begins anew. */
        void settledAll() {
            Set.copyOf(since.keySet()).forEach(this::settled);
        }

        /** Something failed: what was written may be lost, and may not. */
        void unsure(long file) {
            unsure.add(file);
        }

        private boolean has(long file, long place, long word) {
            return has(byFile, file, place, word) || has(leftBehind, file, place, word);
        }

        private static boolean has(
                Map<Long, Map<Long, Set<Long>>> words, long file, long place, long word) {
            return words.getOrDefault(file, Map.of()).getOrDefault(place, Set.of()).contains(word);
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
     */
    void checkMapped(
            String who, long file, long offset, long[] words, long begun, LongPredicate stands) {
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
                problem = possible.contains(words[i]) ? "" : Tags.name(words[i]);
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
        Long since = own.since.get(file);
        if (since == null || own.unsure.contains(file) || contents.isGone(file)) {
            return;
        }
        for (Map.Entry<Long, Set<Long>> each : own.byFile.getOrDefault(file, Map.of()).entrySet()) {
            long place = each.getKey();
            if (each.getValue().contains(contents.now(file, place))) {
                continue;
            }
            Set<Long> possible = new HashSet<>();
            contents.valuesSince(file, place, since, possible);
            if (each.getValue().stream().noneMatch(possible::contains)
                    && !asked.isOverwritten(file, place * Contents.WORD, since)) {
                world.violated(
                        "I6",
                        who
                                + " committed "
                                + each.getValue().stream().map(Tags::name).sorted().toList()
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
