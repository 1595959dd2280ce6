package dev.outlay.server.history;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder on disk, readable by the server's user and group alone: a log names clients and files.
 */
record HistoryFolder(Path folder) implements HistoryDisk {

    @Override
    public List<String> list() throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(HistoryFiles::isName)
                    .sorted()
                    .toList();
        }
    }

    @Override
    public byte[] tail(String name, int most) throws IOException {
        try (FileChannel file = FileChannel.open(folder.resolve(name))) {
            long length = file.size();
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(most, length));
            long at = length - bytes.capacity();
            while (bytes.hasRemaining()) {
                int read = file.read(bytes, at + bytes.position());
                if (read < 0) {
                    throw new IOException(describe() + "/" + name + " has become shorter");
                }
            }
            return bytes.array();
        }
    }

    @Override
    public Appending create(String name) throws IOException {
        Files.createDirectories(folder);
        Path path = folder.resolve(name);
        FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        if (Files.getFileStore(path).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
        }
        return new Appending() {
            @Override
            public void append(ByteBuffer bytes) throws IOException {
                while (bytes.hasRemaining()) {
                    int _ = file.write(bytes);
                }
            }

            @Override
            public void truncate(long length) throws IOException {
                file.truncate(length);
                file.position(length);
            }

            @Override
            public void force() throws IOException {
                file.force(false);
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
    }

    @Override
    public String describe() {
        return folder.toString();
    }
}
