package dev.outlay.server.config;

import dev.outlay.core.value.Limits;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an operator chooses. Every key with its unit, range and default is explained in the resource
 * {@code outlay.conf}; a key that is left out has the default of {@link #DEFAULT}.
 *
 * <p>A {@code ServerConfig} is checked: ranges and the relations between keys hold.
 *
 * @param listen where gRPC is served over TCP
 * @param allowPlaintextOffHost whether the addresses may be reachable from other hosts, in the
 *     clear
 * @param unixSocket where gRPC is served as a Unix socket, too; empty: nowhere
 * @param httpListen where metrics and health are served; empty: nowhere
 * @param dataDirectory journals, checkpoints and the server's identity
 * @param requireVolumes whether a volume that cannot be opened keeps the server from starting
 * @param lease what clients get, and the bounds of what they may ask for
 * @param maxIo longest I/O time a client may declare
 * @param recall how long a client may take to answer a recall
 * @param journalSegmentBytes length of one preallocated file of a journal
 * @param snapshotThresholdBytes journal behind the checkpoint after which that is made durable
 *     again, and the journal before it goes
 * @param shutdownTimeout how long a graceful stop waits for answers under way
 * @param limits what bounds the server's memory
 * @param fence how clients that end without their own word are made sure to store no more
 * @param history where it is written down who could touch which bytes
 */
public record ServerConfig(
        ListenAddress listen,
        boolean allowPlaintextOffHost,
        Optional<Path> unixSocket,
        Optional<ListenAddress> httpListen,
        Path dataDirectory,
        boolean requireVolumes,
        Lease lease,
        Duration maxIo,
        Duration recall,
        long journalSegmentBytes,
        long snapshotThresholdBytes,
        Duration shutdownTimeout,
        ServerLimits limits,
        Fence fence,
        History history) {

    /** What clients get without asking, and the shortest and longest they are granted. */
    public record Lease(Duration standard, Duration min, Duration max) {
        /** The lease granted to who asks for {@code requested}; zero asks for the standard one. */
        public Duration grant(Duration requested) {
            if (requested.isZero()) {
                return standard;
            }
            return requested.compareTo(min) < 0
                    ? min
                    : requested.compareTo(max) > 0 ? max : requested;
        }
    }

    /** The limits that every volume works within. */
    public Limits volumeLimits() {
        return Limits.DEFAULT
                .with(limits.clients(), limits.outstandingOperations())
                .withRecall((int) recall.toMillis());
    }

    /**
     * What bounds the server's memory.
     *
     * @param messageBytes longest gRPC message, either way
     * @param connections most TCP and Unix socket connections at a time
     * @param volumes most volumes of the server
     * @param clients most clients of one volume, remembered ones included
     * @param outstandingOperations most unacknowledged answers kept for one client of one volume
     * @param extentBytes memory that the extents of all files may take, about: those that are not
     *     used go, and come back from the checkpoint; empty: a quarter of the heap
     */
    public record ServerLimits(
            int messageBytes,
            int connections,
            int volumes,
            int clients,
            int outstandingOperations,
            Optional<Long> extentBytes) {}

    /** Who makes sure that a client which ended without its own word stores no more. */
    public enum FenceDriver {
        /** An operator, by {@code outlay quarantine confirm}. */
        MANUAL,
        /** A program of the operator's. */
        COMMAND,
        /** A process on the client's host, {@code outlay fence-agent}. */
        AGENT
    }

    /**
     * How clients are fenced.
     *
     * @param command the program and its first arguments; empty but for {@link FenceDriver#COMMAND}
     * @param timeout how long one attempt may take
     * @param retryMin pause after the first failure; each further one doubles it
     * @param retryMax longest pause
     */
    public record Fence(
            FenceDriver driver,
            List<String> command,
            Duration timeout,
            Duration retryMin,
            Duration retryMax) {
        public Fence {
            command = List.copyOf(command);
        }
    }

    /**
     * The exposure log.
     *
     * @param folder where it is written, a folder for each volume; empty: nowhere
     * @param fileBytes a new file is begun when so much has been written behind the state that one
     *     begins with
     * @param keepFiles how many files of a volume are kept
     */
    public record History(Optional<Path> folder, long fileBytes, int keepFiles) {}

    public static final ServerConfig DEFAULT =
            new ServerConfig(
                    new ListenAddress("127.0.0.1", 7430),
                    false,
                    Optional.empty(),
                    Optional.of(new ListenAddress("127.0.0.1", 7431)),
                    Path.of("outlay-data"),
                    false,
                    new Lease(Duration.ofSeconds(30), Duration.ofSeconds(1), Duration.ofHours(1)),
                    Duration.ofMinutes(1),
                    Duration.ofSeconds(10),
                    64L << 20,
                    4L << 20,
                    Duration.ofSeconds(20),
                    new ServerLimits(4 << 20, 1024, 1024, 100_000, 1024, Optional.empty()),
                    new Fence(
                            FenceDriver.MANUAL,
                            List.of(),
                            Duration.ofSeconds(30),
                            Duration.ofSeconds(1),
                            Duration.ofMinutes(5)),
                    new History(Optional.empty(), 64L << 20, 16));

    /**
     * Reads a file.
     *
     * @param overrides keys and values of the command line, which count more than the file's
     * @throws ConfigException if anything in it is not understood, out of range or contradictory
     */
    public static ServerConfig load(Path file, Map<String, String> overrides)
            throws ConfigException {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ConfigException(
                    List.of(file + ": no such file; leave the option out to run on defaults"));
        } catch (CharacterCodingException e) {
            throw new ConfigException(List.of(file + ": is not a text in UTF-8"));
        } catch (IOException e) {
            throw new ConfigException(List.of(file + ": cannot be read: " + e.getMessage()));
        }
        return parse(file.toString(), text, overrides);
    }

    /** As {@link #load}, with the text at hand; {@code name} is how messages call it. */
    public static ServerConfig parse(String name, String text, Map<String, String> overrides)
            throws ConfigException {
        return new ConfigReader(ConfigFile.parse(name, text).with(overrides)).read();
    }
}
