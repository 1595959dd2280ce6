package dev.outlay.client.device;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A device could not be opened or used. The message is one line for the user: which device, what is
 * wrong, and what to do about it.
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
        /** Smaller than its label says. */
        TOO_SMALL,
        /** Another device, or another life of it, than the server's. */
        MISMATCH,
        /** It does not give the durability that was asked for. */
        TOO_WEAK,
        /** An address outside the device, or a store over a label. */
        OUT_OF_RANGE,
        /** The calling thread was interrupted. */
        INTERRUPTED,
        /** The device is closed. */
        CLOSED,
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

    private DeviceException(DeviceException first) {
        super(first.getMessage(), first);
        this.reason = first.reason;
    }

    private DeviceException(DeviceException failure, String consequence) {
        super(failure.getMessage() + "; " + consequence, failure);
        this.reason = failure.reason;
    }

    /** The same failure, with what it means for whoever used the device. */
    public DeviceException with(String consequence) {
        return new DeviceException(this, consequence);
    }

    public Reason reason() {
        return reason;
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    /** The same for another thread, with a stack trace of its own. */
    DeviceException again() {
        return new DeviceException(this);
    }

    static DeviceException closed(Path device) {
        return new DeviceException(Reason.CLOSED, device, "the device is closed");
    }

    static DeviceException interrupted(Path device) {
        return new DeviceException(
                Reason.INTERRUPTED,
                device,
                "the thread was interrupted before its access to the device was finished");
    }

    /** What the system said while {@code doing} something ("open", "read 4096 bytes at 0"). */
    public static DeviceException of(Path device, String doing, IOException e) {
        return switch (e) {
            case DeviceException known -> known;
            case NoSuchFileException _ ->
                    new DeviceException(
                            Reason.NOT_FOUND,
                            device,
                            "there is no such device or file; check the path on this host",
                            e);
            case AccessDeniedException _ ->
                    new DeviceException(
                            Reason.NO_PERMISSION,
                            device,
                            "no permission to read and write; give this user access to the device",
                            e);
            case ClosedByInterruptException _ -> interrupted(device);
            default ->
                    new DeviceException(Reason.IO, device, "cannot " + doing + ": " + words(e), e);
        };
    }

    private static String words(IOException e) {
        String words = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        return words == null ? e.getClass().getSimpleName() : words;
    }
}
