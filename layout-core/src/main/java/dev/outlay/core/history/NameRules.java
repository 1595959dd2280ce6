package dev.outlay.core.history;

import dev.outlay.core.history.Exposure.Client;
import dev.outlay.core.history.Exposure.Device;
import dev.outlay.core.history.Exposure.File;
import dev.outlay.core.history.Exposure.Held;
import dev.outlay.core.history.Exposure.Place;
import java.util.List;
import java.util.Set;

/**
 * What happens to files, clients and devices, and which invariants that may break: I7 (a client
 * forgotten too early), I14 (who makes a file grow, and what that exposes), I16 (change counter and
 * times), I21 (nothing left behind), I23 (devices).
 */
final class NameRules {

    private static final String COMMIT = "CommitBlocks";
    private static final String COMPLETE = "CompleteWork";

    /** What may make a file grow. */
    private static final Set<String> GROWING =
            Set.of(COMMIT, COMPLETE, "Truncate", "Clone", "Snapshot", "Write");

    private final Exposure now;
    private final HistoryReport report;
    private final long blockSize;
    private final boolean strict;

    NameRules(Exposure now, HistoryReport report, long blockSize, boolean strict) {
        this.now = now;
        this.report = report;
        this.blockSize = blockSize;
        this.strict = strict;
    }

    boolean replay(HistoryLine line) throws HistoryFormatException, Contradiction {
        return ofFile(line) || ofClient(line) || ofDevice(line);
    }

    // ---- files

    private boolean ofFile(HistoryLine line) throws HistoryFormatException, Contradiction {
        switch (line.event()) {
            case "create" -> {
                long id = line.number("file");
                if (now.files.containsKey(id)) {
                    report.found("I4", "file " + id + " is created a second time");
                }
                File file = new File(id, line.number("parent"), line.text("name"));
                file.directory = line.flag("directory");
                file.change = 1;
                now.files.put(id, file);
            }
            case "rename" -> {
                File file = changed(line);
                file.parent = line.number("parent");
                file.name = line.text("name");
            }
            case "unlink" -> changed(line).removing = true;
            case "forget" -> {
                File file = now.file(line.number("file"));
                if (!file.map.isEmpty() || !file.fresh.isEmpty() || isHeld(file)) {
                    report.found(
                            "I21",
                            "file " + file.id + " is gone, but not its blocks or its holders");
                }
                now.files.remove(file.id);
            }
            case "attributes" -> attributes(line);
            case "flags" -> changed(line).concurrent = line.flag("concurrent");
            default -> {
                return false;
            }
        }
        return true;
    }

    private static boolean isHeld(File file) {
        return file.held.values().stream().anyMatch(held -> !held.ranges.isEmpty());
    }

    private File changed(HistoryLine line) throws HistoryFormatException, Contradiction {
        File file = now.file(line.number("file"));
        long change = line.number("change");
        if (change <= file.change && !file.directory) {
            report.found(
                    "I16",
                    "file "
                            + file.id
                            + " changes, and its change counter goes from "
                            + file.change
                            + " to "
                            + change);
        }
        file.change = change;
        return file;
    }

    private void attributes(HistoryLine line) throws HistoryFormatException, Contradiction {
        File file = changed(line);
        String cause = GrantRules.cause(line);
        long size = line.number("size");
        long modified = line.number("modified");
        if (size > file.size) {
            if (!GROWING.contains(cause)) {
                report.found(
                        "I14",
                        "file "
                                + file.id
                                + " grows from "
                                + file.size
                                + " to "
                                + size
                                + " bytes by "
                                + cause);
            }
            if (cause.equals("Truncate") || line.flag("resize")) {
                exposed(file, size);
            }
        }
        if (cause.equals(COMMIT) && modified < file.modified) {
            report.found("I16", "a commit moves the times of file " + file.id + " back");
        }
        file.size = size;
        file.modified = modified;
    }

    /** I14: what an extension exposes is not what was committed past the old end. */
    private void exposed(File file, long size) {
        long from = Math.ceilDiv(file.size, blockSize) * blockSize;
        long to = Math.ceilDiv(size, blockSize) * blockSize;
        if (from >= to) {
            return;
        }
        for (Spans.Span<Place> piece : file.map.within(from, to)) {
            if (piece.value().written()) {
                report.found(
                        "I14",
                        "file "
                                + file.id
                                + " is extended over bytes "
                                + piece.start()
                                + "+"
                                + piece.length()
                                + ", which hold something");
            }
        }
    }

    // ---- clients

    private boolean ofClient(HistoryLine line) throws HistoryFormatException, Contradiction {
        switch (line.event()) {
            case "client-begin" -> {
                long id = line.client("client");
                if (now.clients.containsKey(id)) {
                    report.found("I9", "client " + Exposure.hex(id) + " begins a second time");
                }
                now.clients.put(id, new Client(id, line.text("owner"), line.text("principal")));
            }
            case "client-end" -> ended(line);
            case "client-forgotten" -> {
                Client client = now.client(line.client("client"));
                if (now.isSuspect(client.id)) {
                    report.found(
                            "I7",
                            "client "
                                    + Exposure.hex(client.id)
                                    + " is forgotten, and may still store: there was no proof");
                }
                mustHoldNothing(client, Set.of());
                now.clients.remove(client.id);
                now.files.values().forEach(file -> file.held.remove(client.id));
            }
            case "proof" -> {
                long id = line.client("client");
                Client client = now.client(id);
                if (client.ended == null) {
                    report.found(
                            "I7", "client " + Exposure.hex(id) + " is proven gone before its end");
                }
                if (strict && line.text("proof").equals("TIME")) {
                    report.found("I7", "time proves nothing on this volume");
                }
                now.acquit(id);
            }
            case "reattach" -> {
                long id = line.client("client");
                now.files.values().forEach(file -> restated(file, id));
            }
            case "grace-begin" -> now.grace = true;
            case "grace-end" -> {
                now.grace = false;
                now.files
                        .values()
                        .forEach(
                                file ->
                                        List.copyOf(file.held.keySet())
                                                .forEach(id -> restated(file, id)));
            }
            case "lapse", "revive" -> now.client(line.client("client"));
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void restated(File file, long client) {
        Held held = file.held.get(client);
        if (held != null) {
            held.unrestated.all().forEach(s -> held.unrestated.remove(s.start(), s.end()));
            if (held.ranges.isEmpty()) {
                file.held.remove(client);
            }
        }
    }

    /** What outlives a client's end are at most READ grants, until its lease is over. */
    private void ended(HistoryLine line) throws HistoryFormatException, Contradiction {
        Client client = now.client(line.client("client"));
        String why = line.text("why");
        boolean lingers = why.equals("SUPERSEDED") || why.equals("REVOKED");
        mustHoldNothing(client, lingers ? Set.of("READ") : Set.of());
        client.ended = why;
        for (File file : now.files.values()) {
            restated(file, client.id);
        }
    }

    private void mustHoldNothing(Client client, Set<String> but) {
        for (long id : client.files) {
            File file = now.files.get(id);
            Held held = file == null ? null : file.held.get(client.id);
            if (held == null) {
                continue;
            }
            held.ranges.all().stream()
                    .filter(span -> !but.contains(span.value().name()))
                    .findFirst()
                    .ifPresent(
                            span ->
                                    report.found(
                                            "I9",
                                            "client "
                                                    + Exposure.hex(client.id)
                                                    + " has ended and still holds bytes "
                                                    + span.start()
                                                    + "+"
                                                    + span.length()
                                                    + " of file "
                                                    + id
                                                    + " for "
                                                    + span.value()));
        }
    }

    // ---- devices

    private boolean ofDevice(HistoryLine line) throws HistoryFormatException, Contradiction {
        switch (line.event()) {
            case "device-added" -> add(line);
            case "device-retiring" ->
                    now.device(Math.toIntExact(line.number("device"))).retiring = true;
            case "device-retired" -> {
                Device device = now.device(Math.toIntExact(line.number("device")));
                if (!device.isIdle()) {
                    report.found(
                            "I23",
                            "device "
                                    + device.index
                                    + " leaves, and blocks of it are in use or in quarantine");
                }
                now.devices.remove(device.index);
            }
            case "device-released" -> {}
            default -> {
                return false;
            }
        }
        return true;
    }

    private void add(HistoryLine line) throws HistoryFormatException {
        int index = Math.toIntExact(line.number("device"));
        if (now.devices.containsKey(index)) {
            report.found("I23", "device " + index + " is added a second time");
        }
        now.devices.put(index, device(line));
    }

    static Device device(HistoryLine line) throws HistoryFormatException {
        Device device =
                new Device(
                        Math.toIntExact(line.number("device")),
                        line.number("start"),
                        line.number("length"),
                        line.number("incarnation"));
        device.retiring = line.flag("retiring");
        return device;
    }
}
