package dev.outlay.core.text;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and durations as people write and read them: {@code 64MiB}, {@code 30s}. */
public final class Amounts {

    private static final Pattern FORM = Pattern.compile("([0-9]{1,19})\\s*([A-Za-z]*)");
    private static final String UNITS = "KMGTPE";
    private static final int STEP = 1024;
    private static final int SHORT_DIGITS = 100;
    private static final double MILLIS_PER_SECOND = 1_000.0;

    private static final Map<String, Long> MILLIS =
            Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L);

    private Amounts() {}

    /**
     * Bytes, with or without a unit: {@code 4096}, {@code 4KiB}, {@code 4K}, {@code 1GiB}.
     *
     * @throws IllegalArgumentException if it is no size, with what one looks like
     */
    public static long parseBytes(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw notASize(text);
        }
        String unit = matcher.group(2).toUpperCase(Locale.ROOT);
        long factor = 1;
        if (!unit.isEmpty() && !unit.equals("B")) {
            int power = UNITS.indexOf(unit.charAt(0)) + 1;
            if (power == 0 || !(unit.length() == 1 || unit.substring(1).equals("IB"))) {
                throw notASize(text);
            }
            factor = 1L << (10 * power);
        }
        return multiply(text, matcher.group(1), factor);
    }

    /**
     * Milliseconds of a duration with its unit: {@code 500ms}, {@code 30s}, {@code 10m}.
     *
     * @throws IllegalArgumentException if it is none, with what one looks like
     */
    public static long parseMillis(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        Long factor = matcher.matches() ? MILLIS.get(matcher.group(2)) : null;
        if (factor == null) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a duration with its unit (ms, s, m, h, d), such as 30s");
        }
        return multiply(text, matcher.group(1), factor);
    }

    /** A size to read at a glance: {@code 4 KiB}, {@code 1.5 GiB}. */
    public static String bytes(long bytes) {
        if (Math.abs(bytes) < STEP) {
            return bytes + " B";
        }
        int unit = 0;
        double amount = bytes / (double) STEP;
        // Not 1024.0 KiB: what would be rounded up to the next unit is written in it.
        while (Math.abs(amount) >= STEP - 0.05 && unit < UNITS.length() - 1) {
            amount /= STEP;
            unit++;
        }
        boolean whole = amount == Math.rint(amount) || Math.abs(amount) >= SHORT_DIGITS;
        return String.format(Locale.ROOT, whole ? "%.0f" : "%.1f", amount)
                + " "
                + UNITS.charAt(unit)
                + "iB";
    }

    /** A duration to read at a glance: {@code 750ms}, {@code 12.3s}, {@code 10m}. */
    public static String millis(long millis) {
        if (Math.abs(millis) < 1_000) {
            return millis + "ms";
        }
        for (String unit : new String[] {"d", "h", "m", "s"}) {
            long length = MILLIS.getOrDefault(unit, 1L);
            if (Math.abs(millis) >= length && millis % length == 0) {
                return millis / length + unit;
            }
        }
        return String.format(Locale.ROOT, "%.1fs", millis / MILLIS_PER_SECOND);
    }

    /** How fast so many bytes went: {@code 310 MiB/s}. */
    public static String rate(long bytes, long nanos) {
        return bytes((long) (bytes / (Math.max(nanos, 1) / 1e9))) + "/s";
    }

    private static long multiply(String text, String digits, long factor) {
        try {
            return Math.multiplyExact(Long.parseLong(digits), factor);
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is too large", e);
        }
    }

    private static IllegalArgumentException notASize(String text) {
        return new IllegalArgumentException(
                "'"
                        + text
                        + "' is not a size in bytes or with a unit (KiB, MiB, GiB, TiB), such as 64MiB");
    }
}
