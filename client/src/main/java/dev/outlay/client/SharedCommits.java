package dev.outlay.client;

import dev.outlay.client.device.DeviceException;
import dev.outlay.client.session.Scheduler;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Commits of several files of one volume that are made together: one flush, and one message.
 *
 * <p>Whoever comes while a flush runs waits for the next; the first of them works for all, each of
 * whom is then woken once, by the answer to its own commit. So many small writers cost the device
 * few flushes, the server few messages and its journal few forces, and nobody is woken twice. The
 * next flush runs while the commits of this one are at the server. Any thread.
 */
final class SharedCommits {

    /** So often is looked whether there is something to wait for that has a deadline. */
    private static final long LOOK_MILLIS = 1_000;

    /**
     * What one file commits. Called once each, by whoever works for all; neither waits for others.
     */
    interface Part {
        /**
         * Makes durable what is to be committed.
         *
         * @param flushed devices that were flushed as a whole since the part was handed in; takes
         *     those that this flushes
         */
        Durability flush(Set<Integer> flushed) throws IOException;

        /**
         * Sends the commit of what is durable by now.
         *
         * @return done when it is answered; empty if there is nothing to commit any more, or nobody
         *     is to wait for that here
         */
        Optional<CompletableFuture<?>> send(Durability reached);
    }

    /** A flush, and the parts it is for: those that were handed in before it began. */
    private static final class Turn {
        private final List<Member> members = new ArrayList<>();
        private final CompletableFuture<Void> flushed = new CompletableFuture<>();
    }

    /** A part on its way. Written by who works for all, read by who waits once it is over. */
    private static final class Member {
        private final Part part;
        private final CompletableFuture<Void> over = new CompletableFuture<>();
        private volatile boolean sent;
        private @Nullable Durability reached;
        private @Nullable IOException failure;
        private boolean left;

        Member(Part part) {
            this.part = part;
        }

        void send() {
            Durability durable = reached;
            if (durable == null) {
                return;
            }
            Optional<CompletableFuture<?>> answer = part.send(durable);
            sent = true;
            if (answer.isEmpty()) {
                over.complete(null);
            } else {
                var _ = answer.get().whenComplete((_, _) -> over.complete(null));
            }
        }

        /** Nobody works for it any more. */
        void leave() {
            if (!sent && !over.isDone()) {
                left = true;
                over.complete(null);
            }
        }
    }

    private @Nullable Turn running;
    private Turn next = new Turn();

    /**
     * Makes a part durable and sends its commit, together with those of others. As a rule it is
     * answered when this returns.
     *
     * @param together runs what sends several commits, so that they go in one message
     */
    void commit(Part part, Consumer<Runnable> together, Scheduler scheduler) throws IOException {
        Member mine = new Member(part);
        Turn turn;
        Turn before;
        boolean leads;
        synchronized (this) {
            turn = next;
            before = running;
            leads = turn.members.isEmpty();
            turn.members.add(mine);
        }
        if (leads) {
            if (before != null) {
                FileGate.await(before.flushed, scheduler);
            }
            lead(turn, together);
        }
        await(mine, scheduler);
        IOException failure = mine.failure;
        if (failure != null) {
            throw failure;
        }
        if (mine.left) {
            var _ = part.send(part.flush(new HashSet<>()));
        }
    }

    /** How many wait for a flush that has not begun. */
    synchronized int waiting() {
        return next.members.size();
    }

    private void lead(Turn turn, Consumer<Runnable> together) {
        synchronized (this) {
            running = turn;
            next = new Turn();
        }
        try {
            try {
                flush(turn.members);
            } finally {
                turn.flushed.complete(null);
            }
            together.accept(() -> turn.members.forEach(Member::send));
        } finally {
            turn.members.forEach(Member::leave);
        }
    }

    private static void flush(List<Member> members) {
        Set<Integer> flushed = new HashSet<>();
        for (int i = 0; i < members.size(); i++) {
            Member member = members.get(i);
            try {
                member.reached = member.part.flush(flushed);
            } catch (IOException e) {
                boolean interrupted = isInterrupt(e);
                if (interrupted && i > 0) {
                    // That was meant for the first one, who works for all: the others see to
                    // themselves.
                    return;
                }
                member.failure = e;
                member.over.complete(null);
                if (interrupted) {
                    return;
                }
            }
        }
    }

    private static boolean isInterrupt(IOException e) {
        return e instanceof DeviceException failed
                && failed.reason() == DeviceException.Reason.INTERRUPTED;
    }

    /**
     * Waits until the commit is answered, or the session is to be asked how long that is worth it.
     * An interrupt is left to the session: what has been handed in cannot be taken back.
     */
    private static void await(Member mine, Scheduler scheduler) {
        boolean interrupted = false;
        while (!mine.over.isDone()) {
            try {
                if (!scheduler.await(mine.over, LOOK_MILLIS) && mine.sent) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
                if (mine.sent) {
                    break;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
