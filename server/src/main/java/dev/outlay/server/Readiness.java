package dev.outlay.server;

import dev.outlay.server.admin.Health;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What the server says of itself to probes. Any thread. */
final class Readiness implements Health {
    private volatile Supplier<List<String>> troubles = List::of;
    private volatile Optional<String> notReady = Optional.of("the server is starting");

    /**
     * It serves.
     *
     * @param troubles asked at every probe: what is wrong all the same; must not wait
     */
    void ready(Supplier<List<String>> troubles) {
        this.troubles = troubles;
        notReady = Optional.empty();
    }

    void stopping() {
        notReady = Optional.of("the server is stopping");
    }

    /** The process answers, so it lives: a volume in trouble is not mended by a restart. */
    @Override
    public Optional<String> whyNotLive() {
        return Optional.empty();
    }

    @Override
    public Optional<String> whyNotReady() {
        return notReady;
    }

    /** One volume in trouble keeps nobody from the others. */
    @Override
    public List<String> troubles() {
        return troubles.get();
    }
}
