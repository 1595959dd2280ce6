package dev.outlay.client.device;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file channel that outlives interrupts.
 *
 * <p>An interrupt of one thread inside {@link FileChannel} closes the channel for all. Here only
 * the interrupted thread gets an error; for the others the file is opened again and their call,
 * which names its position, is made once more. A path that meanwhile leads to another file is
 * refused.
 */
final class DeviceChannel implements AutoCloseable {

    private final Path path;
    private final Set<? extends OpenOption> options;
    private final @Nullable Object fileKey;
    private FileChannel channel;
    private boolean closed;

    /** Something to do with the open channel; it may be done twice. */
    @FunctionalInterface
    interface Call<T> {
        T on(FileChannel channel) throws IOException;
    }

    private DeviceChannel(
            Path path,
            Set<? extends OpenOption> options,
            @Nullable Object fileKey,
            FileChannel channel) {
        this.path = path;
        this.options = options;
        this.fileKey = fileKey;
        this.channel = channel;
    }

    static DeviceChannel open(Path path, Set<? extends OpenOption> options) throws DeviceException {
        try {
            Object fileKey = fileKey(path);
            return new DeviceChannel(path, options, fileKey, FileChannel.open(path, options));
        } catch (IOException e) {
            throw DeviceException.of(path, "open", e);
        } catch (UnsupportedOperationException e) {
            throw DeviceException.of(path, "open", new IOException(e.getMessage(), e));
        }
    }

    /** Makes the call on an open channel; {@code doing} names it in messages. */
    <T> T call(String doing, Call<T> call) throws DeviceException {
        while (true) {
            if (Thread.currentThread().isInterrupted()) {
                throw DeviceException.interrupted(path);
            }
            FileChannel current = current();
            try {
                return call.on(current);
            } catch (ClosedByInterruptException e) {
                throw DeviceException.of(path, doing, e);
            } catch (ClosedChannelException e) {
                // An interrupt of another thread closed it: current() opens it again, or says that
                // it is closed.
            } catch (IOException e) {
                throw DeviceException.of(path, doing, e);
            }
        }
    }

    /** Fills all that remains of {@code target} from {@code position} on. */
    void readFully(ByteBuffer target, long position) throws DeviceException {
        int start = target.position();
        call(
                "read " + target.remaining() + " bytes at " + position,
                file -> {
                    target.position(start);
                    while (target.hasRemaining()) {
                        if (file.read(target, position + target.position() - start) < 0) {
                            throw new EOFException("the device ends before them");
                        }
                    }
                    return target;
                });
    }

    /** Writes all that remains of {@code source} from {@code position} on. */
    void writeFully(ByteBuffer source, long position) throws DeviceException {
        int start = source.position();
        call(
                "write " + source.remaining() + " bytes at " + position,
                file -> {
                    source.position(start);
                    while (source.hasRemaining()) {
                        file.write(source, position + source.position() - start);
                    }
                    return source;
                });
    }

    @Override
    public synchronized void close() throws DeviceException {
        closed = true;
        try {
            channel.close();
        } catch (IOException e) {
            throw DeviceException.of(path, "close", e);
        }
    }

    private synchronized FileChannel current() throws DeviceException {
        if (closed) {
            throw DeviceException.closed(path);
        }
        if (!channel.isOpen()) {
            try {
                if (!Objects.equals(fileKey, fileKey(path))) {
                    throw new DeviceException(
                            DeviceException.Reason.MISMATCH,
                            path,
                            "another file stands there now; open the device again");
                }
                channel = FileChannel.open(path, options);
            } catch (IOException e) {
                throw DeviceException.of(path, "open again", e);
            }
        }
        return channel;
    }

    private static @Nullable Object fileKey(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }
}
