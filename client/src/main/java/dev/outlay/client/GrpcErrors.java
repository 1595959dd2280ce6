package dev.outlay.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Status;
import dev.outlay.v1.ErrorDetail;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.util.Objects;

/** Errors of unary calls: the typed detail in the trailer, or the bare status. */
final class GrpcErrors {

    private static final String CHECK_SERVER = "is the server running, and the address right?";

    private GrpcErrors() {}

    static OutlayException of(StatusRuntimeException e, String server) {
        Status status = StatusProto.fromThrowable(e);
        if (status != null) {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorDetail.class)) {
                    try {
                        return WireErrors.exception(detail.unpack(ErrorDetail.class));
                    } catch (InvalidProtocolBufferException damaged) {
                        e.addSuppressed(damaged);
                    }
                }
            }
        }
        String words =
                Objects.requireNonNullElse(
                        e.getStatus().getDescription(), e.getStatus().getCode().toString());
        OutlayException failure =
                switch (isConnectionLost(e) ? Code.UNAVAILABLE : e.getStatus().getCode()) {
                    case UNAVAILABLE ->
                            OutlayException.noAnswer(
                                    "cannot reach the server at " + server + ": " + cause(e, words),
                                    CHECK_SERVER);
                    case DEADLINE_EXCEEDED ->
                            OutlayException.noAnswer(
                                    "the server at " + server + " did not answer in time",
                                    "look at its log, then try again");
                    default ->
                            OutlayException.noAnswer(
                                    "the server at "
                                            + server
                                            + " answered "
                                            + e.getStatus().getCode()
                                            + ": "
                                            + words,
                                    "its log says more");
                };
        failure.initCause(e);
        return failure;
    }

    /**
     * Whether there was no server that could answer. A connection that ends while it is being set
     * up ("channel closed") is UNKNOWN to gRPC, with the transport's own error beneath: a server
     * never answers with one (<a href="https://github.com/grpc/grpc-java/issues/10120">grpc-java
     * 10120</a>).
     */
    private static boolean isConnectionLost(StatusRuntimeException e) {
        return e.getStatus().getCode() == Code.UNAVAILABLE
                || (e.getStatus().getCode() == Code.UNKNOWN
                        && e.getStatus().getCause() instanceof IOException);
    }

    /** The system's own words, where gRPC has only "io exception". */
    private static String cause(StatusRuntimeException e, String words) {
        Throwable cause = e.getCause();
        return cause == null || cause.getMessage() == null ? words : cause.getMessage();
    }
}
