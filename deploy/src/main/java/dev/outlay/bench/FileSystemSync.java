package dev.outlay.bench;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.outlay.client.device.DirectIo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What a file system does in place of a committed write: 4 KiB past the page cache into unwritten
 * blocks of a preallocated file, and {@code fdatasync}, by several writers each with a file of its
 * own. Measured by fio where there is one; otherwise this process does the same by itself.
 */
final class FileSystemSync {

    private static final int PIECE_BYTES = 4 << 10;

    /** Of all files; a round that gets to their end would begin again, on written blocks. */
    private static final long ALL_BYTES = 1L << 30;

    private final Path folder;
    private final String kind;
    private final boolean fio;

    private FileSystemSync(Path folder, String kind, boolean fio) {
        this.folder = folder;
        this.kind = kind;
        this.fio = fio;
    }

    static FileSystemSync in(Path folder) throws IOException, InterruptedException {
        return new FileSystemSync(
                folder, Files.getFileStore(folder).type(), answers(List.of("fio", "--version")));
    }

    /** Whether a program is there. */
    private static boolean answers(List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** As {@code ext4}. */
    String kind() {
        return kind;
    }

    /** What the yardstick is, in a few words. */
    String words() {
        return kind + (fio ? ", fio" : "") + ": direct write + fdatasync";
    }

    /** What should be known of this yardstick, if it is not as good as it can be. */
    Optional<String> remark() {
        if (!fio) {
            return Optional.of(
                    "fio is not installed (apt-get install fio, dnf install fio), so that the"
                            + " writes to "
                            + kind
                            + " are made by this program itself");
        }
        return Set.of("ext4", "xfs").contains(kind)
                ? Optional.empty()
                : Optional.of(
                        folder
                                + " is on "
                                + kind
                                + ", neither ext4 nor XFS: choose another with --dir");
    }

    /** Writes a second, all jobs together. */
    double rate(int jobs, long nanos) throws Exception {
        return fio ? byFio(jobs, nanos) : byThisProcess(jobs, nanos);
    }

    private double byFio(int jobs, long nanos) throws Exception {
        Path data = Files.createTempDirectory(folder, "fio-");
        try {
            Process process =
                    new ProcessBuilder(fioCommand(data, jobs, nanos))
                            .directory(data.toFile())
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            String said =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(
                        "fio failed in " + folder + ": " + said.lines().findFirst().orElse(""));
            }
            return writesPerSecond(said);
        } finally {
            remove(data);
        }
    }

    static List<String> fioCommand(Path folder, int jobs, long nanos) {
        return List.of(
                "fio",
                "--name=sync",
                "--directory=" + folder,
                "--rw=write",
                "--bs=" + PIECE_BYTES,
                "--size=" + ALL_BYTES / jobs,
                "--fallocate=posix",
                "--direct=1",
                "--fdatasync=1",
                "--ioengine=psync",
                "--thread",
                "--numjobs=" + jobs,
                "--time_based",
                "--runtime=" + String.format(Locale.ROOT, "%dms", nanos / 1_000_000),
                "--group_reporting",
                "--output-format=json");
    }

    /** What fio says in its document of JSON, before which it may have warned of something. */
    static double writesPerSecond(String said) throws IOException {
        int start = said.indexOf('{');
        if (start < 0) {
            throw new IOException("fio does not answer with JSON: " + said.strip());
        }
        JsonObject document = JsonParser.parseString(said.substring(start)).getAsJsonObject();
        return document.getAsJsonArray("jobs")
                .get(0)
                .getAsJsonObject()
                .getAsJsonObject("write")
                .get("iops")
                .getAsDouble();
    }

    private static void remove(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }

    private double byThisProcess(int jobs, long nanos) throws Exception {
        List<DirectFile> files = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(jobs)) {
            for (int i = 0; i < jobs; i++) {
                files.add(DirectFile.make(folder, ALL_BYTES / jobs));
            }
            return Writers.rate(threads, files, nanos);
        } finally {
            for (DirectFile file : files) {
                file.close();
            }
        }
    }

    /** A preallocated file that is written past the page cache. */
    private static final class DirectFile implements Writers.Writer, Closeable {
        private final Path path;
        private final FileChannel channel;
        private final long bytes;
        private final ByteBuffer piece =
                ByteBuffer.allocateDirect(2 * PIECE_BYTES)
                        .alignedSlice(PIECE_BYTES)
                        .limit(PIECE_BYTES)
                        .slice();
        private long at;

        private DirectFile(Path path, FileChannel channel, long bytes) {
            this.path = path;
            this.channel = channel;
            this.bytes = bytes;
        }

        static DirectFile make(Path folder, long bytes) throws IOException, InterruptedException {
            Path path = Files.createTempFile(folder, "sync-", ".bin");
            if (!answers(List.of("fallocate", "-l", Long.toString(bytes), path.toString()))) {
                Files.deleteIfExists(path);
                throw new IOException(
                        "no file of %d bytes can be preallocated in %s by 'fallocate'; choose a folder on ext4 or XFS with --dir"
                                .formatted(bytes, folder));
            }
            try {
                return new DirectFile(
                        path,
                        FileChannel.open(path, Set.of(StandardOpenOption.WRITE, DirectIo.DIRECT)),
                        bytes);
            } catch (IOException | UnsupportedOperationException e) {
                Files.deleteIfExists(path);
                throw new IOException(
                        "the file system of "
                                + folder
                                + " has no direct I/O; choose a folder on ext4 or XFS with --dir",
                        e);
            }
        }

        @Override
        public void write() throws IOException {
            piece.clear();
            var _ = channel.write(piece, at % bytes);
            channel.force(false);
            at += PIECE_BYTES;
        }

        @Override
        public void close() throws IOException {
            channel.close();
            Files.deleteIfExists(path);
        }
    }
}
