package dev.outlay.server.fence;

import java.util.concurrent.CompletableFuture;

/** Nothing is tried: the quarantine waits for {@code outlay quarantine confirm}. */
public final class ManualDriver implements FenceDriver {

    @Override
    public String name() {
        return "manual";
    }

    @Override
    public CompletableFuture<FenceResult> fence(FenceTarget target) {
        return CompletableFuture.completedFuture(new FenceResult.LeftToOperator());
    }

    @Override
    public void close() {}
}
