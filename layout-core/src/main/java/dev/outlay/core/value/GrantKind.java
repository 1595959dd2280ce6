package dev.outlay.core.value;

/** How a range is held. All but plain {@code READ} are durable before they are answered. */
public enum GrantKind {
    /** Copies out of the device, each checked against the lease afterwards. */
    READ,
    /** Handed to an application as a mapping, which nobody can check: as durable as {@code RW}. */
    READ_MAPPED,
    /** Read and store. */
    RW;

    public boolean isDurable() {
        return this != READ;
    }

    public IoMode iomode() {
        return this == RW ? IoMode.RW : IoMode.READ;
    }
}
