package dev.outlay.server.journal;

/**
 * Bytes that were forced are damaged or missing. Nothing was changed; the volume must not start
 * until an operator has looked.
 */
public final class JournalCorruptException extends JournalException {

    private final String file;
    private final long offset;
    private final long position;
    private final String reason;

    JournalCorruptException(String file, long offset, long position, String reason) {
        super(
                "journal damaged in %s at byte %d (log position %d): %s. Nothing was changed. Run 'outlay fsck' on this volume; restore the file from a good copy if there is one"
                        .formatted(file, offset, position, reason));
        this.file = file;
        this.offset = offset;
        this.position = position;
        this.reason = reason;
    }

    /** The file, as the storage describes it. */
    public String file() {
        return file;
    }

    /** Byte offset in the file. */
    public long offset() {
        return offset;
    }

    /** Position in the log. */
    public long position() {
        return position;
    }

    /** What is wrong there. */
    public String reason() {
        return reason;
    }
}
