package dev.outlay.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.process.Stage;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class RoundsTest {

    private static final double EXACTLY = 0;

    @Test
    void theRatioIsTheMedianOfTheRatiosOfTheRounds() {
        // A busy moment that meets a whole round changes no ratio.
        Rounds.Pair pair = Rounds.Pair.of(new double[] {10, 1, 12}, new double[] {20, 2, 16});
        assertEquals(new Rounds.Pair(10, 16, 0.5, 0.5, 0.75), pair);
    }

    @Test
    void theMedianOfAnEvenNumberLiesBetween() {
        assertEquals(2.5, Rounds.median(new double[] {4, 1, 3, 2}), EXACTLY);
        assertEquals(3, Rounds.median(new double[] {9, 3, 1}), EXACTLY);
    }

    @Test
    void allTakeTurnsAndWarmUpsCountForNothing() throws Exception {
        List<String> order = new ArrayList<>();
        double[] next = {0};
        Rounds.Take ours =
                () -> {
                    order.add("ours");
                    return next[0]++;
                };
        Rounds.Take yardstick =
                () -> {
                    order.add("yardstick");
                    return next[0]++;
                };
        double[][] taken = Rounds.series(quick(), "any", 1, ours, yardstick);
        assertEquals(
                List.of(
                        "ours", "yardstick", // warms up
                        "ours", "yardstick",
                        "yardstick", "ours",
                        "ours", "yardstick"),
                order);
        assertArrayEquals(new double[] {2, 5, 6}, taken[0], EXACTLY);
        assertArrayEquals(new double[] {3, 4, 7}, taken[1], EXACTLY);
    }

    private static Bench quick() throws Exception {
        try (Stage stage = Stage.open(Optional.empty(), "outlay-bench-test-", false)) {
            return new Bench(
                    stage,
                    true,
                    Optional.empty(),
                    Optional.empty(),
                    new Results(_ -> {}),
                    new Progress(new PrintWriter(new StringWriter()), false));
        }
    }
}
