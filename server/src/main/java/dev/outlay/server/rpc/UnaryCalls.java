package dev.outlay.server.rpc;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.outlay.server.engine.MonotonicClock;
import dev.outlay.server.engine.Session;
import dev.outlay.server.engine.SessionException;
import dev.outlay.server.metrics.ServerMeters;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.SessionRef;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all unary calls have in common: who calls, the lease, the one answer or status, meters. Any
 * thread.
 */
final class UnaryCalls {
    private static final Logger LOG = LoggerFactory.getLogger(UnaryCalls.class);
    private static final String RENEWED_FIELD = "lease_renewed";

    private final Admission admission;
    private final Loops loops;
    private final MonotonicClock clock;
    private final ServerMeters meters;

    UnaryCalls(Admission admission, Loops loops, MonotonicClock clock, ServerMeters meters) {
        this.admission = admission;
        this.loops = loops;
        this.clock = clock;
        this.meters = meters;
    }

    /** A call of a client: its session is checked, and its lease renewed by the answer. */
    <R extends Message> void ofClient(
            String operation,
            SessionRef ref,
            StreamObserver<R> observer,
            Function<Caller, CompletableFuture<R>> work) {
        ofClient(operation, ref, observer, refused -> refused, work);
    }

    /**
     * The same.
     *
     * @param telling what is told instead of the refusal of a session
     */
    <R extends Message> void ofClient(
            String operation,
            SessionRef ref,
            StreamObserver<R> observer,
            UnaryOperator<SessionException> telling,
            Function<Caller, CompletableFuture<R>> work) {
        Call<R> call = new Call<>(operation, observer);
        try {
            Session session = admission.authenticate(ref);
            call.renewed = admission.touch(session, call.received);
            call.run(new Caller(Optional.of(session), call.loop), work);
        } catch (SessionException e) {
            call.end(null, telling.apply(e), false);
        } catch (RuntimeException e) {
            call.end(null, e, false);
        }
    }

    /** A re-attach: it is what makes the lease renewable again, so that is looked at afterwards. */
    <R extends Message> void reattach(
            String operation,
            SessionRef ref,
            StreamObserver<R> observer,
            Function<Caller, CompletableFuture<R>> work) {
        Call<R> call = new Call<>(operation, observer);
        try {
            Session session = admission.authenticate(ref);
            CompletableFuture<Boolean> renewed = new CompletableFuture<>();
            call.renewed = renewed;
            call.run(
                    new Caller(Optional.of(session), call.loop),
                    caller ->
                            work.apply(caller)
                                    .whenComplete(
                                            (_, _) -> {
                                                var _ =
                                                        admission
                                                                .touch(session, call.received)
                                                                .thenAccept(renewed::complete);
                                            }));
        } catch (SessionException | RuntimeException e) {
            call.end(null, e, false);
        }
    }

    /** The last call of a client; nothing is renewed by it. */
    <R extends Message> void lastOfClient(
            String operation,
            SessionRef ref,
            StreamObserver<R> observer,
            Function<Caller, CompletableFuture<R>> work) {
        Call<R> call = new Call<>(operation, observer);
        try {
            Session session = admission.authenticateLast(ref);
            call.run(new Caller(Optional.of(session), call.loop), work);
        } catch (SessionException | RuntimeException e) {
            call.end(null, e, false);
        }
    }

    /** A query, by a client or by anybody. */
    <R extends Message> void query(
            String operation,
            boolean hasSession,
            SessionRef ref,
            StreamObserver<R> observer,
            Function<Caller, CompletableFuture<R>> work) {
        if (hasSession) {
            ofClient(operation, ref, observer, work);
        } else {
            ofAnybody(operation, observer, work);
        }
    }

    /** A call without a session. */
    <R extends Message> void ofAnybody(
            String operation,
            StreamObserver<R> observer,
            Function<Caller, CompletableFuture<R>> work) {
        Call<R> call = new Call<>(operation, observer);
        call.run(new Caller(Optional.empty(), call.loop), work);
    }

    /** One call, from its receipt to its end. */
    private final class Call<R extends Message> {
        private final long received = clock.nanos();
        private final EventExecutor loop = loops.current();
        private final String operation;
        private final StreamObserver<R> observer;
        private CompletableFuture<Boolean> renewed = CompletableFuture.completedFuture(false);

        Call(String operation, StreamObserver<R> observer) {
            this.operation = operation;
            this.observer = observer;
            // With a handler set, answering a call that the client has given up is no error.
            ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(() -> {});
        }

        void run(Caller caller, Function<Caller, CompletableFuture<R>> work) {
            CompletableFuture<R> answered;
            try {
                answered = work.apply(caller);
            } catch (RuntimeException e) {
                answered = CompletableFuture.failedFuture(e);
            }
            var _ =
                    answered.whenComplete(
                            (answer, failure) -> {
                                var _ =
                                        renewed.whenComplete(
                                                (known, broken) -> {
                                                    boolean now = broken == null && known;
                                                    onLoop(() -> end(answer, failure, now));
                                                });
                            });
        }

        /**
         * Some answers are ready on a volume's thread, which has better to do than to send them.
         */
        private void onLoop(Runnable send) {
            if (loop.inEventLoop()) {
                send.run();
                return;
            }
            try {
                loop.execute(send);
            } catch (RejectedExecutionException e) {
                LOG.debug("operation={} event=answered-after-the-end", operation);
            }
        }

        void end(@Nullable R answer, @Nullable Throwable failure, boolean leaseRenewed) {
            String outcome = ServerMeters.OK;
            if (answer != null && failure == null) {
                observer.onNext(leaseRenewed ? marked(answer) : answer);
                observer.onCompleted();
            } else {
                ErrorDetail detail =
                        ErrorMapping.detail(
                                        failure != null
                                                ? failure
                                                : new IllegalStateException("no answer"))
                                .toBuilder()
                                .setLeaseRenewed(leaseRenewed)
                                .build();
                outcome = ErrorMapping.outcome(detail);
                observer.onError(ErrorMapping.status(detail));
            }
            if (leaseRenewed) {
                meters.renewed();
            }
            meters.answered(operation, outcome, Duration.ofNanos(clock.nanos() - received));
        }

        /** The answer saying that it renewed the lease; every answer to a client has the field. */
        @SuppressWarnings("unchecked") // a builder builds the type it came from
        private R marked(R answer) {
            FieldDescriptor field = answer.getDescriptorForType().findFieldByName(RENEWED_FIELD);
            return field == null ? answer : (R) answer.toBuilder().setField(field, true).build();
        }
    }
}
