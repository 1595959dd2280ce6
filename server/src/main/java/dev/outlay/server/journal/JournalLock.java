package dev.outlay.server.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps a volume's directory to one server: an exclusive lock on the file {@code lock}, which holds
 * the id of the process. It ends with the process, however that ends. Any thread.
 */
public final class JournalLock implements AutoCloseable {

    private static final String FILE_NAME = "lock";
    private static final int MAX_HOLDER_BYTES = 256;

    /**
     * Directories locked by this process. Asked first, because closing any channel of a file gives
     * up all locks that the process has on it (fcntl(2)).
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private JournalLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Locks a directory that exists.
     *
     * @throws VolumeLockedException naming the holder, if it is locked
     */
    public static JournalLock acquire(Path directory) throws IOException {
        Path real = directory.toRealPath();
        String self = "pid " + ProcessHandle.current().pid();
        if (!HELD.add(real)) {
            throw locked(real, self + ", this very process");
        }
        FileChannel channel = null;
        try {
            channel =
                    FileChannel.open(
                            real.resolve(FILE_NAME),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw locked(real, holder(channel));
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap((self + "\n").getBytes(StandardCharsets.UTF_8)), 0);
            return new JournalLock(real, channel);
        } catch (Throwable e) {
            if (channel != null) {
                channel.close();
            }
            HELD.remove(real);
            throw e;
        }
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(MAX_HOLDER_BYTES);
        channel.read(text, 0);
        String holder = StandardCharsets.UTF_8.decode(text.flip()).toString().strip();
        return holder.isEmpty() ? "a process that did not leave its id" : holder;
    }

    private static VolumeLockedException locked(Path directory, String holder) {
        return new VolumeLockedException(
                "%s is in use by %s; stop that server first".formatted(directory, holder));
    }

    /**
     * Gives the directory free; the file stays, for removing it would race with the next holder.
     */
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            channel.close();
            HELD.remove(directory);
        }
    }
}
