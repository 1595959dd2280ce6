package dev.outlay.server.rpc;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** The file of a Unix socket: made by listening, left behind by a crash. */
final class UnixSocketFile {
    /** {@code sizeof(sun_path)} less its closing NUL, in {@code sys/un.h} of Linux. */
    private static final int PATH_BYTES_MAX = 107;

    private static final String ADVICE = "choose another path in unix-socket";

    private UnixSocketFile() {}

    /**
     * Makes room to listen at {@code path}: removes a socket that nobody listens on any more, and
     * nothing else.
     */
    static void prepare(Path path) throws ListenException {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > PATH_BYTES_MAX) {
            throw new ListenException(
                    "the path of the Unix socket "
                            + path
                            + " has "
                            + bytes
                            + " bytes, more than "
                            + PATH_BYTES_MAX
                            + " - "
                            + ADVICE);
        }
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null && !Files.isDirectory(directory)) {
            throw new ListenException(
                    "there is no folder "
                            + directory
                            + " for the Unix socket - make it, with the permissions of those who"
                            + " may connect, or "
                            + ADVICE);
        }
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            if (!isSocket(path)) {
                throw new ListenException(path + " is there and is no socket - " + ADVICE);
            }
            if (isListenedOn(path)) {
                throw new ListenException(
                        "somebody listens on the Unix socket "
                                + path
                                + " already - stop that server, or "
                                + ADVICE);
            }
            Files.delete(path);
        } catch (IOException e) {
            throw new ListenException(
                    "the left-over Unix socket "
                            + path
                            + " cannot be removed: "
                            + e.getMessage()
                            + " - remove it, or "
                            + ADVICE,
                    e);
        }
    }

    private static boolean isSocket(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther();
    }

    private static boolean isListenedOn(Path path) {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return probe.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
