package dev.outlay.server.config;

import java.util.Collection;

/** Finds what was probably meant by a mistyped name. */
final class NearestName {
    private NearestName() {}

    /**
     * The one of {@code names}, at least one, that takes the fewest typing errors to become {@code
     * typed}.
     */
    static String of(String typed, Collection<String> names) {
        String nearest = "";
        int fewest = Integer.MAX_VALUE;
        for (String name : names) {
            int distance = distance(typed, name);
            if (distance < fewest) {
                fewest = distance;
                nearest = name;
            }
        }
        return nearest;
    }

    /** Levenshtein: insertions, deletions and replacements of single characters. */
    static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        int[] current = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replaced, Math.min(previous[j], current[j - 1]) + 1);
            }
            int[] spare = previous;
            previous = current;
            current = spare;
        }
        return previous[b.length()];
    }
}
