package dev.outlay.server.scenario;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that copies a local file into the volume, or out of it, by the client library. */
final class CopyProcess {
    private static final int PIECE_BYTES = 4 << 20;
    private static final long PATIENCE_SECONDS = 300;

    private CopyProcess() {}

    static void put(String address, Path local, String name, Path log) throws Exception {
        run(log, "put", address, local.toString(), name);
    }

    static void get(String address, String name, Path local, Path log) throws Exception {
        run(log, "get", address, local.toString(), name);
    }

    private static void run(Path log, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(Jvm.command(CopyProcess.class));
        command.addAll(List.of(arguments));
        Process process =
                new ProcessBuilder(command)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .start();
        boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly();
        if (!ended || process.exitValue() != 0) {
            throw new AssertionError(
                    String.join(" ", arguments) + " failed:\n" + Files.readString(log));
        }
    }

    /** The process: {@code put|get address local name}. */
    public static void main(String[] args) throws IOException {
        Path local = Path.of(args[2]);
        String remote = "/" + args[3];
        try (LayoutClient client = LayoutClient.connect(ClientOptions.to(args[1], args[0]))) {
            if (args[0].equals("put")) {
                put(client, local, remote);
            } else {
                get(client, remote, local);
            }
        }
    }

    private static void put(LayoutClient client, Path local, String remote) throws IOException {
        try (InputStream in = Files.newInputStream(local);
                BlockFile file =
                        client.open(
                                ScenarioServer.VOLUME,
                                remote,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.CREATE_NEW)) {
            long at = 0;
            for (byte[] piece = in.readNBytes(PIECE_BYTES);
                    piece.length > 0;
                    piece = in.readNBytes(PIECE_BYTES)) {
                file.write(ByteBuffer.wrap(piece), at);
                at += piece.length;
            }
            file.commit();
        }
    }

    private static void get(LayoutClient client, String remote, Path local) throws IOException {
        try (OutputStream out = Files.newOutputStream(local);
                BlockFile file = client.open(ScenarioServer.VOLUME, remote)) {
            ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
            for (long at = 0; file.read(piece.clear(), at) > 0; at += piece.position()) {
                out.write(piece.array(), 0, piece.position());
            }
        }
    }
}
