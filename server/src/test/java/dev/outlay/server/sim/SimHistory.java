package dev.outlay.server.sim;

import dev.outlay.core.VolumeState;
import dev.outlay.core.history.HistoryCheck;
import dev.outlay.core.history.HistoryFinding;
import dev.outlay.core.history.HistoryLine;
import dev.outlay.core.value.Limits;
import dev.outlay.server.history.FactListener;
import dev.outlay.server.history.HistoryRecorder;
import java.time.InstantSource;
import java.util.List;

/**
 * The exposure log of the simulated volume, given to its check line by line. Nothing of it is lost
 * when the server crashes: what the journal gives back must be what the log adds up to.
 */
final class SimHistory implements HistoryRecorder.Sink {

    private final World world;
    private final HistoryCheck check = new HistoryCheck();
    private Runnable readBack = () -> {};
    private HistoryRecorder.Last last = new HistoryRecorder.Last(0, 0);
    private int told;

    SimHistory(World world) {
        this.world = world;
    }

    /** From now on {@code then} is run whenever a running server has read its state back. */
    void onReadBack(Runnable then) {
        readBack = then;
    }

    /** What a process of the server is to tell. */
    FactListener listener(Limits limits, InstantSource wallClock) {
        HistoryRecorder recorder = new HistoryRecorder(limits, this);
        return new FactListener() {
            @Override
            public void opened(VolumeState state, long position, boolean again) {
                recorder.whole(
                        HistoryRecorder.Whole.of(state),
                        wallClock.millis(),
                        position,
                        again ? "rebuilt" : "opened",
                        0,
                        "");
                if (again) {
                    readBack.run();
                }
            }

            @Override
            public boolean looksAtState() {
                return false;
            }

            @Override
            public void happened(VolumeState state, long position, List<Done> done) {
                recorder.happened(done, wallClock.millis(), position);
            }
        };
    }

    @Override
    public HistoryRecorder.Last begin(long nextSeq) {
        return last;
    }

    @Override
    public void line(HistoryLine line) {
        last = new HistoryRecorder.Last(line.seq(), line.step());
        check.accept("log", line);
        List<HistoryFinding> found = check.findings();
        for (; told < found.size(); told++) {
            HistoryFinding finding = found.get(told);
            world.violated(
                    finding.invariant(),
                    "the exposure log, line " + line.encode() + ": " + finding.what());
        }
    }

    /** Every line was understood, and checked. */
    void finish() {
        HistoryCheck.Summary read = check.summary();
        if (read.damaged() + read.unchecked() > 0) {
            world.violated("I6", "the exposure log cannot be read: " + check.notes());
        }
    }
}
