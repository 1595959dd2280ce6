package dev.outlay.bench;

import dev.outlay.core.text.CommandFailure;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Plain files that are used as devices. */
final class DeviceFile {

    private static final int CHUNK_BYTES = 4 << 20;

    private DeviceFile() {}

    /** One that is written nowhere: for what measures the server, and stores nothing. */
    static Path sparse(Path file, long bytes) throws IOException {
        try (RandomAccessFile device = new RandomAccessFile(file.toFile(), "rw")) {
            device.setLength(bytes);
        }
        return file;
    }

    /**
     * One that has all its blocks, as a real device has: the file system below it has nothing to
     * allocate and nothing to convert when they are stored to.
     */
    static Path filled(Path file, long bytes) throws IOException, CommandFailure {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Bench.requireRoom(folder, bytes);
        }
        ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK_BYTES);
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (long at = 0; at < bytes; ) {
                zeros.clear().limit((int) Math.min(CHUNK_BYTES, bytes - at));
                at += channel.write(zeros, at);
            }
            channel.force(true);
        }
        return file;
    }
}
