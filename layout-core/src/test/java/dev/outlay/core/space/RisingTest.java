package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.Seeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RisingTest {

    @Test
    void floorIsThatOfALookAtEachWhateverTheGuess() {
        Seeds.each(
                50,
                random -> {
                    int step = 1 + random.nextInt(3);
                    int count = 1 + random.nextInt(random.nextBoolean() ? 5 : 300);
                    long[] numbers = rising(random, step, count);
                    for (int i = 0; i < 500; i++) {
                        long most = asked(random, numbers);
                        int guess = random.nextInt(count);
                        assertEquals(
                                floor(numbers, step, count, most),
                                Rising.floor(numbers, step, count, most, guess),
                                () -> count + " by " + step + ", guess " + guess);
                    }
                });
    }

    @Test
    void numbersThatLieEvenlyAreGuessed() {
        for (int i = 0; i < 1_000; i++) {
            assertEquals(i, Rising.guess(4_096L * i + 2_048, 0, 4_096_000, 1_000));
        }
    }

    @Test
    void aGuessIsOneOfThemWhateverIsAsked() {
        assertEquals(0, Rising.guess(5, 10, 20, 7));
        assertEquals(6, Rising.guess(20, 10, 20, 7));
        assertEquals(6, Rising.guess(Long.MAX_VALUE, 10, 20, 7));
        assertEquals(0, Rising.guess(10, 10, 10, 7));
        assertEquals(6, Rising.guess(11, 10, 10, 7));
        assertEquals(0, Rising.guess(11, 10, 20, 0));
    }

    /** What lies between those of a step would mislead who looked at it. */
    private static long[] rising(SplittableRandom random, int step, int count) {
        long[] numbers = new long[step * count];
        long at = random.nextLong(-1_000, 1_000);
        for (int i = 0; i < numbers.length; i++) {
            if (i % step == 0) {
                numbers[i] = at;
                at += 1 + random.nextLong(random.nextInt(20) == 0 ? 1L << 40 : 10);
            } else {
                numbers[i] = random.nextLong();
            }
        }
        return numbers;
    }

    private static long asked(SplittableRandom random, long[] numbers) {
        return numbers[random.nextInt(numbers.length)] + random.nextInt(-2, 3);
    }

    private static int floor(long[] numbers, int step, int count, long most) {
        int found = -1;
        while (found + 1 < count && numbers[(found + 1) * step] <= most) {
            found++;
        }
        return found;
    }
}
