package dev.outlay.core.value;

/**
 * How a range is held, the weaker first. All but plain {@code READ} are durable before they are
 * answered.
 */
public enum GrantKind {
    /** Copies out of the device, each checked against the lease afterwards. */
    READ,
    /** Handed to an application as a mapping, which nobody can check: as durable as {@code RW}. */
    READ_MAPPED,
    /**
     * Store into fresh blocks that replace the committed ones at commit; what is committed is only
     * read, by others too.
     */
    RW_ATOMIC,
    /** Read and store. */
    RW;

    public boolean isDurable() {
        return this != READ;
    }

    /** Whether its holder may store anywhere, and commit. */
    public boolean isWriter() {
        return this == RW || this == RW_ATOMIC;
    }

    public IoMode iomode() {
        return isWriter() ? IoMode.RW : IoMode.READ;
    }
}
