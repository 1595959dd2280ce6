package dev.outlay.client.cli;

import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The private file in which commands keep their session: whoever reads it can act as this client,
 * so only its owner may (mode 0600). While this object is open, other commands on the same file
 * wait. What is written is there whole or not at all. One thread.
 */
final class SessionFile implements AutoCloseable {

    private static final long LOCK_RETRY_MILLIS = 20;
    private static final int OWNER_SUFFIX_BYTES = 4;
    private static final FileAttribute<?> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> PRIVATE_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path file;
    private final FileChannel lock;

    private SessionFile(Path file, FileChannel lock) {
        this.file = file;
        this.lock = lock;
    }

    /** The file that belongs to a server, unless another is named. */
    static Path standard(String server) {
        String state = System.getenv("XDG_STATE_HOME");
        Path base =
                state == null || state.isEmpty()
                        ? Path.of(System.getProperty("user.home", "."), ".local", "state")
                        : Path.of(state);
        return base.resolve("outlay")
                .resolve("session-" + server.replaceAll("[^A-Za-z0-9.-]", "_") + ".json");
    }

    /**
     * Locks the file, which need not be there yet.
     *
     * @param waitMillis how long to wait for another command
     */
    static SessionFile lock(Path file, int waitMillis) throws IOException, CommandFailure {
        Path absolute = file.toAbsolutePath();
        Path folder = Objects.requireNonNullElse(absolute.getParent(), absolute);
        Files.createDirectories(folder, PRIVATE_FOLDER);
        FileChannel channel =
                FileChannel.open(
                        folder.resolve(absolute.getFileName() + ".lock"),
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                        PRIVATE_FILE);
        long end = System.nanoTime() + waitMillis * 1_000_000L;
        while (tryLock(channel) == null) {
            if (System.nanoTime() - end > 0) {
                channel.close();
                throw new CommandFailure(
                        ExitCode.TRY_LATER,
                        "another command has used the session in "
                                + absolute
                                + " for "
                                + Amounts.millis(waitMillis),
                        "wait for it, or use a session of your own with --state FILE");
            }
            pause(channel);
        }
        return new SessionFile(absolute, channel);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private static void pause(FileChannel channel) throws IOException {
        try {
            Thread.sleep(LOCK_RETRY_MILLIS);
        } catch (InterruptedException e) {
            channel.close();
            throw new IOException("interrupted while waiting for another command", e);
        }
    }

    Path path() {
        return file;
    }

    /** What is remembered; nothing and a new owner's name if there is no file. */
    SessionState read() throws IOException, CommandFailure {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            return SessionState.none(newOwner());
        }
        try {
            return SessionState.fromJson(text);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(
                    file + " is damaged: " + e.getMessage(),
                    "remove it; a session it held ends with its lease");
        }
    }

    /** Keeps {@code state} for the next command. */
    void write(SessionState state) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".tmp");
        Files.deleteIfExists(fresh);
        try (FileChannel channel =
                FileChannel.open(
                        fresh,
                        EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PRIVATE_FILE)) {
            ByteBuffer bytes = ByteBuffer.wrap(state.toJson().getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(
                fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Forgets everything. */
    void delete() throws IOException {
        Files.deleteIfExists(file);
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    /** Random, so that two files never supersede each other's session. */
    static String newOwner() {
        byte[] suffix = new byte[OWNER_SUFFIX_BYTES];
        ThreadLocalRandom.current().nextBytes(suffix);
        return "cli/"
                + System.getProperty("user.name", "unknown")
                + "@"
                + hostName()
                + "/"
                + HexFormat.of().formatHex(suffix);
    }

    private static String hostName() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            return "host";
        }
    }
}
