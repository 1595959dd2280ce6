package dev.outlay.server.config;

import dev.outlay.server.config.ServerConfig.Fence;
import dev.outlay.server.config.ServerConfig.FenceDriver;
import dev.outlay.server.config.ServerConfig.History;
import dev.outlay.server.config.ServerConfig.Lease;
import dev.outlay.server.config.ServerConfig.ServerLimits;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Turns values into a {@link ServerConfig}: the one place that knows all keys, their ranges and how
 * they depend on each other. Problems are collected, so that a file is mended in one go. Used once.
 */
final class ConfigReader {
    /** Switches off what is optional. */
    private static final String AUTO = "auto";

    private static final String NONE = "none";

    private static final long ALIGNMENT_BYTES = 4096;
    private static final Duration DURATION_MAX = Duration.ofDays(1);

    private final ConfigFile file;
    private final List<String> problems;
    private final TreeSet<String> known = new TreeSet<>();

    ConfigReader(ConfigFile file) {
        this.file = file;
        this.problems = new ArrayList<>(file.problems());
    }

    ServerConfig read() throws ConfigException {
        ServerConfig standard = ServerConfig.DEFAULT;
        ServerConfig config =
                new ServerConfig(
                        value("listen", standard.listen(), ListenAddress::parse),
                        value(
                                "allow-plaintext-off-host",
                                standard.allowPlaintextOffHost(),
                                ConfigReader::flag),
                        value("unix-socket", standard.unixSocket(), optional(ConfigReader::path)),
                        value("http-listen", standard.httpListen(), optional(ListenAddress::parse)),
                        value("data-directory", standard.dataDirectory(), ConfigReader::path),
                        value("require-volumes", standard.requireVolumes(), ConfigReader::flag),
                        new Lease(
                                duration("lease.default", standard.lease().standard()),
                                duration("lease.min", standard.lease().min()),
                                duration("lease.max", standard.lease().max())),
                        duration("max-io", standard.maxIo()),
                        duration("recall.deadline", standard.recall()),
                        bytes(
                                "journal.segment-size",
                                standard.journalSegmentBytes(),
                                1 << 20,
                                1 << 30),
                        bytes(
                                "snapshot.threshold",
                                standard.snapshotThresholdBytes(),
                                1 << 20,
                                1L << 40),
                        duration("shutdown.timeout", standard.shutdownTimeout()),
                        limits(standard.limits()),
                        fence(standard.fence()),
                        history(standard.history()));
        refuseUnknownKeys();
        checkRelations(config);
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return config;
    }

    /** Every key there is, once {@link #read} has returned. */
    SortedSet<String> keys() {
        return Collections.unmodifiableSortedSet(known);
    }

    private ServerLimits limits(ServerLimits standard) {
        return new ServerLimits(
                (int) bytes("limits.message-size", standard.messageBytes(), 64 << 10, 64 << 20),
                count("limits.connections", standard.connections(), 100_000),
                count("limits.volumes", standard.volumes(), 10_000),
                count("limits.clients", standard.clients(), 1_000_000),
                count("limits.outstanding-operations", standard.outstandingOperations(), 65_536),
                value("limits.extent-memory", standard.extentBytes(), ConfigReader::memory));
    }

    private Fence fence(Fence standard) {
        return new Fence(
                value("fence.driver", standard.driver(), ConfigReader::fenceDriver),
                value("fence.command", standard.command(), ConfigReader::command),
                duration("fence.timeout", standard.timeout()),
                duration("fence.retry-min", standard.retryMin()),
                duration("fence.retry-max", standard.retryMax()));
    }

    private History history(History standard) {
        return new History(
                value("history.dir", standard.folder(), optional(ConfigReader::path)),
                bytes("history.file-bytes", standard.fileBytes(), 64 << 10, 1L << 40),
                count("history.keep-files", standard.keepFiles(), 100_000));
    }

    private static FenceDriver fenceDriver(String text) {
        return switch (text) {
            case "manual" -> FenceDriver.MANUAL;
            case "command" -> FenceDriver.COMMAND;
            case "agent" -> FenceDriver.AGENT;
            default -> throw new IllegalArgumentException("is none of manual, command, agent");
        };
    }

    private static List<String> command(String text) {
        if (text.equals(NONE)) {
            return List.of();
        }
        List<String> words = List.of(text.strip().split("\\s+"));
        if (!path(words.getFirst()).isAbsolute()) {
            throw new IllegalArgumentException(
                    "does not begin with the absolute path of a program");
        }
        return words;
    }

    private void checkFence(Fence fence) {
        if (fence.retryMin().compareTo(fence.retryMax()) > 0) {
            refuse(
                    "fence.retry-min",
                    "is more than fence.retry-max (" + Quantity.show(fence.retryMax()) + ")");
        }
        if (fence.driver() == FenceDriver.COMMAND && fence.command().isEmpty()) {
            refuse("fence.driver", "needs a program in fence.command");
        }
        if (fence.driver() != FenceDriver.COMMAND && !fence.command().isEmpty()) {
            refuse("fence.command", "is run only with fence.driver = command");
        }
    }

    private void checkRelations(ServerConfig config) {
        checkFence(config.fence());
        Lease lease = config.lease();
        if (lease.min().compareTo(lease.standard()) > 0) {
            refuse(
                    "lease.min",
                    "is more than lease.default (" + Quantity.show(lease.standard()) + ")");
        }
        if (lease.max().compareTo(lease.standard()) < 0) {
            refuse(
                    "lease.max",
                    "is less than lease.default (" + Quantity.show(lease.standard()) + ")");
        }
        if (config.journalSegmentBytes() % ALIGNMENT_BYTES != 0) {
            refuse("journal.segment-size", "is not a multiple of 4KiB");
        }
        if (!config.allowPlaintextOffHost()) {
            refuseOffHost("listen", config.listen());
            config.httpListen().ifPresent(address -> refuseOffHost("http-listen", address));
        }
    }

    private void refuseOffHost(String key, ListenAddress address) {
        if (!address.isLoopback()) {
            refuse(
                    key,
                    "can be reached from other hosts, and everything sent there is in the clear:"
                            + " who listens on the way gets the secrets of sessions. Listen on"
                            + " 127.0.0.1, or set allow-plaintext-off-host = true if the network"
                            + " between all hosts is trusted");
        }
    }

    private void refuseUnknownKeys() {
        file.values()
                .forEach(
                        (key, value) -> {
                            if (!known.contains(key)) {
                                problems.add(
                                        value.place()
                                                + ": unknown key '"
                                                + key
                                                + "'; did you mean '"
                                                + NearestName.of(key, known)
                                                + "'?");
                            }
                        });
    }

    private Duration duration(String key, Duration standard) {
        return value(
                key,
                standard,
                text -> {
                    Duration duration = Quantity.duration(text);
                    if (duration.isZero() || duration.compareTo(DURATION_MAX) > 0) {
                        throw new IllegalArgumentException("is not within 1ms..1d");
                    }
                    return duration;
                });
    }

    private long bytes(String key, long standard, long min, long max) {
        return value(key, standard, text -> bytes(text, min, max));
    }

    private static long bytes(String text, long min, long max) {
        long bytes = Quantity.bytes(text);
        if (bytes < min || bytes > max) {
            throw new IllegalArgumentException(
                    "is not within " + Quantity.show(min) + ".." + Quantity.show(max));
        }
        return bytes;
    }

    private static Optional<Long> memory(String text) {
        return text.equals(AUTO) ? Optional.empty() : Optional.of(bytes(text, 1 << 20, 1L << 40));
    }

    private int count(String key, int standard, int max) {
        return value(
                key,
                standard,
                text -> {
                    int count = text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
                    if (count < 1 || count > max) {
                        throw new IllegalArgumentException("is not a number of 1.." + max);
                    }
                    return count;
                });
    }

    private static boolean flag(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("is neither true nor false");
        };
    }

    private static Path path(String text) {
        if (text.isBlank() || text.equals(NONE)) {
            throw new IllegalArgumentException("is not a path");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("is not a path", e);
        }
    }

    private static <T> Function<String, Optional<T>> optional(Function<String, T> parser) {
        return text -> text.equals(NONE) ? Optional.empty() : Optional.of(parser.apply(text));
    }

    /** The value of a key; after a problem, which is noted, the default. */
    private <T> T value(String key, T standard, Function<String, T> parser) {
        known.add(key);
        ConfigFile.Value value = file.values().get(key);
        if (value == null) {
            return standard;
        }
        try {
            return parser.apply(value.text());
        } catch (IllegalArgumentException e) {
            refuse(key, String.valueOf(e.getMessage()));
            return standard;
        }
    }

    private void refuse(String key, String why) {
        ConfigFile.Value value = file.values().get(key);
        problems.add(
                value == null
                        ? "default of " + key + ": " + why
                        : value.place() + ": " + key + " = " + value.text() + ": " + why);
    }
}
