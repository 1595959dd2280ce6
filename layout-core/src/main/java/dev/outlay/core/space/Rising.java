package dev.outlay.core.space;

/**
 * Searching among rising numbers from a guess on. Where they lie about evenly that takes two looks,
 * mostly at one line of the processor's cache; where they do not, a few more than a binary search.
 */
final class Rising {

    /** How much farther from the guess each look is than the one before. */
    private static final int FARTHER = 8;

    private Rising() {}

    /**
     * Which of {@code count} numbers that lie evenly from {@code from} up to {@code until} is the
     * last that is not above {@code number}; the nearest there is if there is no such.
     */
    static int guess(long number, long from, long until, int count) {
        int guess = (int) ((double) (number - from) / (until - from) * count);
        return Math.clamp(guess, 0, Math.max(0, count - 1));
    }

    /**
     * The index of the last number that is not above {@code most}, or -1.
     *
     * @param numbers every {@code step}th of it, {@code count} of them, rising
     * @param guess where to begin
     */
    static int floor(long[] numbers, int step, int count, long most, int guess) {
        // All before low are not above; from high on all are.
        int low;
        int high;
        if (numbers[guess * step] <= most) {
            low = guess + 1;
            high = low;
            for (int far = 1; high < count && numbers[high * step] <= most; far *= FARTHER) {
                low = high + 1;
                high = Math.min(count, high + far);
            }
        } else {
            high = guess;
            low = high;
            for (int far = 1; low > 0 && numbers[(low - 1) * step] > most; far *= FARTHER) {
                high = low - 1;
                low = Math.max(0, low - far);
            }
        }
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (numbers[middle * step] <= most) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }
}
