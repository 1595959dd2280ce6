package dev.outlay.server.rpc;

import java.time.Duration;

/**
 * What one stream may make the server hold.
 *
 * @param requestsPerMessage most requests in one message
 * @param unanswered requests under way, and replies not sent, above which no more is read
 * @param queuedBytes of replies not sent, above which the stream ends
 * @param stall how long nothing may be taken by the client while something is to be sent
 * @param messageBytes longest message sent, unless one reply alone is longer
 */
record StreamLimits(
        int requestsPerMessage,
        int unanswered,
        long queuedBytes,
        Duration stall,
        int messageBytes) {

    StreamLimits {
        if (requestsPerMessage < 1 || unanswered < 1 || queuedBytes < messageBytes) {
            throw new IllegalArgumentException("a stream must be able to hold one message");
        }
    }

    /** The limits of a server whose messages are at most {@code messageBytes} long. */
    static StreamLimits of(int messageBytes) {
        return new StreamLimits(
                1024, 1024, 16L * messageBytes, Duration.ofSeconds(30), messageBytes);
    }
}
