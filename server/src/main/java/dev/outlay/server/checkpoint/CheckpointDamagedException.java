package dev.outlay.server.checkpoint;

import java.io.IOException;

/** The checkpoint of a volume cannot be read, or is another volume's: says where and what to do. */
public final class CheckpointDamagedException extends IOException {
    private static final long serialVersionUID = 1;

    public CheckpointDamagedException(String message) {
        super(message);
    }

    public CheckpointDamagedException(String message, Throwable cause) {
        super(message, cause);
    }
}
