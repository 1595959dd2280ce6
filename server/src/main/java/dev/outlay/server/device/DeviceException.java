package dev.outlay.server.device;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A device could not be formatted, claimed or used. The message is one line for the operator: which
 * device, what is wrong, and what to do about it.
 */
public final class DeviceException extends IOException {

    private static final long serialVersionUID = 1;

    private final Reason reason;

    /** What went wrong, for programs. */
    public enum Reason {
        /** Nothing stands at the path. */
        NOT_FOUND,
        /** The system refuses this user. */
        NO_PERMISSION,
        /** A directory, a character device or the like. */
        NOT_A_DEVICE,
        /** No label, or none that counts. */
        NO_LABEL,
        /** Formatting would destroy a label. */
        HAS_LABEL,
        /** Formatting would destroy somebody's data. */
        HAS_DATA,
        /**
         * Smaller than its label says, or too small for one; or the size asked for does not fit.
         */
        WRONG_SIZE,
        /** Another device, or another life of it, than expected. */
        MISMATCH,
        /** Mounted, or held by another process of this host. */
        IN_USE,
        /** Its label names another server. */
        OWNED,
        /** Not claimed by this object, or claimed by another since. */
        NOT_HELD,
        /** An address outside the usable space. */
        OUT_OF_RANGE,
        /** The storage or the system failed. */
        IO
    }

    DeviceException(Reason reason, Path device, String problem) {
        super(device + ": " + problem);
        this.reason = reason;
    }

    DeviceException(Reason reason, Path device, String problem, Throwable cause) {
        super(device + ": " + problem, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    /** What the system said while {@code doing} something ("open", "write 4096 bytes at 0"). */
    public static DeviceException of(Path device, String doing, IOException e) {
        return switch (e) {
            case DeviceException known -> known;
            case NoSuchFileException _ ->
                    new DeviceException(
                            Reason.NOT_FOUND,
                            device,
                            "there is no such device or file; check the path on the server's host",
                            e);
            case AccessDeniedException _ ->
                    new DeviceException(
                            Reason.NO_PERMISSION,
                            device,
                            "no permission to read and write; give the server's user access to it",
                            e);
            default ->
                    new DeviceException(Reason.IO, device, "cannot " + doing + ": " + words(e), e);
        };
    }

    private static String words(IOException e) {
        String words = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        return words == null ? e.getClass().getSimpleName() : words;
    }
}
