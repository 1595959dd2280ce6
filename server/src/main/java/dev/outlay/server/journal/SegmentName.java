package dev.outlay.server.journal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Name of a segment file. Which positions a segment holds follows from the names alone.
 *
 * @param sequence rises with each segment of a journal, never used twice
 * @param start position it continues from
 */
record SegmentName(long sequence, long start) {

    private static final String TEMPORARY_SUFFIX = ".tmp";
    private static final Pattern SEGMENT = Pattern.compile("journal-([0-9]{12})-([0-9]{18})\\.seg");
    private static final Pattern TEMPORARY = Pattern.compile("journal-([0-9]{12})\\.tmp");

    String text() {
        return "journal-%012d-%018d.seg".formatted(sequence, start);
    }

    /** Name of a segment that does not take part yet. */
    static String temporary(long sequence) {
        return "journal-%012d".formatted(sequence) + TEMPORARY_SUFFIX;
    }

    static Optional<SegmentName> parse(String text) {
        Matcher matcher = SEGMENT.matcher(text);
        return matcher.matches()
                ? Optional.of(
                        new SegmentName(
                                Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))))
                : Optional.empty();
    }

    static boolean isTemporary(String text) {
        return TEMPORARY.matcher(text).matches();
    }

    /** All segments among the names, by sequence. */
    static List<SegmentName> sorted(Collection<String> names) {
        List<SegmentName> segments = new ArrayList<>();
        for (String name : names) {
            parse(name).ifPresent(segments::add);
        }
        segments.sort(Comparator.comparingLong(SegmentName::sequence));
        return segments;
    }

    /** Those of {@link #sorted} that hold any position, in order of both sequence and start. */
    static List<SegmentName> live(Collection<String> names) {
        List<SegmentName> all = sorted(names);
        List<SegmentName> live = new ArrayList<>();
        long bound = Long.MAX_VALUE;
        for (SegmentName segment : all.reversed()) {
            if (segment.start < bound) {
                live.add(segment);
                bound = segment.start;
            }
        }
        Collections.reverse(live);
        return live;
    }
}
