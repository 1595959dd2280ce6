package dev.outlay.core.history;

import dev.outlay.core.history.Exposure.Client;
import dev.outlay.core.history.Exposure.File;
import dev.outlay.core.history.Exposure.Held;
import dev.outlay.core.history.Exposure.Place;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.function.Predicate;

/**
 * What clients are granted and give back, and which invariants that may break: I5 (no grant before
 * its blocks), I7 (what a revoked client may still touch), I8 and I9 (who holds what at a time),
 * I11 (sequence numbers), I13 (returned twice), I22 (grace).
 */
final class GrantRules {

    private static final String REATTACH = "ReattachClient";

    private final Exposure now;
    private final HistoryReport report;
    private final long blockSize;

    GrantRules(Exposure now, HistoryReport report, long blockSize) {
        this.now = now;
        this.report = report;
        this.blockSize = blockSize;
    }

    boolean replay(HistoryLine line) throws HistoryFormatException, Contradiction {
        switch (line.event()) {
            case "grant" -> grant(line);
            case "return" -> release(line, false);
            case "revoke" -> release(line, true);
            case "recall" -> {
                if (line.has("file") && line.number("seqid") != 0) {
                    File file = now.file(line.number("file"));
                    Held held = file.held.get(line.client("client"));
                    if (held != null) {
                        advance(line, file, held);
                    }
                }
            }
            case "recall-overdue", "recall-end" -> {}
            default -> {
                return false;
            }
        }
        return true;
    }

    // ---- granting

    private void grant(HistoryLine line) throws HistoryFormatException, Contradiction {
        File file = now.file(line.number("file"));
        Client client = now.client(line.client("client"));
        if (client.ended != null) {
            report.found(
                    "I9", "client " + Exposure.hex(client.id) + " is granted bytes after its end");
        }
        boolean restated = cause(line).equals(REATTACH);
        Held own = file.held.computeIfAbsent(client.id, id -> new Held());
        boolean isNew = own.ranges.isEmpty();
        client.files.add(file.id);
        if (isNew || restated) {
            own.seqid = (int) line.number("seqid");
        } else {
            advance(line, file, own);
        }
        for (LayoutRange granted : line.held("held")) {
            if (!restated && granted.kind().isWriter()) {
                notInGrace(file, own, granted);
            }
            noWork(file, own, granted, restated);
            for (Map.Entry<Long, Held> other : file.held.entrySet()) {
                if (other.getKey() != client.id) {
                    conflicts(file, client, granted, other.getKey(), other.getValue());
                }
            }
            if (granted.kind().isWriter()) {
                notSuspect(file, granted);
            }
            hold(own, granted);
        }
        told(line, file);
    }

    private static void hold(Held own, LayoutRange granted) {
        ByteRange range = granted.range();
        List<Spans.Span<GrantKind>> before = own.ranges.within(range.start(), range.end());
        own.ranges.put(range.start(), range.end(), granted.kind());
        for (Spans.Span<GrantKind> span : before) {
            if (span.value().compareTo(granted.kind()) > 0) {
                own.ranges.put(span.start(), span.end(), span.value());
            }
        }
        own.unrestated.remove(range.start(), range.end());
    }

    /**
     * I22: in grace nobody gets RW inside end of file but who held it before, and nobody in place
     * who held it ATOMIC, beside readers.
     */
    private void notInGrace(File file, Held own, LayoutRange granted) {
        ByteRange range = granted.range();
        long end = Math.min(range.end(), Math.ceilDiv(file.size, blockSize) * blockSize);
        if (now.grace
                && range.start() < end
                && !covers(
                        own.ranges,
                        new ByteRange(range.start(), end),
                        kind -> kind.compareTo(granted.kind()) >= 0)) {
            report.found(
                    "I22",
                    "in grace bytes "
                            + HistoryText.text(range)
                            + " inside the end of file "
                            + file.id
                            + " are granted for "
                            + granted.kind()
                            + " to a client that did not hold them so");
        }
    }

    /**
     * I8: nobody comes where the server works. Who was there when the work began may stay (readers,
     * where a file is extended), and name it again: that is no new grant. Where only bytes past the
     * end of file are zeroed, which no reader is shown, the server takes a client's word for it: it
     * has lost what it knew of READ, and of a return whose answer was lost with it.
     */
    private void noWork(File file, Held own, LayoutRange granted, boolean restated) {
        for (Exposure.Work work : now.works.values()) {
            if (!work.reading()
                    && work.file() == file.id
                    && work.range().overlaps(granted.range())
                    && !(restated && granted.kind() == GrantKind.READ && work.isPastEndOfFile())
                    && !(restated && wasHeld(own, work.range().intersect(granted.range())))) {
                report.found(
                        "I8",
                        "bytes "
                                + HistoryText.text(granted.range())
                                + " of file "
                                + file.id
                                + " are granted while the server works on them ("
                                + work.what()
                                + ")");
            }
        }
    }

    private static boolean wasHeld(Held own, ByteRange range) {
        return own.ranges.gaps(range.start(), range.end()).stream()
                .allMatch(gap -> own.unrestated.gaps(gap.start(), gap.end()).isEmpty());
    }

    private void conflicts(File file, Client client, LayoutRange granted, long other, Held held)
            throws Contradiction {
        ByteRange range = granted.range();
        Client holder = now.clients.get(other);
        for (Spans.Span<GrantKind> span : held.ranges.within(range.start(), range.end())) {
            boolean formerSelf =
                    holder != null
                            && holder.ended != null
                            && !span.value().isWriter()
                            && holder.isSameOwner(client);
            if (!formerSelf && !bears(file, span, granted.kind())) {
                report.found(
                        granted.kind().isWriter() && span.value().isWriter() ? "I8" : "I9",
                        conflict(file, client.id, granted, other, span));
            }
        }
        if (now.grace) {
            for (Spans.Span<GrantKind> span : held.unrestated.within(range.start(), range.end())) {
                if (granted.kind().isWriter() && !bears(file, span, granted.kind())) {
                    report.found("I22", conflict(file, client.id, granted, other, span));
                }
            }
        }
    }

    private static String conflict(
            File file, long client, LayoutRange granted, long other, Spans.Span<GrantKind> span) {
        return "client "
                + Exposure.hex(client)
                + " is granted bytes "
                + HistoryText.text(granted.range())
                + " of file "
                + file.id
                + " for "
                + granted.kind()
                + " while client "
                + Exposure.hex(other)
                + " holds "
                + span.start()
                + "+"
                + span.length()
                + " for "
                + span.value();
    }

    /** Whether two may hold the same bytes, by the rules of docs/semantics.md 3.7. */
    private boolean bears(File file, Spans.Span<GrantKind> held, GrantKind asked)
            throws Contradiction {
        GrantKind other = held.value();
        if (!other.isWriter() && !asked.isWriter()) {
            return true;
        }
        boolean bothWrite = other.isWriter() && asked.isWriter();
        boolean atomic = other == GrantKind.RW_ATOMIC || asked == GrantKind.RW_ATOMIC;
        if (!file.concurrent && (bothWrite || !atomic)) {
            return false;
        }
        long at = held.start();
        for (Spans.Span<Place> piece : file.map.within(held.start(), held.end())) {
            boolean inPlace =
                    file.concurrent
                            && !now.isShared(piece)
                            && file.fresh.within(piece.start(), piece.end()).isEmpty();
            boolean fine =
                    piece.start() == at
                            && piece.value().written()
                            && (bothWrite ? inPlace && !atomic : inPlace || atomic);
            if (!fine) {
                return false;
            }
            at = piece.end();
        }
        return at == held.end();
    }

    /** I8: nobody stores in place where somebody ended may still store, nor into shared blocks. */
    private void notSuspect(File file, LayoutRange granted) throws Contradiction {
        ByteRange range = granted.range();
        for (Spans.Span<Boolean> gap : file.fresh.gaps(range.start(), range.end())) {
            for (Spans.Span<Place> piece : file.map.within(gap.start(), gap.end())) {
                long shift = piece.value().shift();
                SortedSet<Long> suspects =
                        now.suspects(
                                piece.value().device(), piece.start() + shift, piece.end() + shift);
                if (!suspects.isEmpty()) {
                    report.found(
                            "I8",
                            "bytes "
                                    + piece.start()
                                    + "+"
                                    + piece.length()
                                    + " of file "
                                    + file.id
                                    + " are granted for RW in place, and client "
                                    + Exposure.hex(suspects.first())
                                    + ", which has ended, may still touch them");
                }
                if (now.isShared(piece)) {
                    report.found(
                            "I4",
                            "bytes "
                                    + piece.start()
                                    + "+"
                                    + piece.length()
                                    + " of file "
                                    + file.id
                                    + " are granted for RW in place, and are in another file, too");
                }
            }
        }
    }

    /** I5: what the client is told of its blocks is what had been allocated before. */
    private void told(HistoryLine line, File file) throws HistoryFormatException {
        List<Extent> blocks = line.blocks("blocks");
        for (Extent told : blocks) {
            if (!isThere(file.map, told) && !isThere(file.fresh, told)) {
                report.found(
                        "I5",
                        "blocks "
                                + HistoryText.of(told)
                                + " are granted, which file "
                                + file.id
                                + " had not been given before");
            }
        }
        for (LayoutRange granted : line.held("held")) {
            if (granted.kind().isWriter()) {
                for (Spans.Span<Boolean> gap :
                        file.map.gaps(granted.range().start(), granted.range().end())) {
                    report.found(
                            "I5",
                            "bytes "
                                    + gap.start()
                                    + "+"
                                    + gap.length()
                                    + " of file "
                                    + file.id
                                    + " are granted for RW without blocks");
                }
            }
        }
    }

    private static boolean isThere(Spans<Place> map, Extent told) {
        long at = told.fileOffset();
        for (Spans.Span<Place> piece : map.within(told.fileOffset(), told.end())) {
            if (piece.start() != at || !piece.value().isSamePlace(Place.of(told))) {
                return false;
            }
            at = piece.end();
        }
        return at == told.end();
    }

    // ---- giving back

    private void release(HistoryLine line, boolean revoked)
            throws HistoryFormatException, Contradiction {
        File file = now.file(line.number("file"));
        Client client = now.client(line.client("client"));
        Held own = file.held.get(client.id);
        if (own == null) {
            report.found(
                    "I13",
                    "client " + Exposure.hex(client.id) + " gives back what it does not hold");
            return;
        }
        advance(line, file, own);
        for (ByteRange range : line.ranges("ranges")) {
            if (!own.ranges.gaps(range.start(), range.end()).isEmpty()) {
                report.found(
                        "I13",
                        "client "
                                + Exposure.hex(client.id)
                                + " gives back bytes "
                                + HistoryText.text(range)
                                + " of file "
                                + file.id
                                + ", not all of which it holds");
            }
            for (Spans.Span<GrantKind> span : own.ranges.take(range.start(), range.end())) {
                if (revoked && span.value().isDurable()) {
                    suspect(file, client.id, span);
                }
            }
        }
        if (own.ranges.isEmpty() && own.unrestated.isEmpty()) {
            file.held.remove(client.id);
            client.files.remove(file.id);
        }
    }

    /** Whatever its holder knew the address of it may still touch, until there is a proof. */
    private void suspect(File file, long client, Spans.Span<GrantKind> span) throws Contradiction {
        List<Spans.Span<Place>> pieces = new ArrayList<>();
        for (Spans.Span<Place> piece : file.map.within(span.start(), span.end())) {
            if (span.value().isWriter() || piece.value().written()) {
                pieces.add(piece);
            }
        }
        if (span.value().isWriter()) {
            pieces.addAll(file.fresh.within(span.start(), span.end()));
        }
        for (Spans.Span<Place> piece : pieces) {
            Place place = piece.value();
            now.suspect(
                    new DeviceRange(place.device(), piece.start() + place.shift(), piece.length()),
                    client);
        }
    }

    // ---- sequence numbers

    private void advance(HistoryLine line, File file, Held held) throws HistoryFormatException {
        int seqid = (int) line.number("seqid");
        int next = held.seqid == -1 ? 1 : held.seqid + 1;
        if (seqid != next) {
            report.found(
                    "I11",
                    "the sequence number of client "
                            + Exposure.hex(line.client("client"))
                            + " on file "
                            + file.id
                            + " goes from "
                            + Integer.toUnsignedString(held.seqid)
                            + " to "
                            + Integer.toUnsignedString(seqid));
        }
        held.seqid = seqid;
    }

    static String cause(HistoryLine line) {
        return line.fields().get("cause") instanceof String cause ? cause : "";
    }

    /** Whether all of a range is held in a way that {@code fits}. */
    static boolean covers(Spans<GrantKind> held, ByteRange range, Predicate<GrantKind> fits) {
        long at = range.start();
        for (Spans.Span<GrantKind> span : held.within(range.start(), range.end())) {
            if (span.start() != at || !fits.test(span.value())) {
                return false;
            }
            at = span.end();
        }
        return at == range.end();
    }
}
