package dev.outlay.server.history;

import dev.outlay.core.history.HistoryFormatException;
import dev.outlay.core.history.HistoryLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of a volume's exposure log: {@code history-<number of its first line>.jsonl}, of which
 * only the newest are kept. Lines are gathered in memory until {@link #flush}. After a failure
 * nothing more goes into the file, the good part of which stays: {@link #begin} makes another. One
 * thread.
 */
final class HistoryFiles implements HistoryRecorder.Sink, AutoCloseable {

    private static final Pattern NAME = Pattern.compile("history-[0-9]{20}\\.jsonl");
    private static final int TAIL_BYTES = 1 << 20;
    private static final int BUFFER_BYTES = 64 << 10;

    private final HistoryDisk disk;
    private final long fileBytes;
    private final int keepFiles;
    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(BUFFER_BYTES);
    private HistoryRecorder.@Nullable Last last;
    private HistoryDisk.@Nullable Appending file;
    private long length;
    private long statedAt;
    private boolean unforced;

    HistoryFiles(HistoryDisk disk, long fileBytes, int keepFiles) {
        this.disk = disk;
        this.fileBytes = fileBytes;
        this.keepFiles = keepFiles;
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    private static String name(long firstSeq) {
        return String.format("history-%020d.jsonl", firstSeq);
    }

    // ---- a new file

    @Override
    public HistoryRecorder.Last begin(long nextSeq) throws IOException {
        closeFile();
        HistoryRecorder.Last known = last;
        if (known == null) {
            known = readLast();
            last = known;
        }
        long first = Math.max(nextSeq, known.seq() + 1);
        List<String> before = disk.list();
        while (before.contains(name(first))) {
            // Left behind by a failure, with nothing in it that counts.
            disk.delete(name(first));
            before = disk.list();
        }
        for (int i = 0; i <= before.size() - keepFiles; i++) {
            disk.delete(before.get(i));
        }
        file = disk.create(name(first));
        length = 0;
        statedAt = Long.MAX_VALUE;
        return known;
    }

    /** The last line that can be read; what comes after it is torn. */
    private HistoryRecorder.Last readLast() throws IOException {
        List<String> names = disk.list();
        for (String name : names.reversed()) {
            String tail = new String(disk.tail(name, TAIL_BYTES), StandardCharsets.UTF_8);
            for (String line : tail.lines().toList().reversed()) {
                try {
                    HistoryLine found = HistoryLine.decode(line);
                    return new HistoryRecorder.Last(found.seq(), found.step());
                } catch (HistoryFormatException torn) {
                    // The one before, then.
                }
            }
        }
        return new HistoryRecorder.Last(0, 0);
    }

    // ---- lines

    @Override
    public void line(HistoryLine line) throws IOException {
        byte[] bytes = (line.encode() + "\n").getBytes(StandardCharsets.UTF_8);
        buffer.writeBytes(bytes);
        if (buffer.size() >= BUFFER_BYTES) {
            flush();
        }
    }

    @Override
    public void stated() {
        statedAt = length + buffer.size();
    }

    @Override
    public boolean isFull() {
        return statedAt != Long.MAX_VALUE && length + buffer.size() - statedAt >= fileBytes;
    }

    /** Everything up to the last line is with the operating system. */
    void flush() throws IOException {
        HistoryDisk.Appending to = file;
        if (buffer.size() == 0) {
            return;
        }
        ByteBuffer bytes = ByteBuffer.wrap(buffer.toByteArray());
        buffer.reset();
        if (to == null) {
            throw new IOException(disk.describe() + " has no file to write to");
        }
        try {
            to.append(bytes);
            length += bytes.capacity();
            unforced = true;
        } catch (IOException e) {
            abandon(to);
            throw e;
        }
    }

    /** Everything written outlives a loss of power. */
    void force() throws IOException {
        flush();
        HistoryDisk.Appending to = file;
        if (unforced && to != null) {
            unforced = false;
            try {
                to.force();
            } catch (IOException e) {
                abandon(to);
                throw e;
            }
        }
    }

    /** Nothing half-written stays, if the disk still lets us. */
    private void abandon(HistoryDisk.Appending to) {
        file = null;
        try (to) {
            to.truncate(length);
        } catch (IOException e) {
            // Its last line is torn then, which readers pass over.
        }
    }

    private void closeFile() throws IOException {
        HistoryDisk.Appending to = file;
        if (to != null) {
            force();
            file = null;
            to.close();
        }
        buffer.reset();
        unforced = false;
    }

    @Override
    public void close() throws IOException {
        closeFile();
    }
}
