package dev.outlay.server.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Who the server is: a random id that stays with its data directory, and an incarnation that rises
 * at each start, so that clients notice a restart.
 */
public record ServerIdentity(UUID id, long incarnation) {

    private static final String FILE = "server-identity";

    /**
     * Reads the identity in {@code dataDirectory} and raises the incarnation, durably; makes a new
     * one where there is none.
     */
    public static ServerIdentity next(Path dataDirectory, UUID fresh) throws IOException {
        Path file = dataDirectory.resolve(FILE);
        ServerIdentity next =
                Files.exists(file) ? read(file).restarted() : new ServerIdentity(fresh, 1);
        Path temporary = dataDirectory.resolve(FILE + ".tmp");
        try {
            write(temporary, next.id + "\n" + next.incarnation + "\n");
            Files.move(
                    temporary,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            syncDirectory(dataDirectory);
        } catch (IOException e) {
            throw new IOException(
                    "cannot count this start in "
                            + file
                            + ": "
                            + e.getMessage()
                            + " - make room on that disk, or mend it, and start again; nothing is lost",
                    e);
        }
        return next;
    }

    /** The identity as the last start left it; empty if no server has used the directory yet. */
    public static Optional<ServerIdentity> last(Path dataDirectory) throws IOException {
        Path file = dataDirectory.resolve(FILE);
        return Files.exists(file) ? Optional.of(read(file)) : Optional.empty();
    }

    private ServerIdentity restarted() {
        return new ServerIdentity(id, incarnation + 1);
    }

    private static ServerIdentity read(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        try {
            return new ServerIdentity(UUID.fromString(lines.get(0)), Long.parseLong(lines.get(1)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException(
                    file
                            + " is damaged: it should hold a UUID and a number on two lines. Restore it from a copy; devices"
                            + " are labelled with this id",
                    e);
        }
    }

    /** Writes a small file and forces it. */
    static void write(Path file, String text) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    static void syncDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
