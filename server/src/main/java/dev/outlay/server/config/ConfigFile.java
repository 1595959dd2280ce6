package dev.outlay.server.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lines of {@code key = value}, each value with its place.
 *
 * <p>A {@code #} at the beginning of a line or after a blank starts a comment. A key is lower-case
 * words joined by {@code -} and {@code .}. A value reaches to the end of the line or to its
 * comment, without blanks at its ends; in double quotes it may hold anything but a double quote.
 */
record ConfigFile(Map<String, Value> values, List<String> problems) {
    private static final Pattern LINE =
            Pattern.compile(
                    "([a-z][a-z0-9.-]*)\\s*=\\s*(?:\"([^\"]*)\"|([^\"#\\s](?:.*?\\S)?))?\\s*(?:(?<=\\s)#.*)?");

    /** A value and where it stands, for example {@code outlay.conf:12}. */
    record Value(String text, String place) {}

    ConfigFile {
        values = Map.copyOf(values);
        problems = List.copyOf(problems);
    }

    /**
     * @param name how messages call the file
     */
    static ConfigFile parse(String name, String text) {
        Map<String, Value> values = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        int number = 0;
        for (String raw : text.lines().toList()) {
            number++;
            String place = name + ":" + number;
            String line = raw.strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                problems.add(place + ": not of the form 'key = value  # comment': " + shown(line));
                continue;
            }
            String key = matcher.group(1);
            String quoted = matcher.group(2);
            String plain = matcher.group(3);
            if (quoted == null && plain == null) {
                problems.add(place + ": " + key + " has no value; remove the line for the default");
                continue;
            }
            Value earlier = values.get(key);
            if (earlier != null) {
                problems.add(place + ": " + key + " is set already at " + earlier.place());
                continue;
            }
            values.put(key, new Value(quoted != null ? quoted : plain, place));
        }
        return new ConfigFile(values, problems);
    }

    /** This file with {@code overrides} on top, which come from the command line. */
    ConfigFile with(Map<String, String> overrides) {
        Map<String, Value> merged = new LinkedHashMap<>(values);
        overrides.forEach((key, text) -> merged.put(key, new Value(text, "--set " + key)));
        return new ConfigFile(merged, problems);
    }

    private static String shown(String line) {
        return line.length() <= 60 ? line : line.substring(0, 60) + "...";
    }
}
