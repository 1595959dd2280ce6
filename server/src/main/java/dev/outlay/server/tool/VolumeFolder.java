package dev.outlay.server.tool;

import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.server.checkpoint.CheckpointStore;
import dev.outlay.server.checkpoint.RocksCheckpoints;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.engine.Volumes;
import dev.outlay.server.journal.FileJournalStorage;
import dev.outlay.server.journal.JournalStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Names a volume by the data directory of its server, for commands that look at its files. */
final class VolumeFolder {

    @Parameters(paramLabel = "NAME", description = "The volume.")
    private String name = "";

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "The server's data directory, as data-directory in its configuration."
                            + " Default: that of a server without one, outlay-data.")
    private Path data = ServerConfig.DEFAULT.dataDirectory();

    String name() {
        return name;
    }

    Path dataDirectory() {
        return data;
    }

    /** The volume's folder, which is there. */
    Path path() throws IOException, CommandFailure {
        Path volumes = data.resolve(Volumes.FOLDER);
        if (!Files.isDirectory(volumes)) {
            throw new CommandFailure(
                    ExitCode.NOT_FOUND,
                    data + " is not the data directory of a server",
                    "name the one of its configuration with --data");
        }
        Path folder = volumes.resolve(name);
        if (name.isEmpty() || name.startsWith(".") || !Files.isDirectory(folder)) {
            throw new CommandFailure(
                    ExitCode.NOT_FOUND,
                    "there is no volume '" + name + "' in " + data,
                    "it has " + names(volumes));
        }
        return folder;
    }

    JournalStorage storage() throws IOException, CommandFailure {
        return FileJournalStorage.of(path(), FileJournalStorage.WriteMode.AUTO);
    }

    CheckpointStore.Place checkpoints() throws IOException, CommandFailure {
        return new RocksCheckpoints(path(), uuid());
    }

    /** The volume's UUID, which its journal and checkpoint must carry. */
    UUID uuid() throws IOException, CommandFailure {
        Path file = path().resolve(Volumes.UUID_FILE);
        try {
            return UUID.fromString(Files.readString(file).strip());
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(
                    file + " does not hold a UUID", "restore it from a copy of the data directory");
        }
    }

    private static String names(Path volumes) throws IOException {
        try (Stream<Path> folders = Files.list(volumes)) {
            List<String> names =
                    folders.map(each -> Objects.toString(each.getFileName()))
                            .filter(each -> !each.startsWith("."))
                            .sorted()
                            .toList();
            return names.isEmpty() ? "no volumes" : String.join(", ", names);
        }
    }
}
