package dev.outlay.core.history;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Against an array with a value for each number. */
class SpansTest {

    private static final int SIZE = 40;

    @Test
    void doesWhatAnArrayDoes() {
        long seed = Long.getLong("outlay.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        for (int run = 0; run < 200; run++) {
            Spans<Integer> spans = new Spans<>();
            int[] model = new int[SIZE];
            for (int step = 0; step < 60; step++) {
                int start = random.nextInt(SIZE - 1);
                int end = start + 1 + random.nextInt(SIZE - start - 1);
                int value = random.nextInt(1, 4);
                switch (random.nextInt(3)) {
                    case 0 -> {
                        spans.put(start, end, value);
                        Arrays.fill(model, start, end, value);
                    }
                    case 1 -> {
                        assertEquals(sum(model, start, end), sum(spans.take(start, end)));
                        Arrays.fill(model, start, end, 0);
                    }
                    default -> {
                        spans.change(start, end, v -> v % 3 + 1);
                        for (int i = start; i < end; i++) {
                            model[i] = model[i] == 0 ? 0 : model[i] % 3 + 1;
                        }
                    }
                }
                int from = random.nextInt(SIZE - 1);
                String where = "seed " + seed + ", run " + run + ", step " + step;
                assertEquals(sum(model, from, SIZE), sum(spans.within(from, SIZE)), where);
                assertEquals(
                        Arrays.stream(model, from, SIZE).filter(v -> v == 0).count(),
                        spans.gaps(from, SIZE).stream().mapToLong(Spans.Span::length).sum(),
                        where);
                assertEquals(stretches(model), spans.all().size(), where);
            }
        }
    }

    private static long sum(int[] model, int start, int end) {
        long sum = 0;
        for (int i = start; i < end; i++) {
            sum += (long) model[i] * (i + 1);
        }
        return sum;
    }

    private static long sum(List<Spans.Span<Integer>> spans) {
        long sum = 0;
        for (Spans.Span<Integer> span : spans) {
            for (long i = span.start(); i < span.end(); i++) {
                sum += span.value() * (i + 1);
            }
        }
        return sum;
    }

    /** Neighbours of equal value are one. */
    private static int stretches(int[] model) {
        int stretches = 0;
        for (int i = 0; i < model.length; i++) {
            stretches += model[i] != 0 && (i == 0 || model[i - 1] != model[i]) ? 1 : 0;
        }
        return stretches;
    }
}
