package dev.outlay.core.value;

/**
 * One process, so that nobody else can be taken for it: a pid is used again, a pid with its start
 * time is not within one boot of a host and one pid namespace.
 *
 * @param host the host's name, the same that its fence agent gives
 * @param bootId of the host's kernel (/proc/sys/kernel/random/boot_id)
 * @param pidNamespace inode of the namespace that {@code pid} counts in (/proc/self/ns/pid)
 * @param pid in that namespace
 * @param startTicks when it started, in clock ticks since boot (field 22 of /proc/PID/stat)
 */
public record ProcessIdentity(
        String host, String bootId, long pidNamespace, long pid, long startTicks) {

    /** Longest host name or boot id, UTF-8 bytes. */
    public static final int MAX_TEXT_BYTES = 255;

    public ProcessIdentity {
        if (host.isEmpty() || pid < 1 || startTicks < 0 || pidNamespace < 0) {
            throw new IllegalArgumentException(
                    "no process: host '" + host + "', pid " + pid + ", started " + startTicks);
        }
    }

    @Override
    public String toString() {
        return host + "/" + pid + "@" + startTicks;
    }
}
