package dev.outlay.client.session;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The clock of leases: {@code CLOCK_BOOTTIME}, which also runs while the machine is suspended.
 *
 * <p>{@link System#nanoTime} stands still there, and a client that slept through its lease would
 * believe that it still holds it (RFC 5663 2.3.8 counts on both sides). Read by {@code
 * clock_gettime(2)} through the foreign-function API, at the price of a plain call. Where the
 * system is not Linux, or does not have the symbol, it falls back to {@code System.nanoTime} and
 * {@link #runsThroughSuspend} says so. Thread-safe.
 */
public final class BootClock implements MonotonicClock {

    /** From {@code linux/time.h}. */
    private static final int CLOCK_BOOTTIME = 7;

    /** {@code struct timespec} of 64-bit Linux: seconds, nanoseconds. */
    private static final int TIMESPEC_LONGS = 2;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** {@code clock_gettime}, absent where the fallback counts. */
    private final @Nullable MethodHandle clockGettime;

    private BootClock(@Nullable MethodHandle clockGettime) {
        this.clockGettime = clockGettime;
    }

    /** The clock of this machine. */
    public static BootClock system() {
        MethodHandle found = findClockGettime();
        return found != null && read(found) >= 0 ? new BootClock(found) : fallback();
    }

    /** The clock of a system without {@code CLOCK_BOOTTIME}. */
    static BootClock fallback() {
        return new BootClock(null);
    }

    /** Whether time spent in suspend is counted. */
    public boolean runsThroughSuspend() {
        return clockGettime != null;
    }

    @Override
    public long nanos() {
        if (clockGettime == null) {
            return System.nanoTime();
        }
        long nanos = read(clockGettime);
        if (nanos < 0) {
            throw new IllegalStateException("CLOCK_BOOTTIME has stopped working");
        }
        return nanos;
    }

    /** The time since boot, or a negative number if the system does not know this clock. */
    private static long read(MethodHandle clockGettime) {
        long[] timespec = new long[TIMESPEC_LONGS];
        try {
            int result =
                    (int) clockGettime.invokeExact(CLOCK_BOOTTIME, MemorySegment.ofArray(timespec));
            return result == 0 ? timespec[0] * NANOS_PER_SECOND + timespec[1] : -1;
        } catch (Throwable e) {
            throw new LinkageError("cannot call clock_gettime", e);
        }
    }

    // Native access is what this class is for; the launch flags allow it.
    @SuppressWarnings("restricted")
    private static @Nullable MethodHandle findClockGettime() {
        if (!System.getProperty("os.name", "").equals("Linux")
                || ValueLayout.ADDRESS.byteSize() != Long.BYTES) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("clock_gettime")
                .map(
                        symbol ->
                                linker.downcallHandle(
                                        symbol,
                                        FunctionDescriptor.of(
                                                ValueLayout.JAVA_INT,
                                                ValueLayout.JAVA_INT,
                                                ValueLayout.ADDRESS),
                                        // The call is short and takes an array on the heap.
                                        Linker.Option.critical(true)))
                .orElse(null);
    }
}
