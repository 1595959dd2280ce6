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
 * <p>With few commands under way each batch is decided, forced and answered, and then the next one:
 * it would not pay to wake another thread. With many of them the next batch takes what comes while
 * the one before it is being forced, and some time longer, so that few forces serve many commands.
 */
final class Batches {

    /** With fewer commands in a batch there is nothing to be gained. */
    private static final int MANY = 16;

    private static final int MOST = 1024;

    /** So many are decided before it is looked whether a force has ended. */
    private static final int AT_ONCE = 64;

    /** A batch with fewer commands waits for more, while many are under way. */
    private static final int ENOUGH = 64;

    private static final long LONGEST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** If nothing comes for so long, nothing is under way. */
    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

    /** Whoever waited in vain does not wait for so many batches. */
    private static final int WITHOUT_WAIT = 16;

    /** After so many batches in a row all of them are durable: whoever waits for that goes on. */
    private static final int IN_A_ROW = 16;

    private static final long FOR_EVER = Long.MAX_VALUE / 2;

    /** Where commands come from. */
    interface Source {
        int size();

        /** Waits until there is something, or so long, or until that is so; whether there is. */
        boolean await(long nanos, BooleanSupplier orUntil);
    }

    /** Hears of each batch that was forced: how long it took from its first decision. */
    interface Forced {
        void forced(Duration took, long bytes);
    }

    /** How fast one batch follows the other. */
    record Pace(int many, int most, int atOnce, int enough) {
        static final Pace STANDARD = new Pace(MANY, MOST, AT_ONCE, ENOUGH);

        /** Without another thread each batch ends before the next begins. */
        static final Pace STEPWISE = new Pace(Integer.MAX_VALUE, MOST, MOST, 0);

        /**
         * In small steps, any of them while a force is under way that ends when it is waited for.
         */
        static final Pace STEPWISE_OVERTAKING = new Pace(1, 2, 2, 0);
    }

    private record UnderWay(Decided batch, Journal.Force force, long openedNanos) {}

    private final VolumeLogic logic;
    private final Source source;
    private final Executor forcing;
    private final MonotonicClock clock;
    private final Forced forced;
    private final Pace pace;
    private @Nullable UnderWay underWay;
    private @Nullable Decided open;
    private long openedNanos;
    private int inARow;

    /** Half of what was under way when a force ended last. */
    private int half;

    private int withoutWait;
    private long forcedNanos;
    private long overtaken;

    Batches(
            VolumeLogic logic,
            Source source,
            Executor forcing,
            MonotonicClock clock,
            Forced forced,
            Pace pace) {
        this.logic = logic;
        this.source = source;
        this.forcing = forcing;
        this.clock = clock;
        this.forced = forced;
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
        return underWay == null && pace.enough > 0 ? pace.most : pace.atOnce;
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
            if (isWorthWaiting(next)) {
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
        Decided next = open;
        int commands = before.batch.commands() + (next == null ? 0 : next.commands());
        half = (commands + source.size()) / 2;
        underWay = null;
        logic.endForce(before.batch, next);
        forcedNanos = clock.nanos();
        count(before.batch, forcedNanos - before.openedNanos);
    }

    private void forceNow(Decided last) {
        logic.force(last);
        count(last, clock.nanos() - openedNanos);
    }

    private void count(Decided batch, long nanos) {
        if (!batch.hasFailed() && batch.recordBytes() > 0) {
            forced.forced(Duration.ofNanos(nanos), batch.recordBytes());
        }
    }

    /**
     * Waits for more commands if many are under way but few in this batch; whether any have come.
     */
    private boolean isWorthWaiting(Decided next) {
        int enough = Math.min(pace.most, Math.max(pace.enough, half));
        int commands = next.commands();
        if (inARow == 0 || inARow >= IN_A_ROW || next.hasFailed() || commands >= enough) {
            return false;
        }
        if (withoutWait > 0) {
            withoutWait--;
            return false;
        }
        long left = forcedNanos + LONGEST_WAIT_NANOS - clock.nanos();
        if (left > 0 && source.await(Math.min(left, PAUSE_NANOS), () -> false)) {
            return true;
        }
        withoutWait = WITHOUT_WAIT;
        return false;
    }

    private void force(Decided next) {
        if (next.commands() < pace.many || inARow >= IN_A_ROW || !logic.mayBeOvertaken(next)) {
            forceNow(next);
            return;
        }
        Journal.Force force = logic.beginForce(next);
        if (force == null) {
            forceNow(next);
            return;
        }
        inARow++;
        underWay = new UnderWay(next, force, openedNanos);
        try {
            forcing.execute(force);
        } catch (RejectedExecutionException e) {
            force.run();
        }
    }
}
