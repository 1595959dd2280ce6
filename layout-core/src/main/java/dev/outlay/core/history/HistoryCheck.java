package dev.outlay.core.history;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Replays the exposure log of one volume, line by line, and says which invariants an event breaks.
 * It knows nothing of the volume but the lines; what it remembers is as large as what is live.
 *
 * <p>Where lines are missing nothing can be told until the next file states its whole state: what
 * lies in between is counted and not checked. One thread.
 */
public final class HistoryCheck {

    /** The format that lines are written in. */
    public static final long FORMAT = 1;

    private static final int MOST_FINDINGS = 1_000;
    private static final int OPERATIONS_REMEMBERED = 4_096;

    /** Looks at what stands after a line. */
    @FunctionalInterface
    interface Watcher {
        void after(HistoryLine line, Exposure now);
    }

    /**
     * What was read.
     *
     * @param gaps places where lines are missing
     * @param missing how many lines are known to be missing there
     * @param unchecked lines that nothing could be told of, for lack of those before
     * @param damaged lines in the middle that could not be read
     */
    public record Summary(
            String volume,
            long lines,
            Map<String, Long> events,
            long clients,
            long firstMillis,
            long lastMillis,
            long gaps,
            long missing,
            long unchecked,
            long damaged,
            long violations) {}

    private final List<HistoryFinding> findings = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Map<String, Long> events = new TreeMap<>();
    private final Set<Long> clients = new HashSet<>();
    private final Map<Long, NavigableMap<Long, Long>> operations = new HashMap<>();
    private final Watcher watcher;

    private String volume = "";
    private long blockSize = 1;
    private boolean strict;
    private @Nullable Exposure now;
    private @Nullable BlockRules blocks;
    private @Nullable GrantRules grants;
    private @Nullable NameRules names;
    private @Nullable StatedState stating;
    private @Nullable HistoryLine began;
    private boolean comparable;

    private String place = "";
    private @Nullable HistoryLine line;
    private long lines;
    private long lastSeq;
    private long lastPosition;
    private long positionBefore;
    private long firstMillis;
    private long lastMillis;
    private long gaps;
    private long missing;
    private long unchecked;
    private long damaged;
    private long violations;

    public HistoryCheck() {
        this((line, now) -> {});
    }

    HistoryCheck(Watcher watcher) {
        this.watcher = watcher;
    }

    // ---- what is read

    /** The next line; {@code at} is its file and number. */
    public void accept(String at, HistoryLine next) {
        place = at;
        line = next;
        lines++;
        events.merge(next.event(), 1L, Long::sum);
        firstMillis = lines == 1 ? next.atMillis() : firstMillis;
        lastMillis = next.atMillis();
        boolean follows = lines == 1 || next.seq() == lastSeq + 1;
        if (!follows) {
            gap(
                    Math.max(next.seq() - lastSeq - 1, 0),
                    "line " + next.seq() + " follows line " + lastSeq);
        }
        positionBefore = lines == 1 ? next.position() : lastPosition;
        if (next.position() < positionBefore) {
            found(
                    "I6",
                    "the journal was durable up to "
                            + lastPosition
                            + " and ends at "
                            + next.position()
                            + " now: what was answered is lost");
        }
        lastSeq = next.seq();
        lastPosition = next.position();
        try {
            replay(next);
        } catch (HistoryFormatException e) {
            damaged(at, String.valueOf(e.getMessage()));
        } catch (Contradiction e) {
            found(e.invariant(), e.what());
        } catch (IllegalArgumentException
                | IllegalStateException
                | NoSuchElementException
                | ArithmeticException e) {
            // Sound by its checksum, and yet no server can have meant it.
            damaged(at, "'" + next.event() + "' makes no sense: " + e.getMessage());
        }
        line = null;
    }

    /** A line that is not the last of its file cannot be read. */
    public void damaged(String at, String why) {
        damaged++;
        notes.add(at + ": " + why);
        lose();
    }

    /** The last line of a file is cut off, as a crash leaves it. */
    public void torn(String at) {
        notes.add(at + ": the last line is torn, as a crash leaves it; it is passed over");
    }

    private void gap(long lost, String why) {
        gaps++;
        missing += lost;
        notes.add(place + ": lines are missing: " + why);
        lose();
    }

    private void lose() {
        now = null;
        stating = null;
        began = null;
    }

    // ---- replaying

    private void replay(HistoryLine next) throws HistoryFormatException, Contradiction {
        if (next.event().equals("begin")) {
            begin(next);
            return;
        }
        StatedState state = stating;
        if (state != null) {
            if (next.event().equals("state-end")) {
                stated(next, state);
            } else if (!state.read(next)) {
                throw new HistoryFormatException("'" + next.event() + "' in the midst of a state");
            }
            return;
        }
        Exposure current = now;
        if (current == null) {
            unchecked++;
            return;
        }
        once(next);
        boolean known =
                switch (next.event()) {
                    case "end" -> counted(next, current);
                    case "space" -> counted(next, current);
                    default -> rules(next);
                };
        if (!known) {
            throw new HistoryFormatException("unknown event '" + next.event() + "'");
        }
        if (next.event().equals("client-begin")) {
            clients.add(next.client("client"));
        } else if (next.event().equals("client-forgotten")) {
            operations.remove(next.client("client"));
        }
        watcher.after(next, current);
    }

    private boolean rules(HistoryLine next) throws HistoryFormatException, Contradiction {
        return (blocks != null && blocks.replay(next))
                || (grants != null && grants.replay(next))
                || (names != null && names.replay(next));
    }

    private boolean counted(HistoryLine next, Exposure current) throws HistoryFormatException {
        SpaceCount stated = SpaceCount.stated(next);
        SpaceCount counted = SpaceCount.of(current);
        if (!stated.equals(counted)) {
            found("I21", "the server counts " + stated + ", the events add up to " + counted);
        }
        long left = counted.granted() + counted.pending() + counted.reserved();
        if (current.clients.isEmpty() && current.works.isEmpty() && left != 0) {
            found("I21", "no client is left, and of the blocks there are " + counted);
        }
        return true;
    }

    /** I12: an operation has one effect. */
    private void once(HistoryLine next) throws HistoryFormatException {
        if (!next.has("op")) {
            return;
        }
        NavigableMap<Long, Long> known =
                operations.computeIfAbsent(next.client("caller"), id -> new TreeMap<>());
        Long step = known.putIfAbsent(next.number("op"), next.step());
        if (step != null && step != next.step()) {
            found(
                    "I12",
                    "operation "
                            + next.number("op")
                            + " of client "
                            + Exposure.hex(next.client("caller"))
                            + " has an effect for the second time");
        }
        if (known.size() > OPERATIONS_REMEMBERED) {
            known.pollFirstEntry();
        }
    }

    // ---- the state that a file begins with

    private void begin(HistoryLine next) throws HistoryFormatException {
        if (next.number("format") != FORMAT) {
            throw new HistoryFormatException(
                    "format " + next.number("format") + " is unknown here; use a newer outlay");
        }
        String named = next.text("volume");
        if (!volume.isEmpty() && !named.equals(volume)) {
            throw new HistoryFormatException(
                    "it is of volume '" + named + "', not '" + volume + "'");
        }
        volume = named;
        blockSize = next.number("block");
        strict = next.text("fence").equals("STRICT");
        if (next.has("lost")) {
            gap(
                    next.number("lost"),
                    next.number("lost") + " events were lost: " + next.text("why"));
        }
        began = next;
        comparable = now != null && !next.text("reason").equals("resumed");
        if (comparable && isRestart(next) && next.position() > positionBefore) {
            comparable = false;
            gap(0, "the server went away before it had written down all that was durable");
        }
        stating = new StatedState(this::found);
    }

    private static boolean isRestart(HistoryLine begin) throws HistoryFormatException {
        return begin.text("reason").equals("opened") || begin.text("reason").equals("rebuilt");
    }

    private void stated(HistoryLine end, StatedState state)
            throws HistoryFormatException, Contradiction {
        boolean restart = began != null && isRestart(began);
        Exposure before = now;
        if (before != null && comparable && end.position() == positionBefore) {
            state.compare(before, restart);
        }
        if (before != null && comparable) {
            state.keepUnrestated(before, restart);
        }
        Exposure after = state.exposure();
        after.grace = end.flag("grace");
        stating = null;
        began = null;
        now = after;
        blocks = new BlockRules(after, this::found);
        grants = new GrantRules(after, this::found, blockSize);
        names = new NameRules(after, this::found, blockSize, strict);
        clients.addAll(after.clients.keySet());
        var _ = counted(end, after);
        watcher.after(end, after);
    }

    // ---- what was found

    private void found(String invariant, String what) {
        violations++;
        HistoryLine of = line;
        if (findings.size() < MOST_FINDINGS && of != null) {
            findings.add(
                    new HistoryFinding(
                            invariant, place, of.seq(), of.atMillis(), of.event(), what));
        }
    }

    /** The first violations, in order; how many there are in all is in the summary. */
    public List<HistoryFinding> findings() {
        return List.copyOf(findings);
    }

    /** What was passed over, and why. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    public Summary summary() {
        return new Summary(
                volume,
                lines,
                Map.copyOf(events),
                clients.size(),
                firstMillis,
                lastMillis,
                gaps,
                missing,
                unchecked,
                damaged,
                violations);
    }
}
