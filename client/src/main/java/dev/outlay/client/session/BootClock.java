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

    /**
     * {@code clock_gettime}, absent where the system has no such clock. A constant: the compiler
     * does not look into one that could change, and each call would cost half as much again.
     */
    private static final @Nullable MethodHandle CLOCK_GETTIME = findClockGettime();

    private final boolean runsThroughSuspend;

    private BootClock(boolean runsThroughSuspend) {
        this.runsThroughSuspend = runsThroughSuspend;
    }

    /** The clock of this machine. */
    public static BootClock system() {
        return CLOCK_GETTIME != null && read(CLOCK_GETTIME) >= 0 ? new BootClock(true) : fallback();
    }

    /** The clock of a system without {@code CLOCK_BOOTTIME}. */
    static BootClock fallback() {
        return new BootClock(false);
    }

    /** Whether time spent in suspend is counted. */
    public boolean runsThroughSuspend() {
        return runsThroughSuspend;
    }

    @Override
    public long nanos() {
        MethodHandle clock = CLOCK_GETTIME;
        if (!runsThroughSuspend || clock == null) {
            return System.nanoTime();
        }
        long nanos = read(clock);
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
