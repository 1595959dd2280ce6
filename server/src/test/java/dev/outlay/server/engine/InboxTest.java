package dev.outlay.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.server.engine.Inbox.Taken;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The end of the owner at each place where it can meet an item that is given away. */
class InboxTest {

    private final List<Integer> left = new ArrayList<>();
    private Runnable before = () -> {};
    private Runnable after = () -> {};

    private final Inbox<Integer> inbox =
            new Inbox<>(
                    new LinkedBlockingQueue<>(2) {
                        private static final long serialVersionUID = 1;

                        @Override
                        public boolean offer(Integer item) {
                            before.run();
                            boolean taken = super.offer(item);
                            after.run();
                            return taken;
                        }

                        @Override
                        public boolean offer(Integer item, long time, TimeUnit unit) {
                            return offer(item);
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
    void aFullOneTakesNothing() {
        inbox.offer(1);
        inbox.offer(2);
        assertEquals(Taken.FULL, inbox.offer(3));
        end();
        assertEquals(List.of(1, 2), left);
    }

    @Test
    void anOwnerThatWaitsIsWokenByTheEnd() throws InterruptedException {
        inbox.close(7);
        assertEquals(7, inbox.poll(10_000));
    }
}
