package dev.outlay.server;

import dev.outlay.server.admin.Health;
import java.util.Optional;

/** What the server says of itself to probes. Any thread. */
final class Readiness implements Health {
    private volatile Optional<String> notReady = Optional.of("the server is starting");

    void ready() {
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
}
