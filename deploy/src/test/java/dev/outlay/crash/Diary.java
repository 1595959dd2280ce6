package dev.outlay.crash;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Lines of text that a process leaves behind whenever it is killed: a mapped file, whose pages the
 * kernel keeps. A line counts once its end is there. One thread.
 */
final class Diary {

    static final int BYTES = 64 << 20;

    /** Room that one line may need. */
    private static final int LINE_MAX = 1 << 20;

    private final MappedByteBuffer page;

    private Diary(MappedByteBuffer page) {
        this.page = page;
    }

    /** A new one; the file is sparse. */
    static Diary create(Path path) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            return new Diary(channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES));
        }
    }

    boolean isFull() {
        return page.remaining() < 2 * LINE_MAX;
    }

    /** Adds a line. */
    void line(String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        int at = page.position();
        page.put(bytes);
        // The end of the line last: what is before it is whole then.
        java.lang.invoke.VarHandle.releaseFence();
        page.put((byte) '\n');
        if (bytes.length >= LINE_MAX) {
            throw new IllegalStateException("a line of " + bytes.length + " bytes at " + at);
        }
    }

    /** Reads what a process has written so far, again and again. */
    static final class Reader {

        private static final int CHUNK_BYTES = 4 << 20;

        private final Path path;
        private long position;

        Reader(Path path) {
            this.path = path;
        }

        /** The whole lines since the last call. */
        List<String> more() throws IOException {
            List<String> lines = new ArrayList<>();
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
                ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
                while (true) {
                    chunk.clear();
                    int read = channel.read(chunk, position);
                    int end = read;
                    while (end > 0 && chunk.get(end - 1) != '\n') {
                        end--;
                    }
                    if (end <= 0) {
                        return lines;
                    }
                    new String(chunk.array(), 0, end, US_ASCII).lines().forEach(lines::add);
                    position += end;
                }
            }
        }
    }
}
