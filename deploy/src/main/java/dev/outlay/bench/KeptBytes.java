package dev.outlay.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/** What a server has kept in its folder, and how fast it could be read at best. */
final class KeptBytes {

    private static final int CHUNK_BYTES = 1 << 20;

    private final Path folder;
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    private final ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK_BYTES);

    KeptBytes(Path folder) {
        this.folder = folder;
    }

    /**
     * Reads it from one end to the other, and sums it up, in milliseconds. A file is read up to its
     * first megabyte of zeros: from there on it is prepared for what is written later.
     */
    double readMillis() throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(folder)) {
            files = walk.filter(Files::isRegularFile).toList();
        }
        CRC32C crc = new CRC32C();
        long start = System.nanoTime();
        for (Path file : files) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                while (channel.read(chunk.clear()) > 0 && !isZero(chunk.flip())) {
                    crc.update(chunk);
                }
            }
        }
        return (System.nanoTime() - start) / 1e6;
    }

    private boolean isZero(ByteBuffer bytes) {
        return bytes.mismatch(zeros.clear().limit(bytes.limit())) < 0;
    }
}
