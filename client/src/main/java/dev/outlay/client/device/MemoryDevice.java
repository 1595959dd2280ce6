package dev.outlay.client.device;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.random.RandomGenerator;

/**
 * A device in memory for tests and simulations, with volatile cache lines: a store is seen at once,
 * and of the stores not flushed {@link #crash} keeps each 64-byte line or loses it, as the dice
 * fall.
 */
public final class MemoryDevice implements Device {

    /** What the CPU writes back at once; a crash tears nothing smaller. */
    public static final int LINE_BYTES = 64;

    private static final Path NAME = Path.of("memory");

    private final MemorySegment seen;
    private final MemorySegment durable;
    private final BitSet unflushedLines = new BitSet();
    private final DeviceBounds bounds;
    private final Durability durability;
    private boolean closed;

    /** A device with this label on it, every other byte being {@code fill}. */
    public MemoryDevice(DeviceLabel label, Durability durability, byte fill) {
        int size = Math.toIntExact(label.sizeBytes());
        seen = MemorySegment.ofArray(new byte[size]).fill(fill);
        durable = MemorySegment.ofArray(new byte[size]);
        bounds = new DeviceBounds(NAME, size);
        this.durability = durability;
        MemorySegment block = MemorySegment.ofArray(label.encode());
        MemorySegment.copy(block, 0, seen, 0, DeviceLabel.BLOCK_BYTES);
        MemorySegment.copy(block, 0, seen, label.copyOffset(), DeviceLabel.BLOCK_BYTES);
        durable.copyFrom(seen);
    }

    /** Loses power: of what was stored and not flushed, any part may be gone. */
    public synchronized void crash(RandomGenerator dice) {
        unflushedLines.stream()
                .forEach(
                        line -> {
                            if (dice.nextBoolean()) {
                                copyLine(seen, durable, line);
                            } else {
                                copyLine(durable, seen, line);
                            }
                        });
        unflushedLines.clear();
    }

    @Override
    public synchronized DeviceLabel readLabel() throws DeviceException {
        checkOpen();
        return Labels.read(NAME, bounds.sizeBytes(), this::block);
    }

    @Override
    public synchronized void read(long deviceOffset, MemorySegment target) throws DeviceException {
        checkOpen();
        bounds.checkRead(deviceOffset, target.byteSize());
        MemorySegment.copy(seen, deviceOffset, target, 0, target.byteSize());
    }

    @Override
    public synchronized void write(long deviceOffset, MemorySegment source) throws DeviceException {
        checkOpen();
        bounds.checkWrite(deviceOffset, source.byteSize());
        MemorySegment.copy(source, 0, seen, deviceOffset, source.byteSize());
        markUnflushed(deviceOffset, source.byteSize());
    }

    @Override
    public synchronized void zero(long deviceOffset, long lengthBytes) throws DeviceException {
        checkOpen();
        bounds.checkWrite(deviceOffset, lengthBytes);
        seen.asSlice(deviceOffset, lengthBytes).fill((byte) 0);
        markUnflushed(deviceOffset, lengthBytes);
    }

    @Override
    public boolean flushesAll() {
        return false;
    }

    @Override
    public long failedFlushes() {
        return 0;
    }

    @Override
    public boolean prefersLargeStores() {
        return false;
    }

    @Override
    public synchronized Durability flush(long deviceOffset, long lengthBytes)
            throws DeviceException {
        checkOpen();
        bounds.checkRead(deviceOffset, lengthBytes);
        int end = endLine(deviceOffset, lengthBytes);
        int line = unflushedLines.nextSetBit(firstLine(deviceOffset));
        while (line >= 0 && line < end) {
            copyLine(seen, durable, line);
            unflushedLines.clear(line);
            line = unflushedLines.nextSetBit(line + 1);
        }
        return durability;
    }

    @Override
    public Durability durability() {
        return durability;
    }

    @Override
    public long size() {
        return bounds.sizeBytes();
    }

    @Override
    public synchronized void close() {
        closed = true;
    }

    private byte[] block(long offset) {
        byte[] block = new byte[DeviceLabel.BLOCK_BYTES];
        MemorySegment.copy(seen, offset, MemorySegment.ofArray(block), 0, block.length);
        return block;
    }

    private void markUnflushed(long offset, long length) {
        if (length > 0) {
            unflushedLines.set(firstLine(offset), endLine(offset, length));
        }
    }

    private static int firstLine(long offset) {
        return Math.toIntExact(offset / LINE_BYTES);
    }

    private static int endLine(long offset, long length) {
        return Math.toIntExact(Math.ceilDiv(offset + length, LINE_BYTES));
    }

    private static void copyLine(MemorySegment from, MemorySegment to, int line) {
        long at = (long) line * LINE_BYTES;
        MemorySegment.copy(from, at, to, at, LINE_BYTES);
    }

    private void checkOpen() throws DeviceException {
        if (closed) {
            throw DeviceException.closed(NAME);
        }
    }
}
