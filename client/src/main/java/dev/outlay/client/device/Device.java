package dev.outlay.client.device;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.lang.foreign.MemorySegment;

/**
 * Shared storage that this client reads and writes by itself, at the addresses the server granted.
 *
 * <p>Offsets count bytes from the start of the device, its label included; every range lies within
 * {@link #size}, and no store touches the first and the last 4 KiB block, where the labels are.
 * What breaks this is refused before a byte moves, as is everything after {@link #close}.
 *
 * <p>A store is seen by other users of the device when the call returns, and is durable only once a
 * {@link #flush} over it has returned; without one it may survive a crash whole, in part or not at
 * all. Any thread may call any method; calls on disjoint bytes do not disturb each other. Two
 * stores to the same bytes at the same time, through one device or several, are the application's
 * to order.
 *
 * <p>The seam is this narrow so that a double with volatile cache lines can stand behind it: no
 * mapping leaves it.
 */
public interface Device extends AutoCloseable {

    /** Reads the label afresh from the device, from its copy where the first one is torn. */
    DeviceLabel readLabel() throws DeviceException;

    /** Fills {@code target} with the bytes at {@code deviceOffset}. */
    void read(long deviceOffset, MemorySegment target) throws DeviceException;

    /** Stores all of {@code source} at {@code deviceOffset}. */
    void write(long deviceOffset, MemorySegment source) throws DeviceException;

    /** Stores zeros. */
    void zero(long deviceOffset, long lengthBytes) throws DeviceException;

    /**
     * Makes what was stored in the range durable; other stores may become so too.
     *
     * <p>After a failure the state of the range is unknown: it is to be stored again, not only
     * flushed again, since the system may have dropped what it could not write.
     *
     * @return the durability reached, to be sent with the commit
     */
    Durability flush(long deviceOffset, long lengthBytes) throws DeviceException;

    /** Whether a flush of any range makes durable all that was stored before it. */
    boolean flushesAll();

    /**
     * How many flushes have failed, whatever their range. Some systems tell a failure to whoever
     * flushes next, and once: then what others had stored before it is in doubt too, although their
     * own flush succeeds.
     */
    long failedFlushes();

    /**
     * Whether each store costs so much, whatever its length, that it is worth to copy many small
     * ones together first.
     */
    boolean prefersLargeStores();

    /** What {@link #flush} reaches on this device. */
    Durability durability();

    /** Size in bytes as the label says, labels included. */
    long size();

    /** Waits for calls under way and ends the access. Closing twice is allowed. */
    @Override
    void close() throws DeviceException;
}
