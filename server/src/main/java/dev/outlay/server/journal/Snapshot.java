package dev.outlay.server.journal;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** A snapshot whose checksum was found right. */
public final class Snapshot {

    private final JournalStorage storage;
    private final String name;
    private final long position;
    private final long imageBytes;

    Snapshot(JournalStorage storage, String name, long position, long imageBytes) {
        this.storage = storage;
        this.name = name;
        this.position = position;
        this.imageBytes = imageBytes;
    }

    /** Journal position the image was taken at: replay starts there. */
    public long position() {
        return position;
    }

    public long imageBytes() {
        return imageBytes;
    }

    /** The image, to be read once and closed. */
    public InputStream open() throws IOException {
        return new BufferedInputStream(new ImageInput(storage.open(name), imageBytes), 8192);
    }

    private static final class ImageInput extends InputStream {

        private final JournalFile file;
        private final ByteBuffer chunk;
        private long offset = SnapshotFormat.IMAGE_OFFSET;
        private long left;

        ImageInput(JournalFile file, long left) {
            this.file = file;
            this.left = left;
            this.chunk = Sectors.allocate(SnapshotStore.chunkBytes(left));
            chunk.limit(0);
        }

        @Override
        public int read() throws IOException {
            if (!fill()) {
                return -1;
            }
            left--;
            return chunk.get() & 0xFF;
        }

        @Override
        public int read(byte[] target, int from, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int count = (int) Math.min(Math.min(length, chunk.remaining()), left);
            chunk.get(target, from, count);
            left -= count;
            return count;
        }

        private boolean fill() throws IOException {
            if (left == 0) {
                return false;
            }
            if (!chunk.hasRemaining()) {
                chunk.clear();
                int read = file.read(chunk, offset);
                chunk.flip();
                offset += read;
                if (read == 0) {
                    throw new IOException("the snapshot became shorter while it was read");
                }
            }
            return true;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
