package dev.outlay.core.history;

import dev.outlay.core.history.Exposure.Client;
import dev.outlay.core.history.Exposure.Device;
import dev.outlay.core.history.Exposure.File;
import dev.outlay.core.history.Exposure.Held;
import dev.outlay.core.history.Exposure.Owner;
import dev.outlay.core.history.Exposure.Place;
import dev.outlay.core.history.Exposure.Use;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The state that a file of the log begins with, as the server had it then; read into a model of its
 * own and compared with what the lines before add up to.
 */
final class StatedState {

    private static final int MOST_DIFFERENCES = 8;

    private final Exposure stated = new Exposure();
    private final HistoryReport report;

    StatedState(HistoryReport report) {
        this.report = report;
    }

    Exposure exposure() {
        return stated;
    }

    /** Takes in a line of the state; false if it is none. */
    boolean read(HistoryLine line) throws HistoryFormatException, Contradiction {
        switch (line.event()) {
            case "device" -> {
                Device device = NameRules.device(line);
                stated.devices.put(device.index, device);
            }
            case "client" -> {
                long id = line.client("client");
                Client client = new Client(id, line.text("owner"), line.text("principal"));
                client.ended = line.has("ended") ? line.text("ended") : null;
                stated.clients.put(id, client);
            }
            case "file" -> file(line);
            case "map" -> {
                File file = stated.file(line.number("file"));
                for (Extent extent : line.blocks("blocks")) {
                    insert(file, Use.MAPPED, extent);
                }
                for (Extent extent : line.blocks("fresh")) {
                    insert(file, Use.FRESH, extent);
                }
            }
            case "layout" -> {
                File file = stated.file(line.number("file"));
                Client client = stated.client(line.client("client"));
                Held held = new Held();
                held.seqid = (int) line.number("seqid");
                for (LayoutRange range : line.held("held")) {
                    held.ranges.put(range.range().start(), range.range().end(), range.kind());
                }
                file.held.put(client.id, held);
                client.files.add(file.id);
            }
            case "quarantine" -> {
                for (DeviceRange place : line.places("places")) {
                    stated.suspect(place, line.client("client"));
                }
            }
            case "work" -> work(line);
            default -> {
                return false;
            }
        }
        return true;
    }

    private void file(HistoryLine line) throws HistoryFormatException {
        File file = new File(line.number("file"), line.number("parent"), line.text("name"));
        file.directory = line.flag("directory");
        file.removing = line.flag("removing");
        file.concurrent = line.flag("concurrent");
        file.size = line.number("size");
        file.change = line.number("change");
        file.modified = line.number("modified");
        file.epoch = line.number("epoch");
        stated.files.put(file.id, file);
    }

    /** I4: a block that two files map must be committed in both. */
    private void insert(File file, Use use, Extent extent) throws Contradiction {
        boolean alone =
                stated.device(extent.device())
                        .uses
                        .within(extent.deviceOffset(), extent.deviceOffset() + extent.length())
                        .isEmpty();
        if (!alone && (use == Use.FRESH || !Place.of(extent).written())) {
            report.found(
                    "I4",
                    "blocks "
                            + HistoryText.of(extent.deviceRange())
                            + " of file "
                            + file.id
                            + " are in use elsewhere, too");
        }
        stated.insert(file, use, extent);
    }

    private void work(HistoryLine line) throws HistoryFormatException, Contradiction {
        Exposure.Work work = Exposure.Work.of(line, line.flag("reading"));
        for (DeviceRange place : work.kept()) {
            stated.use(
                    place.device(), place.start(), place.end(), new Owner(Use.WORK, work.id(), 0));
        }
        stated.works.put(work.id(), work);
    }

    // ---- comparing

    /**
     * What the state says otherwise than {@code before} does.
     *
     * @param restarted whether the server began anew in between, and kept only what is durable
     */
    void compare(Exposure before, boolean restarted) throws Contradiction {
        String invariant = restarted ? "I6" : "I10";
        List<String> found = new ArrayList<>();
        differ(found, "files", before.files.keySet(), stated.files.keySet());
        differ(found, "clients", before.clients.keySet(), stated.clients.keySet());
        for (Map.Entry<Integer, Device> each : before.devices.entrySet()) {
            Device now = stated.devices.get(each.getKey());
            if (now == null || now.incarnation != each.getValue().incarnation) {
                report.found(
                        "I23",
                        "device " + each.getKey() + " is gone, or is another one than before");
            }
        }
        for (File file : before.files.values()) {
            File now = stated.files.get(file.id);
            if (now != null) {
                compare(file, now, restarted, found);
            }
        }
        for (Device device : before.devices.values()) {
            for (Spans.Span<SortedSet<Long>> span : device.suspects.all()) {
                compare(device.index, span);
            }
        }
        found.stream().limit(MOST_DIFFERENCES).forEach(what -> report.found(invariant, what));
    }

    private static void differ(List<String> found, String what, Set<Long> before, Set<Long> now) {
        TreeSet<Long> lost = new TreeSet<>(before);
        lost.removeAll(now);
        TreeSet<Long> extra = new TreeSet<>(now);
        extra.removeAll(before);
        if (!lost.isEmpty() || !extra.isEmpty()) {
            found.add(
                    what
                            + " differ from what the events before add up to: "
                            + hexes(what, lost)
                            + " are not there, "
                            + hexes(what, extra)
                            + " are");
        }
    }

    private static List<String> hexes(String what, Set<Long> ids) {
        return ids.stream()
                .map(id -> what.equals("clients") ? Exposure.hex(id) : Long.toString(id))
                .toList();
    }

    private static void compare(File before, File now, boolean restarted, List<String> found) {
        boolean same =
                before.size == now.size
                        && before.epoch == now.epoch
                        && (before.directory || before.change == now.change)
                        && before.removing == now.removing
                        && before.concurrent == now.concurrent
                        && before.parent == now.parent
                        && before.name.equals(now.name);
        if (!same) {
            found.add("file " + before.id + " has other attributes than after the events before");
        }
        if (!before.map.all().equals(now.map.all())
                || !before.fresh.all().equals(now.fresh.all())) {
            found.add("file " + before.id + " has other blocks than after the events before");
        }
        TreeSet<Long> holders = new TreeSet<>(before.held.keySet());
        holders.addAll(now.held.keySet());
        for (long holder : holders) {
            if (!ranges(before.held.get(holder), restarted)
                    .equals(ranges(now.held.get(holder), restarted))) {
                found.add(
                        "client "
                                + Exposure.hex(holder)
                                + " holds other bytes of file "
                                + before.id
                                + " than after the events before");
            }
        }
    }

    private static List<Spans.Span<GrantKind>> ranges(@Nullable Held held, boolean durable) {
        return held == null
                ? List.of()
                : held.ranges.all().stream()
                        .filter(span -> !durable || span.value().isDurable())
                        .toList();
    }

    /** I7: what an ended client may still touch stays in quarantine. */
    private void compare(int device, Spans.Span<SortedSet<Long>> span) throws Contradiction {
        for (long client : span.value()) {
            long at = span.start();
            Device now = stated.devices.get(device);
            if (now == null) {
                continue;
            }
            for (Spans.Span<SortedSet<Long>> there :
                    now.suspects.within(span.start(), span.end())) {
                if (there.start() == at && there.value().contains(client)) {
                    at = there.end();
                }
            }
            if (at < span.end()) {
                report.found(
                        "I7",
                        "blocks "
                                + HistoryText.of(new DeviceRange(device, at, span.end() - at))
                                + " are not in quarantine for client "
                                + Exposure.hex(client)
                                + ", which may still touch them");
                stated.suspect(new DeviceRange(device, span.start(), span.length()), client);
            }
        }
    }

    /**
     * READ grants that may be restated while grace lasts: those a restart has just lost, and those
     * that were lost before and nobody has named again yet.
     */
    void keepUnrestated(Exposure before, boolean restarted) {
        for (File file : before.files.values()) {
            File now = stated.files.get(file.id);
            for (Map.Entry<Long, Held> each : file.held.entrySet()) {
                Client client = stated.clients.get(each.getKey());
                if (now == null || client == null || client.ended != null) {
                    continue;
                }
                List<Spans.Span<GrantKind>> lost =
                        new ArrayList<>(each.getValue().unrestated.all());
                if (restarted) {
                    lost.addAll(each.getValue().ranges.all());
                }
                for (Spans.Span<GrantKind> span : lost) {
                    if (span.value() == GrantKind.READ) {
                        Held held = now.held.computeIfAbsent(client.id, id -> new Held());
                        client.files.add(now.id);
                        held.unrestated.put(span.start(), span.end(), GrantKind.READ);
                    }
                }
            }
        }
    }
}
