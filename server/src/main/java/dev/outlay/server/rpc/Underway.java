package dev.outlay.server.rpc;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * An operation that has been submitted.
 *
 * @param outcome what it comes to, or what {@link ErrorMapping} understands; completes on any
 *     thread
 * @param encode makes the answer of it
 */
record Underway<T, R>(CompletableFuture<T> outcome, Function<T, R> encode) {

    /** One that could not be submitted. */
    static <R> Underway<R, R> failed(RuntimeException why) {
        return new Underway<>(CompletableFuture.failedFuture(why), answer -> answer);
    }

    /** One that has its answer already. */
    static <R> Underway<R, R> done(R answer) {
        return new Underway<>(CompletableFuture.completedFuture(answer), known -> known);
    }

    boolean isDone() {
        return outcome.isDone();
    }

    /** The answer, once that is known, or a {@link CompletionException} with what went wrong. */
    R answer() {
        return encode.apply(outcome.join());
    }

    /** The answer, made on {@code loop}. */
    CompletableFuture<R> on(Executor loop) {
        return outcome.handleAsync(
                (value, failure) -> {
                    if (failure != null) {
                        throw ErrorMapping.rethrown(failure);
                    }
                    return encode.apply(value);
                },
                loop);
    }
}
