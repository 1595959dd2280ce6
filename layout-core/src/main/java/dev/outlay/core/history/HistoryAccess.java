package dev.outlay.core.history;

import dev.outlay.core.history.Exposure.Client;
import dev.outlay.core.history.Exposure.File;
import dev.outlay.core.history.Exposure.Held;
import dev.outlay.core.history.Exposure.Owner;
import dev.outlay.core.history.Exposure.Place;
import dev.outlay.core.history.Exposure.Use;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.GrantKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which clients could have read or written some bytes of a file during a stretch of time, as the
 * exposure log of its volume tells it. Fed with the lines of the log in order; what the replay
 * finds wrong on the way is in {@link #check}. One thread.
 */
public final class HistoryAccess {

    /** How a client could touch the bytes. */
    public enum How {
        /** By a grant to store. */
        WRITE,
        /** By a grant for a copy to fresh blocks: it reads the bytes, and stores beside them. */
        REPLACE,
        /** By a grant to read. */
        READ,
        /** By a mapping that was handed to an application. */
        MAPPED,
        /** By a Write that the server carried out. */
        WRITE_BY_SERVER,
        /** By a Read that the server carried out. */
        READ_BY_SERVER,
        /** It had ended without its own word, and nothing proved that it had stopped. */
        QUARANTINE
    }

    /**
     * What somebody could touch, and when.
     *
     * @param file whose bytes are asked for
     * @param path of that file when the access began
     * @param range of that file
     * @param via the file through which it was: another one if that shared the blocks
     * @param untilMillis when it ended; empty if it had not by the end of the time asked for
     */
    public record Access(
            long client,
            String owner,
            How how,
            long file,
            String path,
            ByteRange range,
            long via,
            long fromMillis,
            Optional<Long> untilMillis) {}

    private record Key(long client, How how, long file, ByteRange range, long via) {}

    private record Since(long millis, long step, String owner, String path) {}

    /** Events that may change who can touch a file without naming it. */
    private static final Set<String> FAR_REACHING =
            Set.of(
                    "state-end",
                    "client-end",
                    "client-forgotten",
                    "proof",
                    "grace-end",
                    "reattach",
                    "work-end");

    private final HistoryCheck check = new HistoryCheck(this::after);
    private final @Nullable String path;
    private final ByteRange range;
    private final long fromMillis;
    private final long toMillis;
    private final Set<Long> targets = new TreeSet<>();
    private final Set<Long> sharers = new HashSet<>();
    private final Map<Key, Since> open = new HashMap<>();
    private final List<Access> found = new ArrayList<>();
    private boolean over;
    private boolean everNamed;

    private HistoryAccess(@Nullable String path, ByteRange range, long fromMillis, long toMillis) {
        this.path = path;
        this.range = range;
        this.fromMillis = fromMillis;
        this.toMillis = toMillis;
    }

    /**
     * Of whatever files bore this path in that time, from when on they did. Who wants to know what
     * was done to them before goes on with {@link #ofFiles}.
     */
    public static HistoryAccess ofPath(
            String path, ByteRange range, long fromMillis, long toMillis) {
        return new HistoryAccess(
                path.startsWith("/") ? path : "/" + path, range, fromMillis, toMillis);
    }

    /** Of files by their numbers, whatever their names. */
    public static HistoryAccess ofFiles(
            Set<Long> files, ByteRange range, long fromMillis, long toMillis) {
        HistoryAccess access = new HistoryAccess(null, range, fromMillis, toMillis);
        access.targets.addAll(files);
        return access;
    }

    /** The files that are meant; by a path, once all lines are read. */
    public Set<Long> files() {
        return Set.copyOf(targets);
    }

    /** To be given the lines. */
    public HistoryCheck check() {
        return check;
    }

    /** Whether the file was there at all in that time. */
    public boolean isKnown() {
        return everNamed;
    }

    /** Once all lines are read: by time. */
    public List<Access> accesses() {
        List<Access> all = new ArrayList<>(found);
        open.forEach((key, since) -> add(all, key, since, Optional.empty()));
        all.sort(
                Comparator.comparingLong(Access::fromMillis)
                        .thenComparingLong(Access::client)
                        .thenComparing(Access::how)
                        .thenComparing(Access::range));
        return all;
    }

    private void after(HistoryLine line, Exposure now) {
        if (over) {
            return;
        }
        if (line.atMillis() > toMillis) {
            over = true;
            return;
        }
        try {
            nameTargets(line, now);
            if (concerns(line)) {
                compare(line, current(now), now);
            }
        } catch (HistoryFormatException | Contradiction e) {
            check.damaged("line " + line.seq(), String.valueOf(e.getMessage()));
        }
    }

    // ---- which files

    private void nameTargets(HistoryLine line, Exposure now) throws HistoryFormatException {
        String wanted = path;
        if (wanted == null) {
            everNamed |= targets.stream().anyMatch(now.files::containsKey);
            return;
        }
        switch (line.event()) {
            case "create" -> nameTarget(line.number("file"), now, wanted);
            case "state-end", "rename" -> {
                forgetEarlier(line, now, wanted);
                List.copyOf(now.files.keySet()).forEach(id -> nameTarget(id, now, wanted));
            }
            case "unlink" -> forgetEarlier(line, now, wanted);
            default -> {}
        }
    }

    private void nameTarget(long id, Exposure now, String wanted) {
        File file = now.files.get(id);
        if (file != null && !file.removing && now.path(id).equals(wanted)) {
            targets.add(id);
            everNamed = true;
        }
    }

    /** Who lost the name before the time asked for is not meant. */
    private void forgetEarlier(HistoryLine line, Exposure now, String wanted) {
        if (line.atMillis() >= fromMillis) {
            return;
        }
        targets.removeIf(
                id -> {
                    File file = now.files.get(id);
                    boolean gone = file == null || file.removing || !now.path(id).equals(wanted);
                    if (gone) {
                        open.keySet().removeIf(key -> key.file == id);
                        found.removeIf(access -> access.file() == id);
                    }
                    return gone;
                });
        everNamed = !targets.isEmpty();
    }

    private boolean concerns(HistoryLine line) throws HistoryFormatException {
        if (FAR_REACHING.contains(line.event())) {
            return true;
        }
        return line.has("file")
                && (targets.contains(line.number("file"))
                        || sharers.contains(line.number("file"))
                        || (line.has("source") && targets.contains(line.number("source"))));
    }

    // ---- who can touch them

    private Map<Key, String> current(Exposure now) throws Contradiction {
        Map<Key, String> current = new HashMap<>();
        sharers.clear();
        for (long id : targets) {
            File file = now.files.get(id);
            if (file != null) {
                ofFile(now, file, current);
            }
        }
        return current;
    }

    private void ofFile(Exposure now, File file, Map<Key, String> current) throws Contradiction {
        holders(now, file, file.id, range, 0, false, current);
        for (Use use : List.of(Use.MAPPED, Use.FRESH)) {
            for (Spans.Span<Place> piece : file.blocks(use).within(range.start(), range.end())) {
                ofBlocks(now, file, piece, current);
            }
        }
    }

    /** Who holds a stretch of {@code holding}, which is {@code shift} further on in the target. */
    private void holders(
            Exposure now,
            File holding,
            long target,
            ByteRange part,
            long shift,
            boolean shared,
            Map<Key, String> current) {
        for (Map.Entry<Long, Held> each : holding.held.entrySet()) {
            List<Spans.Span<GrantKind>> spans = new ArrayList<>();
            spans.addAll(each.getValue().ranges.within(part.start(), part.end()));
            spans.addAll(each.getValue().unrestated.within(part.start(), part.end()));
            for (Spans.Span<GrantKind> span : spans) {
                How how = how(span.value(), shared);
                add(now, current, each.getKey(), how, target, span, shift, holding.id);
            }
        }
        for (Exposure.Work work : now.works.values()) {
            boolean writes = work.what().equals("Wrote");
            if (work.file() == holding.id
                    && work.client() != 0
                    && (work.reading() || (writes && !shared))
                    && work.range().overlaps(part)) {
                ByteRange inside = work.range().intersect(part);
                add(
                        now,
                        current,
                        work.client(),
                        writes ? How.WRITE_BY_SERVER : How.READ_BY_SERVER,
                        target,
                        new Spans.Span<>(inside.start(), inside.end(), GrantKind.READ),
                        shift,
                        holding.id);
            }
        }
    }

    /** Blocks of several files are never written in place: a writer of a clone only reads them. */
    private static How how(GrantKind kind, boolean shared) {
        return switch (kind) {
            case READ -> How.READ;
            case READ_MAPPED -> How.MAPPED;
            case RW_ATOMIC -> How.REPLACE;
            case RW -> shared ? How.REPLACE : How.WRITE;
        };
    }

    private void add(
            Exposure now,
            Map<Key, String> current,
            long client,
            How how,
            long target,
            Spans.Span<?> span,
            long shift,
            long via) {
        Client who = now.clients.get(client);
        ByteRange touched = new ByteRange(span.start() + shift, span.end() + shift);
        current.put(new Key(client, how, target, touched, via), who == null ? "" : who.owner);
    }

    /** Whom the blocks of a piece are exposed to beside the holders of the file. */
    private void ofBlocks(
            Exposure now, File file, Spans.Span<Place> piece, Map<Key, String> current)
            throws Contradiction {
        long shift = piece.value().shift();
        Exposure.Device device = now.device(piece.value().device());
        long start = piece.start() + shift;
        long end = piece.end() + shift;
        for (Spans.Span<SortedSet<Long>> span : device.suspects.within(start, end)) {
            for (long client : span.value()) {
                add(now, current, client, How.QUARANTINE, file.id, span, -shift, file.id);
            }
        }
        for (Spans.Span<List<Owner>> span : device.uses.within(start, end)) {
            for (Owner owner : span.value()) {
                File other = owner.use() == Use.MAPPED ? now.files.get(owner.id()) : null;
                if (other != null && other.id != file.id) {
                    sharers.add(other.id);
                    ByteRange part =
                            new ByteRange(span.start() + owner.shift(), span.end() + owner.shift());
                    holders(now, other, file.id, part, -owner.shift() - shift, true, current);
                }
            }
        }
    }

    // ---- from when until when

    private void compare(HistoryLine line, Map<Key, String> current, Exposure now) {
        open.entrySet()
                .removeIf(
                        each -> {
                            if (current.containsKey(each.getKey())) {
                                return false;
                            }
                            if (each.getValue().step != line.step()) {
                                add(
                                        found,
                                        each.getKey(),
                                        each.getValue(),
                                        Optional.of(line.atMillis()));
                            }
                            return true;
                        });
        current.forEach(
                (key, owner) ->
                        open.putIfAbsent(
                                key,
                                new Since(
                                        line.atMillis(), line.step(), owner, now.path(key.file))));
    }

    private void add(List<Access> to, Key key, Since since, Optional<Long> until) {
        if (until.isEmpty() || until.get() >= fromMillis) {
            to.add(
                    new Access(
                            key.client,
                            since.owner,
                            key.how,
                            key.file,
                            since.path,
                            key.range,
                            key.via,
                            since.millis,
                            until));
        }
    }
}
