package dev.outlay.crash;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Where the journal lies: a small file system of its own that can be filled to the last byte, where
 * this user may mount one; otherwise a plain folder that is never full.
 */
final class JournalDisk implements AutoCloseable {

    private static final String SIZE = "size=64m";
    private static final String FILLER = "filler";
    private static final int CHUNK_BYTES = 64 << 10;
    private static final int LEAST_BYTES = 4 << 10;

    private final Path folder;
    private final boolean mounted;
    private final Thread atExit = Thread.ofPlatform().name("unmount").unstarted(this::unmount);

    private JournalDisk(Path folder, boolean mounted) {
        this.folder = folder;
        this.mounted = mounted;
    }

    static JournalDisk mount(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        boolean mounted;
        try {
            mounted =
                    Processes.system("mount", "-t", "tmpfs", "-o", SIZE, "tmpfs", "" + folder) == 0;
        } catch (IOException e) {
            // There is no such program.
            mounted = false;
        }
        JournalDisk disk = new JournalDisk(folder, mounted);
        if (mounted) {
            Runtime.getRuntime().addShutdownHook(disk.atExit);
        }
        return disk;
    }

    Path folder() {
        return folder;
    }

    boolean canBeFull() {
        return mounted;
    }

    /** Takes all the space that is left. */
    void fill() throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        folder.resolve(FILLER),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND)) {
            int bytes = CHUNK_BYTES;
            while (bytes >= LEAST_BYTES) {
                try {
                    int wrote = channel.write(ByteBuffer.allocate(bytes));
                    bytes = wrote < bytes ? bytes / 2 : bytes;
                } catch (IOException e) {
                    // Full for so much; what is left takes less.
                    bytes /= 2;
                }
            }
        }
    }

    /** Gives it back. */
    void free() throws IOException {
        Files.deleteIfExists(folder.resolve(FILLER));
    }

    /** Copies what is on it to where it outlives it. */
    void keep(Path to) throws IOException, InterruptedException {
        if (mounted && Processes.system("cp", "-a", "" + folder, "" + to) != 0) {
            throw new IOException("the journal could not be copied to " + to);
        }
    }

    private void unmount() {
        try {
            // A process that was just killed may still be on its way out.
            for (int i = 0; i < 50; i++) {
                if (Processes.system("umount", "" + folder) == 0) {
                    return;
                }
                Thread.sleep(100);
            }
            System.err.println("crash: " + folder + " is still mounted - unmount it by hand");
        } catch (IOException | InterruptedException e) {
            System.err.println("crash: " + folder + " is still mounted: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        if (mounted) {
            unmount();
            try {
                Runtime.getRuntime().removeShutdownHook(atExit);
            } catch (IllegalStateException e) {
                // The JVM is ending.
                return;
            }
        }
    }
}
