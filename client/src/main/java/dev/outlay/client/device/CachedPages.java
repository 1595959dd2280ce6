package dev.outlay.client.device;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * What the page cache holds of a file, and how it lies there.
 *
 * <p>Who fills a file in large pieces, or reads it from one end to the other, leaves it in the
 * cache in pages of up to 2 MiB. To store 4 KiB there the kernel walks over all 512 blocks of such
 * a page, and so it does again to write them back: 9 to 28 µs for the store and 80 for each block
 * of a flush, against 2 to 4 and 30 where the cache holds nothing and is given pages as small as
 * the store (ext4 of Linux 6.18). So where small stores begin, the cache is asked once, by {@code
 * posix_fadvise(2)}, to let go of what is there.
 *
 * <p>That is a hint: pages that are dirty, or that somebody has mapped, stay, and no byte of the
 * file changes. Where the system has no such call nothing happens. Any thread.
 */
final class CachedPages implements AutoCloseable {

    /** As large as a page in the cache may be. */
    private static final long UNIT_BYTES = 2 << 20;

    /** A store of more than this is worth the walk. */
    private static final long SMALL_BYTES = 64 << 10;

    /** From {@code bits/fcntl.h} and {@code asm-generic/fcntl.h} of Linux. */
    private static final int POSIX_FADV_DONTNEED = 4;

    private static final int O_RDONLY_CLOEXEC = 02000000;

    private static final @Nullable Calls CALLS = Calls.find();

    private final int descriptor;

    /** One bit for each unit that was asked for. */
    private final AtomicLongArray asked;

    private boolean closed;

    private CachedPages(int descriptor, long bytes) {
        this.descriptor = descriptor;
        this.asked =
                new AtomicLongArray(Math.toIntExact(Math.ceilDiv(bytes, UNIT_BYTES * Long.SIZE)));
    }

    /** Of a file that is as long. */
    static CachedPages of(Path path, long bytes) {
        return new CachedPages(CALLS == null ? -1 : CALLS.open(path), bytes);
    }

    /** Of a file that is never asked for. */
    static CachedPages none() {
        return new CachedPages(-1, 0);
    }

    /** A store of so many bytes is about to be made there. */
    void storing(long offset, long length) {
        if (length > SMALL_BYTES || descriptor < 0) {
            return;
        }
        for (long unit = offset / UNIT_BYTES; unit * UNIT_BYTES < offset + length; unit++) {
            int word = Math.toIntExact(unit / Long.SIZE);
            long bit = 1L << unit;
            if ((asked.get(word) & bit) == 0
                    && (asked.getAndUpdate(word, w -> w | bit) & bit) == 0) {
                letGo(unit * UNIT_BYTES);
            }
        }
    }

    private synchronized void letGo(long from) {
        if (!closed && CALLS != null) {
            CALLS.letGo(descriptor, from, UNIT_BYTES);
        }
    }

    @Override
    public synchronized void close() {
        if (!closed && CALLS != null && descriptor >= 0) {
            CALLS.close(descriptor);
        }
        closed = true;
    }

    /** The system calls; what they answer is of no interest, but for the descriptor. */
    private record Calls(MethodHandle open, MethodHandle fadvise, MethodHandle close) {

        // Native access is what this class is for; the launch flags allow it.
        @SuppressWarnings("restricted")
        static @Nullable Calls find() {
            if (!System.getProperty("os.name", "").equals("Linux")
                    || ValueLayout.ADDRESS.byteSize() != Long.BYTES) {
                return null;
            }
            Linker linker = Linker.nativeLinker();
            SymbolLookup symbols = linker.defaultLookup();
            return new Calls(
                    linker.downcallHandle(
                            symbols.findOrThrow("open"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_INT),
                            Linker.Option.firstVariadicArg(2)),
                    linker.downcallHandle(
                            symbols.findOrThrow("posix_fadvise"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT)),
                    linker.downcallHandle(
                            symbols.findOrThrow("close"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)));
        }

        int open(Path path) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment name = arena.allocateFrom(path.toAbsolutePath().toString());
                return (int) open.invokeExact(name, O_RDONLY_CLOEXEC);
            } catch (Throwable e) {
                throw new LinkageError("cannot call open", e);
            }
        }

        void letGo(int descriptor, long from, long length) {
            try {
                int _ = (int) fadvise.invokeExact(descriptor, from, length, POSIX_FADV_DONTNEED);
            } catch (Throwable e) {
                throw new LinkageError("cannot call posix_fadvise", e);
            }
        }

        void close(int descriptor) {
            try {
                int _ = (int) close.invokeExact(descriptor);
            } catch (Throwable e) {
                throw new LinkageError("cannot call close", e);
            }
        }
    }
}
