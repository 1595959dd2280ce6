package dev.outlay.client;

import dev.outlay.core.value.Durability;
import dev.outlay.core.value.ProcessIdentity;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How a client connects, and what it asks for. Immutable; begin with {@link #to} and change what
 * must differ.
 *
 * @param server {@code host:port}, or {@code unix:/path} for a Unix socket
 * @param owner names this client across its restarts, 1..255 bytes of UTF-8; a second process under
 *     the same owner supersedes the first
 * @param leaseMillis the lease wished for; 0: the server's default
 * @param maxIoMillis the longest time that one access to a device, once begun, can take
 * @param deadlineMillis how long a call is repeated while the server asks to come back later or
 *     cannot be reached
 * @param least the weakest durability of a device that is accepted; a volume may ask for more
 * @param devices where devices are on this host, by UUID or by index in the volume; others are
 *     looked for where the server says it finds them
 * @param resume a session of an earlier process to go on with; empty: a new one
 * @param outlivesProcess whether the session may be saved for another process: then the server is
 *     not told of this one, whose end would prove nothing
 * @param process what the server is told of where the client runs; empty: this process, unless the
 *     session outlives it
 * @param throughServer bytes go through the server: for a host that does not reach the devices
 */
public record ClientOptions(
        String server,
        String owner,
        int leaseMillis,
        int maxIoMillis,
        int deadlineMillis,
        Durability least,
        Map<String, Path> devices,
        Optional<SavedSession> resume,
        boolean outlivesProcess,
        Optional<ProcessIdentity> process,
        boolean throughServer) {

    private static final int DEFAULT_MAX_IO_MILLIS = 10_000;
    private static final int DEFAULT_DEADLINE_MILLIS = 30_000;
    private static final int LONGEST_MAX_IO_MILLIS = 3_600_000;

    public ClientOptions {
        devices = Map.copyOf(devices);
        if (owner.isEmpty()) {
            throw new IllegalArgumentException("the owner's name is empty");
        }
        if (leaseMillis < 0) {
            throw new IllegalArgumentException(
                    "a lease of " + leaseMillis + " ms is negative; 0 takes the server's default");
        }
        if (maxIoMillis < 1 || maxIoMillis > LONGEST_MAX_IO_MILLIS) {
            throw new IllegalArgumentException(
                    "the longest I/O is 1 to " + LONGEST_MAX_IO_MILLIS + " ms, not " + maxIoMillis);
        }
        if (deadlineMillis < 1) {
            throw new IllegalArgumentException(
                    "a deadline of " + deadlineMillis + " ms leaves no time for an answer");
        }
    }

    /** The defaults, for a server and an owner's name. */
    public static ClientOptions to(String server, String owner) {
        return new ClientOptions(
                server,
                owner,
                0,
                DEFAULT_MAX_IO_MILLIS,
                DEFAULT_DEADLINE_MILLIS,
                Durability.FORCED,
                Map.of(),
                Optional.empty(),
                false,
                Optional.empty(),
                false);
    }

    /** Asks for this lease. */
    public ClientOptions withLeaseMillis(int millis) {
        return new ClientOptions(
                server,
                owner,
                millis,
                maxIoMillis,
                deadlineMillis,
                least,
                devices,
                resume,
                outlivesProcess,
                process,
                throughServer);
    }

    /** Declares this longest time of one access to a device. */
    public ClientOptions withMaxIoMillis(int millis) {
        return new ClientOptions(
                server,
                owner,
                leaseMillis,
                millis,
                deadlineMillis,
                least,
                devices,
                resume,
                outlivesProcess,
                process,
                throughServer);
    }

    /** Repeats each call this long. */
    public ClientOptions withDeadlineMillis(int millis) {
        return new ClientOptions(
                server,
                owner,
                leaseMillis,
                maxIoMillis,
                millis,
                least,
                devices,
                resume,
                outlivesProcess,
                process,
                throughServer);
    }

    /** Accepts devices that give this durability or more. */
    public ClientOptions withLeast(Durability weakest) {
        return new ClientOptions(
                server,
                owner,
                leaseMillis,
                maxIoMillis,
                deadlineMillis,
                weakest,
                devices,
                resume,
                outlivesProcess,
                process,
                throughServer);
    }

    /**
     * Looks for one device at {@code path}.
     *
     * @param device its UUID, or its index in the volume
     */
    public ClientOptions withDevice(String device, Path path) {
        Map<String, Path> more = new HashMap<>(devices);
        more.put(device, path);
        return new ClientOptions(
                server,
                owner,
                leaseMillis,
                maxIoMillis,
                deadlineMillis,
                least,
                more,
                resume,
                outlivesProcess,
                process,
                throughServer);
    }

    /** Opens a session that {@link LayoutClient#detach} may leave to another process. */
    public ClientOptions outlivingProcess() {
        return new ClientOptions(
                server,
                owner,
                leaseMillis,
                maxIoMillis,
                deadlineMillis,
                least,
                devices,
                resume,
                true,
                Optional.empty(),
                throughServer);
    }

    /** Tells the server that the client runs there. */
    public ClientOptions withProcess(ProcessIdentity where) {
        return new ClientOptions(
                server,
                owner,
                leaseMillis,
                maxIoMillis,
                deadlineMillis,
                least,
                devices,
                resume,
                outlivesProcess,
                Optional.of(where),
                throughServer);
    }

    /** Sends bytes through the server, which is slower, instead of to the devices. */
    public ClientOptions throughServer(boolean always) {
        return new ClientOptions(
                server,
                owner,
                leaseMillis,
                maxIoMillis,
                deadlineMillis,
                least,
                devices,
                resume,
                outlivesProcess,
                process,
                always);
    }

    /** Goes on with a session that {@link LayoutClient#detach} left. */
    public ClientOptions resuming(SavedSession session) {
        return new ClientOptions(
                server,
                session.owner(),
                leaseMillis,
                maxIoMillis,
                deadlineMillis,
                least,
                devices,
                Optional.of(session),
                outlivesProcess,
                process,
                throughServer);
    }
}
