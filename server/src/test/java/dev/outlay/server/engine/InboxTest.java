package dev.outlay.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.server.engine.Inbox.Taken;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** The end of the owner at each place where it can meet an item that is given away. */
class InboxTest {

    private final List<Integer> left = new ArrayList<>();
    private Runnable before = () -> {};
    private Runnable after = () -> {};

    private final Inbox<Integer> inbox =
            new Inbox<>(
                    2,
                    new ConcurrentLinkedQueue<>() {
                        private static final long serialVersionUID = 1;

                        @Override
                        public boolean offer(Integer item) {
                            before.run();
                            boolean taken = super.offer(item);
                            after.run();
                            return taken;
                        }
                    });

    private void end() {
        left.addAll(inbox.rest());
    }

    @Test
    void whatCameBeforeTheEndIsAmongTheRest() {
        assertEquals(Taken.TAKEN, inbox.offer(1));
        end();
        assertEquals(List.of(1), left);
        assertEquals(Taken.CLOSED, inbox.offer(2));
    }

    @Test
    void whatComesAsTheOwnerEndsIsRefused() {
        before = this::end;
        assertEquals(Taken.CLOSED, inbox.offer(1));
        assertEquals(List.of(), left);
        assertTrue(inbox.isEmpty());
    }

    @Test
    void soIsWhatWaitedForRoom() throws InterruptedException {
        before = this::end;
        assertEquals(Taken.CLOSED, inbox.offer(1, 10));
        assertTrue(inbox.isEmpty());
    }

    @Test
    void whatTheOwnerFoundAtItsEndIsNotGivenBackToo() {
        after = this::end;
        assertEquals(Taken.TAKEN, inbox.offer(1));
        assertEquals(List.of(1), left);
    }

    @Test
    void aFullOneTakesNothing() throws InterruptedException {
        inbox.offer(1);
        inbox.offer(2);
        assertEquals(Taken.FULL, inbox.offer(3));
        assertEquals(Taken.FULL, inbox.offer(3, 2));
        assertEquals(1, inbox.poll());
        assertEquals(Taken.TAKEN, inbox.offer(3));
        end();
        assertEquals(List.of(2, 3), left);
        assertEquals(0, inbox.size());
    }

    @Test
    void anOwnerThatWaitsIsWokenByTheEnd() throws InterruptedException {
        inbox.close(7);
        assertTrue(inbox.await(10_000));
        assertEquals(7, inbox.poll());
    }

    @Test
    void anOwnerThatWaitsIsWokenByAnItem() throws InterruptedException {
        assertIsWokenByAnItem();
        assertFalse(inbox.await(1), "nothing is left");
    }

    private void assertIsWokenByAnItem() throws InterruptedException {
        Thread owner = Thread.currentThread();
        Thread giver =
                Thread.startVirtualThread(
                        () -> {
                            while (owner.getState() != Thread.State.TIMED_WAITING) {
                                Thread.onSpinWait();
                            }
                            assertEquals(Taken.TAKEN, inbox.offer(5));
                        });
        assertTrue(inbox.await(60_000));
        assertEquals(5, inbox.poll());
        giver.join();
    }

    @Test
    void moreArrivesUntilAllHaveSaidThatThatWasAll() {
        inbox.arriving();
        inbox.arriving();
        inbox.arrived();
        assertTrue(inbox.isArriving());
        inbox.arrived();
        assertFalse(inbox.isArriving());
    }

    @Test
    void anOwnerThatWaitsForMoreIsWokenWhenThatWasAll() throws InterruptedException {
        Thread owner = Thread.currentThread();
        inbox.arriving();
        Thread giver =
                Thread.startVirtualThread(
                        () -> {
                            while (owner.getState() != Thread.State.TIMED_WAITING) {
                                Thread.onSpinWait();
                            }
                            inbox.arrived();
                        });
        assertFalse(inbox.await(Long.MAX_VALUE / 2, () -> !inbox.isArriving()));
        giver.join();
    }

    /** Before it sleeps, it looks for a while whether something has come. */
    @Test
    void anOwnerWhoseLastWaitWasShortIsWokenAllTheSame() throws InterruptedException {
        inbox.offer(1);
        assertTrue(inbox.await(1));
        assertEquals(1, inbox.poll());
        assertIsWokenByAnItem();
    }
}
