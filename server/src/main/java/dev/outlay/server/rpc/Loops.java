package dev.outlay.server.rpc;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;

/** Finds the event loop that a call is served on, so that its answers go back to it. */
final class Loops {
    private final EventLoopGroup workers;

    Loops(EventLoopGroup workers) {
        this.workers = workers;
    }

    /** The loop of the calling thread; any of them if it is called from elsewhere. */
    EventExecutor current() {
        for (EventExecutor loop : workers) {
            if (loop.inEventLoop()) {
                return loop;
            }
        }
        return workers.next();
    }
}
