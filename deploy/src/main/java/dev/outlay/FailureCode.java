package dev.outlay;

import dev.outlay.client.OutlayException;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.Reason;
import dev.outlay.server.journal.VolumeLockedException;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.nio.file.NoSuchFileException;

/** Which exit code a failure has: the one place that says so. */
final class FailureCode {

    private FailureCode() {}

    static ExitCode of(Throwable failure) {
        return switch (FailureText.unwrap(failure)) {
            case CommandFailure e -> e.exitCode();
            case OutlayException e -> e.reason().map(FailureCode::of).orElse(ExitCode.UNREACHABLE);
            case dev.outlay.client.device.DeviceException e ->
                    e.reason() == dev.outlay.client.device.DeviceException.Reason.NOT_FOUND
                            ? ExitCode.NOT_FOUND
                            : ExitCode.FAILED;
            case dev.outlay.server.device.DeviceException e ->
                    e.reason() == dev.outlay.server.device.DeviceException.Reason.NOT_FOUND
                            ? ExitCode.NOT_FOUND
                            : ExitCode.FAILED;
            case VolumeLockedException _ -> ExitCode.TRY_LATER;
            case NoSuchFileException _ -> ExitCode.NOT_FOUND;
            case StatusRuntimeException e -> of(e.getStatus());
            case StatusException e -> of(e.getStatus());
            case Throwable _ -> ExitCode.FAILED;
        };
    }

    /** By what is left to do: some reasons to try again later need somebody to act first. */
    private static ExitCode of(Reason reason) {
        return switch (reason) {
            case NOT_FOUND, STALE_FILE -> ExitCode.NOT_FOUND;
            case NO_SPACE, READ_ONLY -> ExitCode.FAILED;
            case TRY_LATER, GRACE, RECALL_CONFLICT, RETURN_CONFLICT, RESOURCE_EXHAUSTED ->
                    ExitCode.TRY_LATER;
            case SHUTTING_DOWN -> ExitCode.UNREACHABLE;
            case NO_SESSION, EXPIRED, FENCED, NO_GRACE, RECLAIM_BAD -> ExitCode.SESSION_LOST;
            case INVALID_ARGUMENT,
                    ALREADY_EXISTS,
                    NOT_DIRECTORY,
                    IS_DIRECTORY,
                    NOT_EMPTY,
                    BAD_LAYOUT,
                    BAD_IOMODE,
                    BAD_STATEID,
                    OLD_STATEID,
                    STALE_MAP,
                    DEVICE_MISMATCH,
                    PERMISSION_DENIED,
                    TOO_SMALL,
                    TOO_LARGE,
                    UNSUPPORTED,
                    INTERNAL ->
                    ExitCode.FAILED;
        };
    }

    private static ExitCode of(Status status) {
        return switch (status.getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED -> ExitCode.UNREACHABLE;
            case NOT_FOUND -> ExitCode.NOT_FOUND;
            case RESOURCE_EXHAUSTED, ABORTED -> ExitCode.TRY_LATER;
            case OK,
                    CANCELLED,
                    UNKNOWN,
                    INVALID_ARGUMENT,
                    ALREADY_EXISTS,
                    PERMISSION_DENIED,
                    FAILED_PRECONDITION,
                    OUT_OF_RANGE,
                    UNIMPLEMENTED,
                    INTERNAL,
                    DATA_LOSS,
                    UNAUTHENTICATED ->
                    ExitCode.FAILED;
        };
    }
}
