package dev.outlay.server.engine;

import dev.outlay.server.engine.VolumeLogic.Decided;
import dev.outlay.server.journal.Journal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Commands on their way through {@link VolumeLogic}: at most one batch is being forced, by another
 * thread, while the next one is being decided. Used by the volume's thread alone.
 *
 * <p>What arrives together goes into one batch. With few commands under way each batch is decided,
 * forced and answered, and then the next one: it would not pay to wake another thread. Where more
 * is queued than one batch holds, the next one is decided while the one before it is being forced.
 */
final class Batches {

    /** With fewer commands in a batch there is nothing to be gained by another thread. */
    private static final int MANY = 16;

    /** A batch with fewer commands takes what is queued before it is forced. */
    private static final int ENOUGH = 64;

    /** So many are decided before it is looked whether a force has ended. */
    private static final int AT_ONCE = 64;

    private static final int MOST = 1024;

    /** After so many batches in a row all of them are durable: whoever waits for that goes on. */
    private static final int IN_A_ROW = 16;

    private static final long FOR_EVER = Long.MAX_VALUE / 2;

    /** So long a batch waits for the next command of those that arrive together. */
    private static final long ARRIVAL_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    /** So long after its first command a batch waits for no more. */
    private static final long MOST_ARRIVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** Where commands come from. */
    interface Source {
        int size();

        /** Whether somebody is about to queue more. */
        boolean isArriving();

        /** Waits until there is something, or so long, or until that is so; whether there is. */
        boolean await(long nanos, BooleanSupplier orUntil);
    }

    /** Hears of batches. */
    interface Listener {
        /** One that has been decided is being forced, and before it is answered more is decided. */
        void overtakable();

        /** One has been forced, which took so long from its first decision. */
        void forced(Duration took, long bytes);
    }

    /**
     * How one batch follows the other.
     *
     * @param many with fewer commands a batch is forced by the volume's thread
     * @param queued with fewer queued behind it too
     * @param enough with fewer commands a batch takes what is queued before it is forced
     * @param atOnce so many are decided before it is looked whether a force has ended
     * @param most commands of a batch
     */
    record Pace(int many, int queued, int enough, int atOnce, int most) {
        static final Pace STANDARD = new Pace(MANY, 1, ENOUGH, AT_ONCE, MOST);

        /** Without another thread: each batch ends before the next one begins. */
        static final Pace STEPWISE = new Pace(Integer.MAX_VALUE, 0, 0, MOST, MOST);

        /** In small steps, while forces are under way that are made when they are waited for. */
        static final Pace STEPWISE_OVERTAKING = new Pace(1, 0, 2, 2, 2);
    }

    private record UnderWay(Decided batch, Journal.Force force, long openedNanos) {}

    private final VolumeLogic logic;
    private final Source source;
    private final Executor forcing;
    private final MonotonicClock clock;
    private final Listener listener;
    private final Pace pace;
    private @Nullable UnderWay underWay;
    private @Nullable Decided open;
    private long openedNanos;
    private int inARow;
    private long overtaken;

    Batches(
            VolumeLogic logic,
            Source source,
            Executor forcing,
            MonotonicClock clock,
            Listener listener,
            Pace pace) {
        this.logic = logic;
        this.source = source;
        this.forcing = forcing;
        this.clock = clock;
        this.listener = listener;
        this.pace = pace;
    }

    /** Whether all that was decided is durable and answered. */
    boolean isAtRest() {
        return underWay == null && open == null;
    }

    /** How often more was decided while a batch was being forced. */
    long overtaken() {
        return overtaken;
    }

    /** How many commands are best decided before {@link #goOn} is asked. */
    int atOnce() {
        return underWay == null ? pace.most : pace.atOnce;
    }

    /** Decides some more. */
    void decide(List<Submission> commands) {
        if (commands.isEmpty()) {
            return;
        }
        Decided into = open;
        if (into == null) {
            openedNanos = clock.nanos();
            open = logic.decide(commands);
        } else {
            logic.decide(commands, into);
        }
        if (underWay != null) {
            overtaken++;
        }
        if (open != null && open.hasFailed()) {
            end();
        }
    }

    /** As {@link #decide}, of reads, which are answered at once if they wait for nobody. */
    void decideReads(List<Submission> reads) {
        boolean atRest = isAtRest();
        decide(reads);
        if (atRest) {
            end();
        }
    }

    /**
     * Goes on with what has been decided as far as that can be; true if there is more to be decided
     * meanwhile, false if all is durable and answered.
     */
    boolean goOn() {
        while (true) {
            UnderWay before = underWay;
            if (before != null) {
                if (hasRoom() && source.await(FOR_EVER, before.force::isDone)) {
                    return true;
                }
                endForce(before);
            }
            Decided next = open;
            if (next == null) {
                inARow = 0;
                return false;
            }
            if (next.commands() < pace.enough && hasRoom() && source.size() > 0) {
                return true;
            }
            if (hasRoom() && moreArrives()) {
                return true;
            }
            open = null;
            force(next);
            if (underWay == null) {
                inARow = 0;
                return false;
            }
        }
    }

    /** Waits for the next command of those that arrive together; false if none is waited for. */
    private boolean moreArrives() {
        return source.isArriving()
                && clock.nanos() - openedNanos < MOST_ARRIVAL_NANOS
                && source.await(ARRIVAL_NANOS, () -> !source.isArriving());
    }

    /** Makes all that has been decided durable, and answers it. */
    void end() {
        UnderWay before = underWay;
        if (before != null) {
            endForce(before);
        }
        Decided last = open;
        if (last != null) {
            open = null;
            forceNow(last);
        }
        inARow = 0;
    }

    /** Whether more may be decided while a force is under way. */
    private boolean hasRoom() {
        Decided next = open;
        return inARow < IN_A_ROW
                && (next == null || (!next.hasFailed() && next.commands() < pace.most));
    }

    private void endForce(UnderWay before) {
        underWay = null;
        logic.endForce(before.batch, open);
        count(before.batch, clock.nanos() - before.openedNanos);
    }

    private void forceNow(Decided last) {
        logic.force(last);
        count(last, clock.nanos() - openedNanos);
    }

    private void count(Decided batch, long nanos) {
        if (!batch.hasFailed() && batch.recordBytes() > 0) {
            listener.forced(Duration.ofNanos(nanos), batch.recordBytes());
        }
    }

    private void force(Decided next) {
        if (next.commands() < pace.many
                || source.size() < pace.queued
                || inARow >= IN_A_ROW
                || !logic.mayBeOvertaken(next)) {
            forceNow(next);
            return;
        }
        Journal.Force force = logic.beginForce(next);
        if (force == null) {
            forceNow(next);
            return;
        }
        inARow++;
        listener.overtakable();
        underWay = new UnderWay(next, force, openedNanos);
        try {
            forcing.execute(force);
        } catch (RejectedExecutionException e) {
            force.run();
        }
    }
}
