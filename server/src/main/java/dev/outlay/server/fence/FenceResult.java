package dev.outlay.server.fence;

/** What an attempt to fence has come to. Only {@link Confirmed} proves anything. */
public sealed interface FenceResult {

    /** The process has ended, and its host's caches hold nothing of it. */
    record Confirmed(String detail) implements FenceResult {}

    /** It is not certain; another attempt may succeed. */
    record Failed(String reason) implements FenceResult {}

    /** Nothing will be tried: an operator has to say it. */
    record LeftToOperator() implements FenceResult {}
}
