package dev.outlay.core.history;

import dev.outlay.core.history.Exposure.Client;
import dev.outlay.core.history.Exposure.File;
import dev.outlay.core.history.Exposure.Held;
import dev.outlay.core.history.Exposure.Owner;
import dev.outlay.core.history.Exposure.Place;
import dev.outlay.core.history.Exposure.Use;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.GrantKind;
import java.util.List;
import java.util.Map;

/**
 * What events do to blocks, and which invariants they may break by it: I2 and I3 (commits), I4 (one
 * block state), I7 (reuse), I13 (a commit twice), I23 (devices), I24 (epochs).
 */
final class BlockRules {

    private static final long NOBODY = 0;

    private final Exposure now;
    private final HistoryReport report;
    private final WorkRules works;

    BlockRules(Exposure now, HistoryReport report) {
        this.now = now;
        this.report = report;
        this.works = new WorkRules(now, report);
    }

    /** Replays the event, if it is about blocks. */
    boolean replay(HistoryLine line) throws HistoryFormatException, Contradiction {
        switch (line.event()) {
            case "allocate" -> allocate(line, Use.MAPPED);
            case "copies" -> allocate(line, Use.FRESH);
            case "keep" -> keep(line);
            case "commit" -> commit(line);
            case "commit-swap" -> swap(line);
            case "free" -> leave(line, Use.MAPPED, by(line));
            case "set-aside" -> {
                leave(line, Use.MAPPED, line.client("client"));
                suspectAll(line);
            }
            case "copies-free" -> leave(line, Use.FRESH, NOBODY);
            case "copies-set-aside" -> {
                leave(line, Use.FRESH, NOBODY);
                suspectAll(line);
            }
            case "at-risk", "retain" -> {
                epoch(line);
                suspectAll(line);
            }
            case "safe" -> epoch(line);
            case "replace" -> replace(line);
            case "clone" -> clone(line);
            default -> {
                return works.replay(line);
            }
        }
        return true;
    }

    private static long by(HistoryLine line) throws HistoryFormatException {
        return line.has("client") ? line.client("client") : NOBODY;
    }

    private File epoch(HistoryLine line) throws HistoryFormatException, Contradiction {
        File file = now.file(line.number("file"));
        long epoch = line.number("epoch");
        if (epoch != file.epoch + (line.flag("more") ? 0 : 1)) {
            report.found(
                    "I24",
                    "the map of file "
                            + file.id
                            + " changes, and its epoch goes from "
                            + file.epoch
                            + " to "
                            + epoch);
        }
        file.epoch = epoch;
        return file;
    }

    // ---- taking blocks

    private void allocate(HistoryLine line, Use use) throws HistoryFormatException, Contradiction {
        File file = epoch(line);
        for (Extent extent : line.blocks("blocks")) {
            insertFree(line, file, use, extent);
        }
    }

    private void insertFree(HistoryLine line, File file, Use use, Extent extent)
            throws Contradiction {
        works.take(extent.deviceRange(), line, file.id);
        if (!file.blocks(use).within(extent.fileOffset(), extent.end()).isEmpty()) {
            report.found(
                    "I4",
                    "bytes "
                            + HistoryText.text(extent.range())
                            + " of file "
                            + file.id
                            + " have blocks already");
            now.remove(file, use, extent.range());
        }
        now.insert(file, use, extent);
    }

    // ---- commits

    private void keep(HistoryLine line) throws HistoryFormatException, Contradiction {
        File file = epoch(line);
        for (ByteRange range : line.ranges("ranges")) {
            file.map.change(
                    range.start(),
                    range.end(),
                    p -> new Place(p.device(), p.shift(), p.written(), true));
        }
    }

    private void commit(HistoryLine line) throws HistoryFormatException, Contradiction {
        File file = epoch(line);
        long client = by(line);
        for (Extent extent : line.blocks("blocks")) {
            mayCommit(file, client, extent.range());
            for (Spans.Span<Boolean> gap : file.map.gaps(extent.fileOffset(), extent.end())) {
                report.found("I3", "bytes " + gap.start() + "+" + gap.length() + " have no blocks");
            }
            for (Spans.Span<Place> piece : file.map.within(extent.fileOffset(), extent.end())) {
                samePlace(file, piece, extent);
                if (piece.value().written()) {
                    report.found(
                            "I13",
                            "a commit changes bytes "
                                    + piece.start()
                                    + "+"
                                    + piece.length()
                                    + " of file "
                                    + file.id
                                    + ", which are committed already");
                }
            }
            file.map.change(
                    extent.fileOffset(),
                    extent.end(),
                    p -> new Place(p.device(), p.shift(), true, false));
        }
    }

    /** I2, I3: only who holds the bytes for RW exposes them. */
    private void mayCommit(File file, long client, ByteRange range) {
        Held held = file.held.get(client);
        if (held == null || held.ranges.isEmpty()) {
            report.found(
                    "I2",
                    "client "
                            + Exposure.hex(client)
                            + " commits bytes "
                            + HistoryText.text(range)
                            + " of file "
                            + file.id
                            + " and holds nothing there");
            return;
        }
        if (!GrantRules.covers(held.ranges, range, GrantKind::isWriter)) {
            report.found(
                    "I3",
                    "client "
                            + Exposure.hex(client)
                            + " commits bytes "
                            + HistoryText.text(range)
                            + " of file "
                            + file.id
                            + ", not all of which it holds for RW");
        }
    }

    private void swap(HistoryLine line) throws HistoryFormatException, Contradiction {
        File file = epoch(line);
        long client = by(line);
        for (Extent extent : line.blocks("blocks")) {
            mayCommit(file, client, extent.range());
            List<Spans.Span<Place>> copies = now.remove(file, Use.FRESH, extent.range());
            if (copies.stream().mapToLong(Spans.Span::length).sum() != extent.length()) {
                report.found(
                        "I2",
                        "bytes "
                                + HistoryText.text(extent.range())
                                + " of file "
                                + file.id
                                + " are exposed without blocks that waited for it");
            }
            for (Spans.Span<Place> piece : copies) {
                samePlace(file, piece, extent);
            }
            mayLeave(file, client, extent.range(), true);
            now.remove(file, Use.MAPPED, extent.range());
            now.insert(file, Use.MAPPED, extent);
        }
    }

    // ---- blocks leave a file

    private void leave(HistoryLine line, Use use, long by)
            throws HistoryFormatException, Contradiction {
        File file = epoch(line);
        for (Extent extent : line.blocks("blocks")) {
            gone(file, use, extent, by, false);
        }
    }

    private void gone(File file, Use use, Extent extent, long by, boolean byCommit)
            throws Contradiction {
        if (use == Use.MAPPED) {
            mayLeave(file, by, extent.range(), byCommit);
        }
        List<Spans.Span<Place>> taken = now.remove(file, use, extent.range());
        if (taken.stream().mapToLong(Spans.Span::length).sum() != extent.length()) {
            report.found(
                    "I4",
                    "bytes "
                            + HistoryText.text(extent.range())
                            + " leave file "
                            + file.id
                            + ", which does not have all of them");
        }
        for (Spans.Span<Place> piece : taken) {
            samePlace(file, piece, extent);
        }
    }

    private void samePlace(File file, Spans.Span<Place> piece, Extent extent) {
        if (!piece.value().isSamePlace(Place.of(extent))) {
            report.found(
                    "I4",
                    "bytes "
                            + piece.start()
                            + "+"
                            + piece.length()
                            + " of file "
                            + file.id
                            + " lie at "
                            + piece.value().device()
                            + ":"
                            + (piece.start() + piece.value().shift())
                            + " by the events before, and not where this one says");
        }
    }

    /**
     * I7, I22: blocks leave a file only where nobody holds them.
     *
     * <p>Not counted is READ of the former incarnation of the one whose uncommitted blocks they
     * are: that one alone is granted RW beside it, and where nothing was committed the former one
     * was told of a hole, so that it has no address to read at.
     */
    private void mayLeave(File file, long by, ByteRange range, boolean byCommit) {
        for (Map.Entry<Long, Held> each : file.held.entrySet()) {
            if (byCommit && each.getKey() == by) {
                continue;
            }
            for (Spans.Span<GrantKind> held :
                    each.getValue().ranges.within(range.start(), range.end())) {
                List<Spans.Span<Place>> pieces = file.map.within(held.start(), held.end());
                if (!pieces.isEmpty()
                        && !isFormerReaderOfNothing(each.getKey(), held, by, pieces)) {
                    report.found(
                            held.value().isDurable() ? "I7" : "I9",
                            "blocks under bytes "
                                    + held.start()
                                    + "+"
                                    + held.length()
                                    + " of file "
                                    + file.id
                                    + " are taken from it while client "
                                    + Exposure.hex(each.getKey())
                                    + " holds them for "
                                    + held.value());
                }
            }
            mayBeRestated(file, by, each.getKey(), each.getValue(), range);
        }
    }

    private boolean isFormerReaderOfNothing(
            long reader, Spans.Span<GrantKind> held, long by, List<Spans.Span<Place>> pieces) {
        Client former = now.clients.get(reader);
        Client present = now.clients.get(by);
        return held.value() == GrantKind.READ
                && former != null
                && former.ended != null
                && present != null
                && former.isSameOwner(present)
                && pieces.stream().noneMatch(piece -> piece.value().written());
    }

    private void mayBeRestated(File file, long by, long reader, Held held, ByteRange range) {
        if (!now.grace || by == reader) {
            return;
        }
        for (Spans.Span<GrantKind> lost : held.unrestated.within(range.start(), range.end())) {
            if (file.map.within(lost.start(), lost.end()).stream()
                    .anyMatch(piece -> piece.value().written())) {
                report.found(
                        "I22",
                        "in grace blocks under bytes "
                                + lost.start()
                                + "+"
                                + lost.length()
                                + " of file "
                                + file.id
                                + " are taken from it, which client "
                                + Exposure.hex(reader)
                                + " may still restate");
            }
        }
    }

    private void suspectAll(HistoryLine line) throws HistoryFormatException, Contradiction {
        for (Extent extent : line.blocks("blocks")) {
            now.suspect(extent.deviceRange(), line.client("client"));
        }
    }

    // ---- the server's own

    private void replace(HistoryLine line) throws HistoryFormatException, Contradiction {
        File file = epoch(line);
        for (Extent old : line.blocks("old")) {
            gone(file, Use.MAPPED, old, NOBODY, false);
        }
        for (Extent extent : line.blocks("blocks")) {
            insertFree(line, file, Use.MAPPED, extent);
        }
    }

    private void clone(HistoryLine line) throws HistoryFormatException, Contradiction {
        File source = now.file(line.number("source"));
        File file = epoch(line);
        for (ByteRange range : line.ranges("range")) {
            for (Map.Entry<Long, Held> each : source.held.entrySet()) {
                for (Spans.Span<GrantKind> held :
                        each.getValue().ranges.within(range.start(), range.end())) {
                    if (held.value().isWriter()) {
                        report.found(
                                "I4",
                                "bytes "
                                        + held.start()
                                        + "+"
                                        + held.length()
                                        + " of file "
                                        + source.id
                                        + " are shared while client "
                                        + Exposure.hex(each.getKey())
                                        + " stores into them");
                    }
                }
            }
        }
        // In the order in which the server does it: a block that is cloned over itself is never
        // without a map.
        for (Extent extent : line.blocks("blocks")) {
            mustBeMapped(extent);
            now.use(
                    extent.device(),
                    extent.deviceOffset(),
                    extent.deviceOffset() + extent.length(),
                    new Owner(Use.MAPPED, file.id, extent.fileOffset() - extent.deviceOffset()));
        }
        for (Extent old : line.blocks("old")) {
            gone(file, Use.MAPPED, old, NOBODY, false);
        }
        for (Extent extent : line.blocks("blocks")) {
            file.map.put(extent.fileOffset(), extent.end(), Place.of(extent));
        }
    }

    private void mustBeMapped(Extent extent) throws Contradiction {
        boolean mapped =
                now
                        .device(extent.device())
                        .uses
                        .within(extent.deviceOffset(), extent.deviceOffset() + extent.length())
                        .stream()
                        .anyMatch(span -> span.value().getFirst().use() == Use.MAPPED);
        if (!mapped) {
            report.found(
                    "I4",
                    "a clone maps blocks "
                            + HistoryText.of(extent.deviceRange())
                            + ", which no file has");
        }
    }
}
