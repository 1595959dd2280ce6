package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.session.Scheduler;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class FileGateTest {

    private final FileGate gate = new FileGate();

    /** Nobody has to wait where this is used. */
    private static final class NoWait implements Scheduler {
        @Override
        public void schedule(long delayMillis, Runnable task) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void work(Runnable task) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean await(CompletableFuture<?> future, long timeoutMillis) {
            assertTrue(future.isDone(), "the caller has to wait");
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    void whatAnAnswerHasGrantedIsUsedBeforeARecallRightBehindItIsActedUpon() {
        gate.enter(new NoWait());
        FileGate.Return back = gate.leaveForAnswer();
        back.answered();
        CompletableFuture<Void> recall = gate.drained();
        assertFalse(recall.isDone());
        back.enter(new NoWait());
        gate.leave();
        assertTrue(recall.isDone());
    }

    @Test
    void aRecallThatComesBeforeTheAnswerIsActedUponAtOnce() {
        gate.enter(new NoWait());
        FileGate.Return back = gate.leaveForAnswer();
        assertTrue(gate.drained().isDone());
        back.answered();
        gate.leave();
        back.enter(new NoWait());
        assertTrue(gate.isBusy());
    }

    @Test
    void whoComesBackWithoutAnAnswerLeavesNoPlaceBehind() {
        gate.enter(new NoWait());
        FileGate.Return back = gate.leaveForAnswer();
        back.enter(new NoWait());
        back.answered();
        gate.leave();
        assertFalse(gate.isBusy());
    }
}
