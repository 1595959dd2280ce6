package dev.outlay.server.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A real directory. Preallocated files are written with {@code O_DIRECT | O_DSYNC} where the file
 * system takes it, so that a write is durable when it returns and no page cache can lie about it;
 * otherwise, and for files that grow, by a plain write and {@code fdatasync}.
 *
 * <p>Why direct: a zero-filled direct segment keeps its latency while others write to the same disk
 * (architecture.md, Durability).
 */
public final class FileJournalStorage implements JournalStorage {

    private static final ByteBuffer ZEROS = Sectors.allocate(1 << 20);

    /** By name, because javac warns of this class in a way that cannot be silenced. */
    private static final String DIRECT_CLASS = "com.sun.nio.file.ExtendedOpenOption";

    private static final Optional<OpenOption> DIRECT = directOption();

    /** How preallocated files are written. */
    public enum WriteMode {
        /** Direct where the file system takes it. */
        AUTO,
        /** Through the page cache, then {@code fdatasync}. */
        BUFFERED
    }

    private final Path directory;
    private final WriteMode mode;

    private FileJournalStorage(Path directory, WriteMode mode) {
        this.directory = directory;
        this.mode = mode;
    }

    /** The storage in a directory that exists. */
    public static FileJournalStorage of(Path directory, WriteMode mode) throws IOException {
        return new FileJournalStorage(directory.toRealPath(), mode);
    }

    @Override
    public List<String> list() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .forEach(file -> names.add(String.valueOf(file.getFileName())));
        }
        return names;
    }

    @Override
    public JournalFile create(String name, long lengthBytes) throws IOException {
        Path file = directory.resolve(name);
        requireSpace(name, lengthBytes);
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        if (lengthBytes == 0) {
            return new ChannelFile(file, channel, false);
        }
        try {
            fillWithZeros(channel, lengthBytes);
            channel.close();
        } catch (IOException e) {
            // Asked before the file gives its space back.
            long missing = lengthBytes - channel.size();
            boolean full = usableBytes() < missing || isOutOfSpace(e);
            channel.close();
            Files.deleteIfExists(file);
            String message = "cannot fill %s: %s".formatted(file, e.getMessage());
            throw full ? new JournalFullException(message, e) : new IOException(message, e);
        }
        Optional<FileChannel> direct =
                direct(file, true, StandardOpenOption.WRITE, StandardOpenOption.DSYNC);
        return direct.isPresent()
                ? new ChannelFile(file, direct.get(), true)
                : new ChannelFile(file, FileChannel.open(file, StandardOpenOption.WRITE), false);
    }

    @Override
    public JournalFile open(String name) throws IOException {
        Path file = directory.resolve(name);
        Optional<FileChannel> direct = direct(file, false, StandardOpenOption.READ);
        return direct.isPresent()
                ? new ChannelFile(file, direct.get(), false)
                : new ChannelFile(file, FileChannel.open(file, StandardOpenOption.READ), false);
    }

    @Override
    public long length(String name) throws IOException {
        return Files.size(directory.resolve(name));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Files.move(
                directory.resolve(from),
                directory.resolve(to),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(directory.resolve(name));
    }

    @Override
    public void truncate(String name, long lengthBytes) throws IOException {
        try (FileChannel channel =
                FileChannel.open(directory.resolve(name), StandardOpenOption.WRITE)) {
            channel.truncate(lengthBytes);
        }
    }

    @Override
    public void syncDirectory() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public String describe(String name) {
        return directory.resolve(name).toString();
    }

    /** A direct channel that has proved to work, if there can be one. */
    private Optional<FileChannel> direct(Path file, boolean write, OpenOption... options)
            throws IOException {
        if (mode != WriteMode.AUTO
                || DIRECT.isEmpty()
                || Files.getFileStore(file).getBlockSize() > Sectors.BYTES) {
            return Optional.empty();
        }
        List<OpenOption> all = new ArrayList<>(List.of(options));
        all.add(DIRECT.get());
        FileChannel channel;
        try {
            channel = FileChannel.open(file, all.toArray(OpenOption[]::new));
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.empty();
        }
        try {
            ByteBuffer sector = Sectors.allocate(Sectors.BYTES);
            if (write) {
                channel.write(sector, 0);
            } else {
                channel.read(sector, 0);
            }
            return Optional.of(channel);
        } catch (IOException e) {
            channel.close();
            return Optional.empty();
        }
    }

    private static Optional<OpenOption> directOption() {
        try {
            for (Object option : Class.forName(DIRECT_CLASS).getEnumConstants()) {
                if (option instanceof OpenOption direct && option.toString().equals("DIRECT")) {
                    return Optional.of(direct);
                }
            }
        } catch (ClassNotFoundException e) {
            // A runtime without jdk.unsupported: the page cache it is.
            return Optional.empty();
        }
        return Optional.empty();
    }

    private void requireSpace(String name, long lengthBytes) throws IOException {
        long usable = usableBytes();
        if (usable < lengthBytes) {
            throw new JournalFullException(
                    "no space for %s: it needs %d bytes and %d are left; make room in this file system"
                            .formatted(describe(name), lengthBytes, usable));
        }
    }

    private long usableBytes() throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    /** ENOSPC and EDQUOT: Java keeps only their text. */
    private static boolean isOutOfSpace(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains("No space left") || message.contains("quota exceeded");
    }

    private static void fillWithZeros(FileChannel channel, long lengthBytes) throws IOException {
        ByteBuffer zeros = ZEROS.duplicate();
        for (long offset = 0; offset < lengthBytes; ) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), lengthBytes - offset));
            offset += channel.write(zeros, offset);
        }
        channel.force(true);
    }

    private record ChannelFile(Path file, FileChannel channel, boolean durableWrites)
            implements JournalFile {

        @Override
        public long length() throws IOException {
            return channel.size();
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            long length = channel.size();
            int total = 0;
            try {
                while (target.hasRemaining() && offset + total < length) {
                    int read = channel.read(target, offset + total);
                    if (read <= 0) {
                        break;
                    }
                    total += read;
                }
                return total;
            } catch (IOException e) {
                throw new IOException(
                        "cannot read %s at byte %d: %s"
                                .formatted(file, offset + total, e.getMessage()),
                        e);
            }
        }

        @Override
        public void write(ByteBuffer source, long offset) throws IOException {
            long at = offset;
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        }

        @Override
        public void force() throws IOException {
            if (!durableWrites) {
                channel.force(false);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
