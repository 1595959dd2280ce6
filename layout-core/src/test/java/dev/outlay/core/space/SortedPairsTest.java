package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.Seeds;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** {@link SortedPairs} against a tree. */
class SortedPairsTest {

    private static final long UNIT = ExtentPage.UNIT;

    private record Pair(long a, long b) {}

    private static final Comparator<Pair> ORDER =
            ((Comparator<Pair>) (x, y) -> Long.compareUnsigned(x.a, y.a))
                    .thenComparing((x, y) -> Long.compareUnsigned(x.b, y.b));

    @Test
    void agreesWithATree() {
        Seeds.each(8, random -> new Run(random).run(30_000));
    }

    @Test
    void filledInOrderItAgreesWithATree() {
        Seeds.each(8, random -> new Run(random).fill().run(6_000));
    }

    @Test
    void aPairThatIsNotThereIsNotTakenOut() {
        SortedPairs pairs = new SortedPairs();
        assertThrows(IllegalStateException.class, () -> pairs.remove(UNIT, 0));
        assertThrows(IllegalStateException.class, () -> pairs.replace(UNIT, 0, UNIT, UNIT));
        pairs.add(UNIT, 0);
        assertThrows(IllegalStateException.class, () -> pairs.replace(0, 0, UNIT, UNIT));
        assertThrows(IllegalStateException.class, () -> pairs.remove(UNIT, UNIT));
        assertThrows(IllegalStateException.class, () -> pairs.remove(0, 0));
    }

    private static final class Run {
        private final SplittableRandom random;
        private final SortedPairs pairs = new SortedPairs();
        private final TreeSet<Pair> model = new TreeSet<>(ORDER);
        private final int firsts;

        Run(SplittableRandom random) {
            this.random = random;
            // From many pairs under one first to nearly one under each.
            this.firsts = 1 << random.nextInt(14);
        }

        /** Runs of pairs, each run above those before. */
        Run fill() {
            for (int i = 0; i < 20_000; i++) {
                model.add(any());
            }
            SortedPairs run = new SortedPairs();
            int left = 0;
            for (Pair pair : model) {
                if (left-- == 0) {
                    pairs.appendAll(run);
                    run = new SortedPairs();
                    left = random.nextInt(random.nextBoolean() ? 5 : 2_000);
                }
                run.append(pair.a, pair.b);
            }
            pairs.appendAll(run);
            walk();
            return this;
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                boolean growing = step / 6_000 % 2 == 0;
                Pair pair = any();
                if (random.nextInt(10) < (growing ? 8 : 2)) {
                    if (model.add(pair)) {
                        pairs.add(pair.a, pair.b);
                    }
                } else if (!model.isEmpty()) {
                    Pair there = model.ceiling(pair);
                    Pair gone = there == null ? model.last() : there;
                    model.remove(gone);
                    pairs.remove(gone.a, gone.b);
                }
                replace(any());
                ask(any());
                if (step % 1_000 == 0) {
                    walk();
                }
            }
            walk();
            while (!model.isEmpty()) {
                Pair gone = random.nextBoolean() ? model.removeFirst() : model.removeLast();
                pairs.remove(gone.a, gone.b);
            }
            assertTrue(pairs.isEmpty());
            assertEquals(SortedPairs.NONE, pairs.first());
        }

        /** By one near it as often as by any other. */
        private void replace(Pair pair) {
            Pair gone = model.ceiling(pair);
            if (gone == null) {
                return;
            }
            Pair by =
                    random.nextBoolean()
                            ? any()
                            : new Pair(gone.a, gone.b + (random.nextInt(64) - 32) * UNIT);
            if (model.add(by)) {
                model.remove(gone);
                pairs.replace(gone.a, gone.b, by.a, by.b);
            }
        }

        private Pair any() {
            // Some beyond a tebibyte of the others, some of devices with the highest bit.
            long far = random.nextInt(50) == 0 ? random.nextLong() & -UNIT : 0;
            return new Pair(far + random.nextInt(firsts) * UNIT, random.nextInt(1 << 14) * UNIT);
        }

        private void ask(Pair pair) {
            assertEquals(model.ceiling(pair), at(pairs.ceiling(pair.a, pair.b)));
            assertEquals(model.lower(pair), at(pairs.lower(pair.a, pair.b)));
        }

        private void walk() {
            long place = pairs.first();
            for (Pair pair : model) {
                assertEquals(pair, at(place));
                place = pairs.next(place);
            }
            assertEquals(SortedPairs.NONE, place);
            place = pairs.last();
            for (Pair pair : model.descendingSet()) {
                assertEquals(pair, at(place));
                place = pairs.before(place);
            }
            assertEquals(SortedPairs.NONE, place);
        }

        private @Nullable Pair at(long place) {
            return place == SortedPairs.NONE ? null : new Pair(pairs.a(place), pairs.b(place));
        }
    }
}
