package dev.outlay.server.history;

import dev.outlay.core.VolumeState;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.history.HistoryCheck;
import dev.outlay.core.history.HistoryLine;
import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.VolumeSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the lines of a volume's exposure log out of what it hears, and gives them to a sink. Keeps
 * a copy of the volume's tables, so that it can state all of it whenever a new file begins, and
 * goes on with that where the sink fails: then a file that begins with how much was lost makes up
 * for it. One thread at a time.
 */
public final class HistoryRecorder {

    /** The counts of blocks are written so often, for the check to compare. */
    private static final int LINES_BETWEEN_COUNTS = 20_000;

    /** Where lines go. */
    public interface Sink {
        /**
         * A new file begins with the next line.
         *
         * @param nextSeq number of that line, unless the log has come further
         * @return how far the log has come
         */
        Last begin(long nextSeq) throws IOException;

        void line(HistoryLine line) throws IOException;

        /** The state that a file begins with is complete. */
        default void stated() {}

        /** Whether it is time for a new file. */
        default boolean isFull() {
            return false;
        }
    }

    /** The last line of a log; all zero if there is none. */
    public record Last(long seq, long step) {}

    /**
     * All of a volume at one moment, to be taken on its thread.
     *
     * @param image of what is durable
     * @param more facts that bring about what is not
     */
    @SuppressWarnings("ArrayRecordComponent") // handed over once, compared never
    public record Whole(byte[] image, List<Fact> more) {

        public static Whole of(VolumeState state) {
            VolumeTables tables = state.tables();
            List<Fact> more = new ArrayList<>();
            if (tables.isInGrace()) {
                more.add(new Fact.GraceChanged(true));
            }
            for (FileNode file : tables.files()) {
                for (Layout layout : file.layouts()) {
                    List<LayoutRange> reads =
                            layout.ranges().stream()
                                    .filter(range -> range.kind() == GrantKind.READ)
                                    .toList();
                    more.add(
                            new Fact.LayoutGranted(
                                    layout.client(),
                                    file.id(),
                                    layout.id(),
                                    layout.stateid().seqid(),
                                    reads));
                }
            }
            tables.works().stream()
                    .filter(work -> !work.durable())
                    .forEach(work -> more.add(new Fact.WorkIntended(work)));
            for (ClientEntry client : tables.clients()) {
                if (client.isLapsed()) {
                    more.add(new Fact.LeaseLapsed(client.record().id(), true));
                }
            }
            return new Whole(state.image(), more);
        }

        VolumeState restore(Limits limits) {
            VolumeState state = VolumeState.restore(limits, image);
            more.forEach(state::apply);
            return state;
        }
    }

    private final Limits limits;
    private final Sink sink;
    private @Nullable FactLines lines;
    private @Nullable String broken;
    private long lost;
    private long lostEver;
    private long seq;
    private long step;
    private long atMillis;
    private long position;
    private int sinceCount;
    private long written;

    public HistoryRecorder(Limits limits, Sink sink) {
        this.limits = limits;
        this.sink = sink;
    }

    // ---- what it hears

    /**
     * The volume is as stated.
     *
     * @param reason {@code opened}, {@code rebuilt}, or {@code resumed} where facts had been lost
     * @param lostBefore how many
     */
    public void whole(
            Whole whole, long at, long forced, String reason, long lostBefore, String why) {
        lines = new FactLines(whole.restore(limits), this::line);
        atMillis = at;
        position = forced;
        if (lostBefore > 0) {
            lost += lostBefore;
            restate("resumed", why);
        } else {
            restate(broken == null ? reason : "resumed", String.valueOf(broken));
        }
    }

    /** The facts that these commands came to are applied and durable. */
    public void happened(List<FactListener.Done> done, long at, long forced) {
        FactLines telling = lines;
        if (telling == null) {
            return;
        }
        atMillis = at;
        position = forced;
        for (FactListener.Done each : done) {
            step++;
            telling.tell(each);
        }
        if (broken == null && sink.isFull()) {
            restate("rotated", "");
        } else if (sinceCount > LINES_BETWEEN_COUNTS) {
            sinceCount = 0;
            line(StateLines.space("space", telling.copy().tables()));
        }
    }

    /** The volume is closed in good order. */
    public void end(long at) {
        FactLines telling = lines;
        if (telling != null) {
            atMillis = at;
            if (broken != null) {
                recover(at);
            }
            line(StateLines.space("end", telling.copy().tables()));
        }
    }

    /** The sink has failed behind a line that it had taken. */
    public void failed(String why) {
        broken = why;
    }

    /** Why lines are being lost, if they are. */
    public @Nullable String broken() {
        return broken;
    }

    /** How many lines have been written. */
    public long written() {
        return written;
    }

    /** How many events could not be written. */
    public long lost() {
        return lostEver;
    }

    /** Tries again to write, with a new file, if lines are being lost. */
    public void recover(long at) {
        String why = broken;
        if (why != null && lines != null) {
            atMillis = at;
            restate("resumed", why);
        }
    }

    // ---- what it writes

    /** Begins a file with the whole state. */
    private void restate(String reason, String why) {
        FactLines telling = lines;
        if (telling == null) {
            return;
        }
        try {
            Last last = sink.begin(seq + 1);
            seq = Math.max(seq, last.seq());
            step = Math.max(step, last.step()) + 1;
            broken = null;
            VolumeTables tables = telling.copy().tables();
            long lostBefore = lost;
            lost = 0;
            line(begin(tables.settings(), reason, lostBefore, why));
            StateLines.tell(tables, this::line);
            if (broken == null) {
                sink.stated();
                sinceCount = 0;
            } else {
                lost = lostBefore;
            }
        } catch (IOException e) {
            broken = String.valueOf(e.getMessage());
        }
    }

    private static Draft begin(VolumeSettings of, String reason, long lost, String why) {
        Draft begin =
                new Draft("begin")
                        .with("format", HistoryCheck.FORMAT)
                        .with("volume", of.name())
                        .with("uuid", of.uuid().toString())
                        .with("block", (long) of.blockSize())
                        .with("fence", of.fence().name())
                        .with("allocation", of.allocation().name())
                        .with("reason", reason);
        return reason.equals("resumed") ? begin.with("lost", lost).with("why", why) : begin;
    }

    private void line(Draft draft) {
        if (broken != null) {
            lost++;
            lostEver++;
            return;
        }
        try {
            sink.line(draft.at(seq + 1, atMillis, position, step));
            seq++;
            sinceCount++;
            written++;
        } catch (IOException e) {
            broken = String.valueOf(e.getMessage());
            lost++;
            lostEver++;
        }
    }
}
