package dev.outlay.server.scenario;

import dev.outlay.server.OutlayServer;

/** A server that runs somewhere. */
interface RunningServer {
    int grpcPort();

    int httpPort();

    /** Ends it gracefully. */
    void stop();

    /** Ends it without warning. */
    void kill();

    /** A server in this process, which cannot be killed. */
    record Here(OutlayServer server) implements RunningServer {
        @Override
        public int grpcPort() {
            return server.grpcPort();
        }

        @Override
        public int httpPort() {
            return server.httpPort().orElseThrow();
        }

        @Override
        public void stop() {
            server.close();
        }

        @Override
        public void kill() {
            throw new UnsupportedOperationException("only a process of its own can be killed");
        }
    }
}
