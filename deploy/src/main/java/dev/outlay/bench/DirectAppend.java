package dev.outlay.bench;

import dev.outlay.client.device.DirectIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * What a disk takes for one small durable append, done as well as it can be: into a file that is
 * zero-filled already, past the page cache, one sector block after the other (O_DIRECT | O_DSYNC).
 * Where the file system has no direct I/O, with O_DSYNC alone.
 */
final class DirectAppend implements AutoCloseable {

    private static final int BLOCK = 4096;
    private static final int BLOCKS = 4096;

    private final Path file;
    private final FileChannel channel;
    private final ByteBuffer block =
            ByteBuffer.allocateDirect(2 * BLOCK).alignedSlice(BLOCK).limit(BLOCK).slice();
    private int next;

    private DirectAppend(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    static DirectAppend open(Path folder) throws IOException {
        Path file = Files.createTempFile(folder, "append", ".bin");
        try (FileChannel fill = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(BLOCK * BLOCKS);
            while (zeros.hasRemaining()) {
                fill.write(zeros);
            }
            fill.force(true);
        }
        return new DirectAppend(file, direct(file));
    }

    private static FileChannel direct(Path file) throws IOException {
        try {
            return FileChannel.open(
                    file,
                    Set.of(StandardOpenOption.WRITE, StandardOpenOption.DSYNC, DirectIo.DIRECT));
        } catch (UnsupportedOperationException | IOException e) {
            return FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.DSYNC);
        }
    }

    void append() throws IOException {
        block.clear().limit(BLOCK);
        channel.write(block, (long) (next++ % BLOCKS) * BLOCK);
    }

    /** The median time of an append, in microseconds, over a while. */
    double micros(long nanos) throws IOException {
        long start = System.nanoTime();
        double[] took = new double[1 << 16];
        int count = 0;
        long before = start;
        while (before - start < nanos && count < took.length) {
            append();
            long now = System.nanoTime();
            took[count++] = now - before;
            before = now;
        }
        return Rounds.median(java.util.Arrays.copyOf(took, count)) / 1e3;
    }

    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(file);
    }
}
