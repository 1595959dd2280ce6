package dev.outlay.server.engine;

import java.util.List;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * Each interleaving of a few submitters with the end of the volume's thread: nothing that was taken
 * is neither worked off nor among the rest, so that nobody waits for an answer for ever.
 */
public class InboxInterleavingTest {

    private static final int LAST = -1;

    private final Inbox<Integer> inbox = new Inbox<>(16);
    private boolean ownerIsGone;

    @Operation(runOnce = true)
    public Inbox.Taken offerOne() {
        return inbox.offer(1);
    }

    @Operation(runOnce = true)
    public Inbox.Taken offerTwo() {
        return inbox.offer(2);
    }

    @Operation(runOnce = true)
    public void close() {
        inbox.close(LAST);
    }

    @Operation(nonParallelGroup = "owner")
    public int poll() {
        Integer item = ownerIsGone ? null : inbox.poll();
        return item == null || item == LAST ? 0 : item;
    }

    /** The owner ends; never twice. */
    @Operation(nonParallelGroup = "owner")
    public List<Integer> rest() {
        List<Integer> rest = ownerIsGone ? List.of() : inbox.rest();
        ownerIsGone = true;
        return rest.stream().filter(item -> item != LAST).toList();
    }

    @Test
    void everyItemReachesItsOwnerOrIsRefused() {
        new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1)
                .iterations(8)
                .invocationsPerIteration(100)
                .check(InboxInterleavingTest.class);
    }
}
