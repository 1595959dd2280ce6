package dev.outlay.demo;

import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.process.Child;
import dev.outlay.process.StepFailed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * What a writer says on its standard output, a line each: how long it waited, the extents it got,
 * and that it stored.
 *
 * @param extents what it was granted, with addresses
 * @param waitedMillis until it was granted them
 */
record WriterReport(List<Extent> extents, long waitedMillis) {

    private static final String EXTENT = "extent";
    private static final String WAITED = "waited";
    private static final int EXTENT_WORDS = 7;

    /** The line that follows once its bytes are on the device. */
    static final String STORED = "stored";

    /** What a writer is told to store all of its range, whatever it has heard from the server. */
    static final String STORE_LATE = "store late";

    /** How a writer begins the line that says why its commit was refused. */
    static final String REFUSED = "refused";

    /** What it says if it was not. */
    static final String COMMITTED = "committed";

    WriterReport {
        extents = List.copyOf(extents);
    }

    /** The lines of this report. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(WAITED + " " + waitedMillis);
        for (Extent extent : extents) {
            StringJoiner line = new StringJoiner(" ");
            line.add(EXTENT)
                    .add(Long.toString(extent.fileOffset()))
                    .add(Long.toString(extent.length()))
                    .add(extent.state().name())
                    .add(Integer.toString(extent.device()))
                    .add(Long.toString(extent.deviceOffset()))
                    .add(Integer.toString(extent.flags()));
            lines.add(line.toString());
        }
        return lines;
    }

    /** Listens to a writer until it has stored. */
    static WriterReport hear(Child writer, String name) throws StepFailed, InterruptedException {
        List<Extent> extents = new ArrayList<>();
        long waited = 0;
        while (true) {
            Optional<String> line = writer.nextLine();
            if (line.isEmpty()) {
                throw new StepFailed("writer " + name + " ended before it had stored", name);
            }
            if (line.get().equals(STORED)) {
                return new WriterReport(extents, waited);
            }
            String[] words = line.get().split(" ", -1);
            if (words[0].equals(EXTENT) && words.length == EXTENT_WORDS) {
                extents.add(extent(words));
            } else if (words[0].equals(WAITED)) {
                waited = Long.parseLong(words[1]);
            } else {
                throw new StepFailed("writer " + name + " says '" + line.get() + "'", name);
            }
        }
    }

    private static Extent extent(String[] words) {
        return new Extent(
                Long.parseLong(words[1]),
                Long.parseLong(words[2]),
                ExtentState.valueOf(words[3]),
                Integer.parseInt(words[4]),
                Long.parseLong(words[5]),
                Integer.parseInt(words[6]));
    }

    /** Bytes that it was granted. */
    long bytes() {
        return extents.stream().mapToLong(Extent::length).sum();
    }

    /** Whether each extent is on fresh blocks, of which nothing was ever committed. */
    boolean isFresh() {
        return extents.stream().allMatch(e -> e.state() == ExtentState.UNWRITTEN && e.hasAddress());
    }

    /** Whether a block of the device is in both. */
    boolean sharesBlocksWith(WriterReport other) {
        return extents.stream()
                .map(Extent::deviceRange)
                .anyMatch(
                        mine ->
                                other.extents.stream()
                                        .map(Extent::deviceRange)
                                        .anyMatch(mine::overlaps));
    }

    /** Where its bytes are on the device. */
    List<DeviceRange> places() {
        return extents.stream().map(Extent::deviceRange).toList();
    }
}
