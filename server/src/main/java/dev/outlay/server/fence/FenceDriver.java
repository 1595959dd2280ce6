package dev.outlay.server.fence;

import java.util.concurrent.CompletableFuture;

/** One way to make sure that a client stores no more. Any thread may call; no call waits. */
public interface FenceDriver extends AutoCloseable {

    /** As the configuration calls it. */
    String name();

    /**
     * Tries once. May be asked for a client that has been fenced before: the answer is then the
     * same.
     *
     * @return completed normally, within the time configured
     */
    CompletableFuture<FenceResult> fence(FenceTarget target);

    /** Attempts under way may be left unfinished. */
    @Override
    void close();
}
