package dev.outlay.server.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.Reason;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Optional;
import org.junit.jupiter.api.function.Executable;

/** The server said no, and why. */
final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient ErrorDetail detail;

    Refused(ErrorDetail detail) {
        super(detail.getReason() + ": " + detail.getMessage());
        this.detail = detail;
    }

    ErrorDetail detail() {
        return detail;
    }

    Reason reason() {
        return detail.getReason();
    }

    /** What the server said; the failure itself if it was no answer of the server. */
    static RuntimeException from(StatusRuntimeException failure) {
        return detail(failure).<RuntimeException>map(Refused::new).orElse(failure);
    }

    private static Optional<ErrorDetail> detail(StatusRuntimeException failure) {
        com.google.rpc.Status status = StatusProto.fromThrowable(failure);
        if (status == null || status.getDetailsCount() == 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(status.getDetails(0).unpack(ErrorDetail.class));
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError("the detail of an error must be an ErrorDetail", e);
        }
    }

    static ErrorDetail assertRefused(Reason reason, Executable executable) {
        Refused refused = assertThrows(Refused.class, executable);
        assertEquals(reason, refused.reason(), refused.getMessage());
        return refused.detail();
    }
}
