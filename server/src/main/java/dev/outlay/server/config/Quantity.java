package dev.outlay.server.config;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations and sizes as people write them: {@code 30s}, {@code 500ms}, {@code 64MiB}. */
final class Quantity {
    private static final Pattern FORM = Pattern.compile("(\\d{1,18})\\s*([A-Za-z]*)");

    private static final Map<String, Long> MILLIS =
            Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L);

    private static final Map<String, Long> BYTES =
            Map.of("B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30, "TiB", 1L << 40);

    private Quantity() {}

    static Duration duration(String text) {
        return Duration.ofMillis(
                scaled(text, MILLIS, "a duration with its unit (ms, s, m, h, d), for example 30s"));
    }

    static long bytes(String text) {
        return scaled(
                text, BYTES, "a size with its unit (B, KiB, MiB, GiB, TiB), for example 64MiB");
    }

    /** As it would stand in the file, in the largest unit that is exact. */
    static String show(Duration duration) {
        return show(duration.toMillis(), MILLIS, "ms");
    }

    static String show(long bytes) {
        return show(bytes, BYTES, "B");
    }

    private static long scaled(String text, Map<String, Long> units, String wanted) {
        Matcher matcher = FORM.matcher(text);
        Long unit = matcher.matches() ? units.get(matcher.group(2)) : null;
        if (unit == null) {
            throw new IllegalArgumentException("is not " + wanted);
        }
        try {
            return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("is too large", e);
        }
    }

    private static String show(long amount, Map<String, Long> units, String smallest) {
        String best = smallest;
        for (Map.Entry<String, Long> unit : units.entrySet()) {
            if (amount % unit.getValue() == 0
                    && amount != 0
                    && unit.getValue() > units.getOrDefault(best, 1L)) {
                best = unit.getKey();
            }
        }
        return amount / units.getOrDefault(best, 1L) + best;
    }
}
