package dev.outlay.core.history;

import dev.outlay.core.history.Exposure.Device;
import dev.outlay.core.history.Exposure.Owner;
import dev.outlay.core.history.Exposure.Use;
import dev.outlay.core.value.DeviceRange;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;

/**
 * What the server does on devices itself, and what it must not do when it hands blocks out: I4 (in
 * use), I7 (without a proof), I23 (of a device that leaves, unless the server kept them for this
 * very file before it was to leave: work that has been done is not thrown away, and what it brings
 * is moved like all else).
 */
final class WorkRules {

    private final Exposure now;
    private final HistoryReport report;

    /** What the work that has just ended kept: its file may get that in the same step. */
    private List<DeviceRange> passing = List.of();

    private long passingTo;
    private long passingStep;

    WorkRules(Exposure now, HistoryReport report) {
        this.now = now;
        this.report = report;
    }

    boolean replay(HistoryLine line) throws HistoryFormatException, Contradiction {
        switch (line.event()) {
            case "work-begin", "read" -> begin(line);
            case "work-end" -> end(line);
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Blocks are handed out: they must be nobody's, and nobody ended may still touch them. */
    void take(DeviceRange place, String what) throws Contradiction {
        take(place, what, false);
    }

    /** As that, for a file. */
    void take(DeviceRange place, HistoryLine line, long file) throws Contradiction {
        boolean wasKept = passingStep == line.step() && passingTo == file && passes(place);
        take(place, "for file " + file, wasKept);
    }

    private boolean passes(DeviceRange place) {
        long at = place.start();
        for (DeviceRange kept : passing) {
            if (kept.device() == place.device() && kept.start() <= at && at < kept.end()) {
                at = kept.end();
            }
        }
        return at >= place.end();
    }

    private void take(DeviceRange place, String what, boolean wasKept) throws Contradiction {
        Device device = now.device(place.device());
        if (place.start() < device.start || place.end() > device.start + device.length) {
            report.found("I4", "blocks " + HistoryText.of(place) + " do not belong to the volume");
        }
        if (device.retiring && !wasKept) {
            report.found(
                    "I23",
                    "blocks " + HistoryText.of(place) + " are handed out of a device that leaves");
        }
        List<Spans.Span<List<Owner>>> used = device.uses.within(place.start(), place.end());
        if (!used.isEmpty()) {
            report.found(
                    "I4",
                    "blocks "
                            + HistoryText.of(place)
                            + " are handed out "
                            + what
                            + ", but they are not free: "
                            + owner(used.getFirst().value().getFirst()));
        }
        SortedSet<Long> suspects = now.suspects(place.device(), place.start(), place.end());
        if (!suspects.isEmpty()) {
            report.found(
                    "I7",
                    "blocks "
                            + HistoryText.of(place)
                            + " are handed out "
                            + what
                            + " without a proof: client "
                            + Exposure.hex(suspects.first())
                            + " may still store to them or read them");
        }
    }

    private static String owner(Owner owner) {
        return switch (owner.use()) {
            case MAPPED -> "file " + owner.id() + " maps them";
            case FRESH -> "they wait for a commit on file " + owner.id();
            case WORK -> "device work " + owner.id() + " keeps them";
        };
    }

    private void begin(HistoryLine line) throws HistoryFormatException, Contradiction {
        Exposure.Work work = Exposure.Work.of(line, line.event().equals("read"));
        long id = work.id();
        for (DeviceRange place : work.kept()) {
            take(place, "for device work " + id);
            now.use(place.device(), place.start(), place.end(), new Owner(Use.WORK, id, 0));
        }
        now.works.put(id, work);
    }

    private void end(HistoryLine line) throws HistoryFormatException, Contradiction {
        long id = line.number("work");
        Exposure.Work work = now.works.remove(id);
        if (work == null) {
            report.found("I13", "device work " + id + " ends, which had not begun");
            return;
        }
        passing =
                work.kept().stream().sorted(Comparator.comparingLong(DeviceRange::start)).toList();
        passingTo = work.file();
        passingStep = line.step();
        for (DeviceRange place : work.kept()) {
            now.disuse(place.device(), place.start(), place.end(), new Owner(Use.WORK, id, 0));
        }
    }
}
