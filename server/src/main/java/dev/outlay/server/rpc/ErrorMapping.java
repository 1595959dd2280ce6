package dev.outlay.server.rpc;

import com.google.protobuf.Any;
import dev.outlay.core.value.Reason;
import dev.outlay.server.engine.SessionException;
import dev.outlay.server.engine.VolumeException;
import dev.outlay.v1.ErrorDetail;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place that says how an error looks from outside: its gRPC code, its typed detail, and
 * what a caller can do about it.
 */
final class ErrorMapping {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorMapping.class);

    private ErrorMapping() {}

    /** What an error is called outside. */
    private record Outside(Status.Code code, dev.outlay.v1.Reason reason) {}

    /** The detail of whatever stopped a request; what nobody foresaw is INTERNAL and logged. */
    static ErrorDetail detail(Throwable failure) {
        return switch (failure) {
            case CompletionException e when e.getCause() != null -> detail(e.getCause());
            case RequestRefused e -> detail(e.reason(), e.what(), e.retryAfterMillis());
            case SessionException e -> detail(e.reason(), String.valueOf(e.getMessage()), 0);
            case VolumeException e -> detail(e.reason(), String.valueOf(e.getMessage()), 0);
            default -> {
                LOG.error("a request failed for a reason nobody foresaw", failure);
                yield detail(Reason.INTERNAL, "the server failed, its log says more", 0);
            }
        };
    }

    /** What meters call an error. */
    static String outcome(ErrorDetail detail) {
        return detail.getReason().name().substring("REASON_".length());
    }

    /** To pass a failure on through a future. */
    static CompletionException rethrown(Throwable failure) {
        return failure instanceof CompletionException wrapped
                ? wrapped
                : new CompletionException(failure);
    }

    static ErrorDetail detail(Reason reason, String message, long retryAfterMillis) {
        return ErrorDetail.newBuilder()
                .setReason(outside(reason).reason())
                .setMessage(message)
                .setWhatToDo(reason.advice())
                .setRetryAfterMillis(
                        (int) Math.clamp(retryAfterMillis, 0, (long) Integer.MAX_VALUE))
                .build();
    }

    /** How a unary call, or a stream, ends with an error: the detail goes along as a trailer. */
    static StatusRuntimeException status(ErrorDetail detail) {
        return StatusProto.toStatusRuntimeException(
                com.google.rpc.Status.newBuilder()
                        .setCode(code(detail.getReason()).value())
                        .setMessage(
                                detail.getWhatToDo().isEmpty()
                                        ? detail.getMessage()
                                        : detail.getMessage() + " - " + detail.getWhatToDo())
                        .addDetails(Any.pack(detail))
                        .build());
    }

    private static Status.Code code(dev.outlay.v1.Reason reason) {
        for (Reason known : Reason.values()) {
            if (outside(known).reason() == reason) {
                return outside(known).code();
            }
        }
        return Status.Code.INTERNAL;
    }

    /** The table; the codes are those that stand beside each reason in the API. */
    private static Outside outside(Reason reason) {
        return switch (reason) {
            case INVALID_ARGUMENT ->
                    new Outside(
                            Status.Code.INVALID_ARGUMENT,
                            dev.outlay.v1.Reason.REASON_INVALID_ARGUMENT);
            case NOT_FOUND ->
                    new Outside(Status.Code.NOT_FOUND, dev.outlay.v1.Reason.REASON_NOT_FOUND);
            case ALREADY_EXISTS ->
                    new Outside(
                            Status.Code.ALREADY_EXISTS, dev.outlay.v1.Reason.REASON_ALREADY_EXISTS);
            case NOT_DIRECTORY -> precondition(dev.outlay.v1.Reason.REASON_NOT_DIRECTORY);
            case IS_DIRECTORY -> precondition(dev.outlay.v1.Reason.REASON_IS_DIRECTORY);
            case NOT_EMPTY -> precondition(dev.outlay.v1.Reason.REASON_NOT_EMPTY);
            case BAD_LAYOUT -> precondition(dev.outlay.v1.Reason.REASON_BAD_LAYOUT);
            case BAD_IOMODE -> precondition(dev.outlay.v1.Reason.REASON_BAD_IOMODE);
            case BAD_STATEID ->
                    new Outside(
                            Status.Code.INVALID_ARGUMENT, dev.outlay.v1.Reason.REASON_BAD_STATEID);
            case OLD_STATEID ->
                    new Outside(Status.Code.ABORTED, dev.outlay.v1.Reason.REASON_OLD_STATEID);
            case STALE_FILE ->
                    new Outside(Status.Code.NOT_FOUND, dev.outlay.v1.Reason.REASON_STALE_FILE);
            case STALE_MAP ->
                    new Outside(Status.Code.ABORTED, dev.outlay.v1.Reason.REASON_STALE_MAP);
            case DEVICE_MISMATCH -> precondition(dev.outlay.v1.Reason.REASON_DEVICE_MISMATCH);
            case PERMISSION_DENIED ->
                    new Outside(
                            Status.Code.PERMISSION_DENIED,
                            dev.outlay.v1.Reason.REASON_PERMISSION_DENIED);
            case TOO_SMALL ->
                    new Outside(Status.Code.OUT_OF_RANGE, dev.outlay.v1.Reason.REASON_TOO_SMALL);
            case TOO_LARGE ->
                    new Outside(Status.Code.OUT_OF_RANGE, dev.outlay.v1.Reason.REASON_TOO_LARGE);
            case UNSUPPORTED ->
                    new Outside(Status.Code.UNIMPLEMENTED, dev.outlay.v1.Reason.REASON_UNSUPPORTED);
            case TRY_LATER -> unavailable(dev.outlay.v1.Reason.REASON_TRY_LATER);
            case GRACE -> unavailable(dev.outlay.v1.Reason.REASON_GRACE);
            case RECALL_CONFLICT ->
                    new Outside(Status.Code.ABORTED, dev.outlay.v1.Reason.REASON_RECALL_CONFLICT);
            case RETURN_CONFLICT ->
                    new Outside(Status.Code.ABORTED, dev.outlay.v1.Reason.REASON_RETURN_CONFLICT);
            case NO_SPACE ->
                    new Outside(
                            Status.Code.RESOURCE_EXHAUSTED, dev.outlay.v1.Reason.REASON_NO_SPACE);
            case RESOURCE_EXHAUSTED ->
                    new Outside(
                            Status.Code.RESOURCE_EXHAUSTED,
                            dev.outlay.v1.Reason.REASON_RESOURCE_EXHAUSTED);
            case READ_ONLY -> unavailable(dev.outlay.v1.Reason.REASON_READ_ONLY);
            case SHUTTING_DOWN -> unavailable(dev.outlay.v1.Reason.REASON_SHUTTING_DOWN);
            case NO_SESSION ->
                    new Outside(
                            Status.Code.UNAUTHENTICATED, dev.outlay.v1.Reason.REASON_NO_SESSION);
            case EXPIRED -> precondition(dev.outlay.v1.Reason.REASON_EXPIRED);
            case FENCED ->
                    new Outside(Status.Code.PERMISSION_DENIED, dev.outlay.v1.Reason.REASON_FENCED);
            case NO_GRACE -> precondition(dev.outlay.v1.Reason.REASON_NO_GRACE);
            case RECLAIM_BAD -> precondition(dev.outlay.v1.Reason.REASON_RECLAIM_BAD);
            case INTERNAL ->
                    new Outside(Status.Code.INTERNAL, dev.outlay.v1.Reason.REASON_INTERNAL);
        };
    }

    private static Outside precondition(dev.outlay.v1.Reason reason) {
        return new Outside(Status.Code.FAILED_PRECONDITION, reason);
    }

    private static Outside unavailable(dev.outlay.v1.Reason reason) {
        return new Outside(Status.Code.UNAVAILABLE, reason);
    }
}
