package dev.outlay.client.cli;

import dev.outlay.client.BlockFile;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Copies a local file to a volume. It is written under another name and renamed once all of it is
 * durable: readers see the old file or the new one, and an interrupted copy leaves the old one.
 */
@Command(
        name = "put",
        header = "Copies a local file to a volume.",
        description =
                "The bytes go straight to the device. What stood at the destination is replaced once the copy is whole and durable.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  outlay put movie.mkv data:/movies/",
            "  outlay put movie.mkv data:/movies/m.mkv --sha256",
            "  tar c dir | outlay put - data:/dir.tar"
        })
final class PutCommand extends TransferCommand {

    private static final String STDIN = "-";
    private static final long COMMIT_EVERY_BYTES = 64L << 20;

    @Parameters(index = "0", paramLabel = "LOCAL|-", description = "The file; - is standard input.")
    private String local = "";

    @Parameters(
            index = "1",
            paramLabel = "VOLUME:/PATH",
            converter = VolumePath.Converter.class,
            description = "Its new name, or a directory that keeps the name it has here.")
    private VolumePath to = new VolumePath("", "/");

    @Option(
            names = "--mode",
            paramLabel = "OCTAL",
            defaultValue = "644",
            converter = Converters.Mode.class,
            description = "Permission bits. Default: 644.")
    private int mode;

    @Option(names = "--json", description = "Answer with one JSON document.")
    private boolean json;

    @Override
    Object subject() {
        return to;
    }

    @Override
    ExitCode transfer(LayoutClient client, Interruption interruption)
            throws IOException, CommandFailure {
        VolumePath target = target(client);
        VolumePath temporary = target.parent().child("." + target.name() + ".put-" + nonce());
        long size = local.equals(STDIN) ? -1 : Files.size(Path.of(local));
        long bytes;
        long nanos;
        try (InputStream in = open();
                Progress progress = progress("put " + target, size)) {
            client.create(target.volume(), temporary.path(), mode);
            try {
                bytes = copy(client, temporary, in, progress, interruption);
                interruption.check();
                client.rename(target.volume(), temporary.path(), target.path());
            } catch (IOException | CommandFailure | RuntimeException e) {
                remove(client, temporary, e);
                throw e;
            }
            nanos = progress.elapsedNanos();
        }
        report(new Output(out(), json), "put " + target, target, bytes, nanos);
        return ExitCode.OK;
    }

    private VolumePath target(LayoutClient client) throws OutlayException {
        Path name = Path.of(local).getFileName();
        if (local.equals(STDIN) || name == null) {
            return to;
        }
        return NameCommands.target(client, new VolumePath("", "/" + name), to);
    }

    private InputStream open() throws IOException {
        if (!local.equals(STDIN)) {
            return Files.newInputStream(Path.of(local));
        }
        // A channel, unlike System.in, can be interrupted.
        return Channels.newInputStream(new FileInputStream(FileDescriptor.in).getChannel());
    }

    private long copy(
            LayoutClient client,
            VolumePath temporary,
            InputStream in,
            Progress progress,
            Interruption interruption)
            throws IOException, CommandFailure {
        byte[] piece = new byte[PIECE_BYTES];
        long bytes = 0;
        long asked = 0;
        CompletableFuture<Void> ahead = CompletableFuture.completedFuture(null);
        try (BlockFile file =
                client.open(temporary.volume(), temporary.path(), StandardOpenOption.WRITE)) {
            while (true) {
                int length = interruption.read(in, piece);
                if (length == 0) {
                    break;
                }
                digest(piece, length);
                file.write(ByteBuffer.wrap(piece, 0, length), bytes);
                bytes += length;
                progress.at(bytes);
                if (bytes - asked >= COMMIT_EVERY_BYTES) {
                    if (ahead.isCompletedExceptionally()) {
                        // Says why, unless it works by now.
                        file.commit();
                    }
                    ahead = file.commitAsync();
                    asked = bytes;
                }
            }
            file.commit();
        }
        return bytes;
    }

    private static void remove(LayoutClient client, VolumePath temporary, Exception failure) {
        try {
            client.remove(temporary.volume(), temporary.path());
        } catch (OutlayException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private static String nonce() {
        return Long.toHexString(System.nanoTime());
    }
}
