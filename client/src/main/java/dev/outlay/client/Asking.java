package dev.outlay.client;

import dev.outlay.client.session.Call;

/**
 * One MapBlocks, as the layout it asks for sees it: the layout knows of it from when it is sent
 * until it is answered, but not while it waits for its next attempt, since what is refused is not
 * granted.
 */
final class Asking implements Call.Attempts {

    private final LayoutCache cache;
    private final Runnable onAnswer;
    private boolean underWay;
    private long since;

    /**
     * @param onAnswer run when a refusal, or the end, may have let something else be next
     */
    Asking(LayoutCache cache, Runnable onAnswer) {
        this.cache = cache;
        this.onAnswer = onAnswer;
    }

    /** The era in which it was sent. */
    synchronized long since() {
        return since;
    }

    @Override
    public synchronized void sending() {
        if (!underWay) {
            underWay = true;
            since = cache.asking();
        }
    }

    @Override
    public synchronized void refused() {
        if (underWay) {
            underWay = false;
            cache.asked();
        }
    }

    @Override
    public void afterRefusal() {
        onAnswer.run();
    }
}
