package dev.outlay.client.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;

/**
 * A fixed number of buffers for direct I/O, aligned as it wants them. Who finds none waits for one;
 * closing waits for all of them, so that no system call writes into freed memory.
 */
final class AlignedBuffers implements AutoCloseable {

    /** Where direct I/O may begin and end, in memory and on the device. */
    static final int ALIGNMENT_BYTES = 4096;

    static final int BUFFER_BYTES = 1 << 20;
    private static final int COUNT = 4;

    private final Path path;
    private final Arena arena = Arena.ofShared();
    private final Semaphore available = new Semaphore(COUNT, true);
    private final ConcurrentLinkedQueue<MemorySegment> idle = new ConcurrentLinkedQueue<>();
    private boolean closed;

    /** Work that needs a buffer of {@link #BUFFER_BYTES}. */
    @FunctionalInterface
    interface Use {
        void with(MemorySegment buffer) throws DeviceException;
    }

    AlignedBuffers(Path path) {
        this.path = path;
        for (int i = 0; i < COUNT; i++) {
            idle.add(arena.allocate(BUFFER_BYTES, ALIGNMENT_BYTES));
        }
    }

    /** Lends a buffer, holding who knows what. */
    void use(Use use) throws DeviceException {
        available.acquireUninterruptibly();
        try {
            MemorySegment buffer = idle.poll();
            if (buffer == null) {
                throw DeviceException.closed(path);
            }
            try {
                use.with(buffer);
            } finally {
                idle.add(buffer);
            }
        } finally {
            available.release();
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        available.acquireUninterruptibly(COUNT);
        idle.clear();
        arena.close();
        available.release(COUNT);
    }
}
