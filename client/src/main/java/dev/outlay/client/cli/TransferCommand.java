package dev.outlay.client.cli;

import dev.outlay.client.BlockFile;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * A command that moves a whole file between this host and the device, in a session of its own that
 * ends with it.
 */
abstract class TransferCommand extends ClientCommand {

    /** Moved at a time; the unit in which an interrupt is noticed. */
    static final int PIECE_BYTES = 4 << 20;

    @Option(names = "--sha256", description = "Compute the SHA-256 of the bytes, and show it.")
    private boolean sha256;

    @Option(
            names = "--through-server",
            description =
                    "Send the bytes through the server: for a host that does not reach the device.")
    private boolean throughServer;

    private @Nullable MessageDigest digest;

    /** What failures are about, if they do not say it themselves. */
    abstract Object subject();

    /** Moves the bytes. */
    abstract ExitCode transfer(LayoutClient client, Interruption interruption)
            throws IOException, CommandFailure;

    @Override
    final ExitCode run() throws IOException, CommandFailure {
        digest = sha256 ? newDigest() : null;
        try (Interruption interruption = new Interruption();
                LayoutClient client =
                        LayoutClient.connect(
                                server().client(SessionFile.newOwner())
                                        .throughServer(throughServer))) {
            return transfer(client, interruption);
        } catch (OutlayException e) {
            throw About.name(subject(), e);
        }
    }

    /** Counts the first bytes of a piece into the digest, if one is wanted. */
    final void digest(byte[] piece, int length) {
        if (digest != null) {
            digest.update(piece, 0, length);
        }
    }

    /** The digest of all bytes so far, if one is wanted. */
    final Optional<String> sha256() {
        return Optional.ofNullable(digest).map(d -> HexFormat.of().formatHex(d.digest()));
    }

    /** A progress line, where standard error is a terminal. */
    final Progress progress(String what, long totalBytes) {
        return new Progress(err(), Progress.isTerminal(), what, totalBytes, System::nanoTime);
    }

    /** Prints what was moved. */
    final void report(Output output, String done, VolumePath name, long bytes, long nanos) {
        Optional<String> sum = sha256();
        if (output.isJson()) {
            Map<String, Object> json =
                    Output.object(
                            "volume",
                            name.volume(),
                            "path",
                            name.path(),
                            "sizeBytes",
                            bytes,
                            "millis",
                            nanos / 1_000_000);
            sum.ifPresent(hex -> json.put("sha256", hex));
            output.json(json);
            return;
        }
        output.line(
                done
                        + ": "
                        + Facts.size(bytes)
                        + " in "
                        + Amounts.millis(nanos / 1_000_000)
                        + ", "
                        + Amounts.rate(bytes, nanos));
        sum.ifPresent(hex -> output.line("sha256 " + hex));
    }

    /**
     * Copies a file up to the size it has when its end is reached.
     *
     * @return how many bytes
     */
    final long copy(BlockFile file, OutputStream out, Progress progress, Interruption interruption)
            throws IOException, CommandFailure {
        byte[] piece = new byte[PIECE_BYTES];
        long bytes = 0;
        while (true) {
            interruption.check();
            int read = file.read(ByteBuffer.wrap(piece), bytes);
            if (read <= 0) {
                return bytes;
            }
            digest(piece, read);
            out.write(piece, 0, read);
            bytes += read;
            progress.at(bytes);
        }
    }

    /** Sends a file to standard output, and its digest, if one is wanted, to standard error. */
    final void toStandardOutput(LayoutClient client, VolumePath name, Interruption interruption)
            throws IOException, CommandFailure {
        try (BlockFile file = client.open(name.volume(), name.path(), StandardOpenOption.READ);
                Progress none = new Progress(err(), false, "", -1, System::nanoTime)) {
            copy(file, System.out, none, interruption);
        }
        System.out.flush();
        if (System.out.checkError()) {
            throw new CommandFailure(
                    "standard output was closed before all of " + name + " was written",
                    "look at the command that reads it");
        }
        sha256().ifPresent(hex -> note("sha256 " + hex + "  " + name));
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
