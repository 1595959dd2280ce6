package dev.outlay.client.session;

import dev.outlay.client.OutlayException;
import dev.outlay.core.value.Reason;

/**
 * The lease as this client counts it: from the moment it sent the message that was answered as
 * renewing, less a margin for clocks that run at different speeds. The server counts from when it
 * received that message, and adds the longest I/O; so a client that asks here before each access is
 * never overtaken (RFC 5663 2.3.8).
 *
 * <p>Any thread may ask; the session tells.
 */
public final class LeaseState {

    /** One part in this many of a lease is not used. */
    private static final int MARGIN_PART = 10;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final MonotonicClock clock;
    private long leaseNanos;
    private long renewedNanos;
    private boolean ever;
    private boolean over;
    private volatile long endNanos;

    LeaseState(MonotonicClock clock) {
        this.clock = clock;
        this.endNanos = clock.nanos();
    }

    /** The server gives leases of this length from now on. */
    synchronized void length(long leaseMillis) {
        leaseNanos = Math.multiplyExact(leaseMillis, NANOS_PER_MILLI);
    }

    /** A message first sent at {@code sentNanos} was answered as renewing. */
    synchronized void renewed(long sentNanos) {
        if (over || (ever && sentNanos - renewedNanos <= 0)) {
            return;
        }
        ever = true;
        renewedNanos = sentNanos;
        long end = sentNanos + leaseNanos - leaseNanos / MARGIN_PART;
        if (end - endNanos > 0) {
            endNanos = end;
        }
    }

    /** The client has ended: there is no lease and never will be. */
    synchronized void end() {
        over = true;
        endNanos = clock.nanos();
    }

    /** Whether the device may be touched at this moment. */
    public boolean isValid() {
        return isValidAt(clock.nanos());
    }

    /** As {@link #isValid}, for who has just looked at the clock. */
    public boolean isValidAt(long nanos) {
        return nanos - endNanos < 0;
    }

    /** Milliseconds left; 0 or less: it is over. */
    public long leftMillis() {
        return (endNanos - clock.nanos()) / NANOS_PER_MILLI;
    }

    /**
     * To be called before each batch of stores and after each copy out of the device.
     *
     * @throws OutlayException {@code EXPIRED} if the lease is over as far as this client knows
     */
    public void check() throws OutlayException {
        long left = endNanos - clock.nanos();
        if (left <= 0) {
            throw OutlayException.of(
                    Reason.EXPIRED,
                    "the lease ended "
                            + -left / NANOS_PER_MILLI
                            + " ms ago, so the device is not touched any more",
                    "see that the server can be reached; then open the file again");
        }
    }

    /** Nanoseconds of a lease. */
    synchronized long lengthNanos() {
        return leaseNanos;
    }

    /** When the message that renewed last was sent. */
    synchronized long renewedNanos() {
        return renewedNanos;
    }
}
