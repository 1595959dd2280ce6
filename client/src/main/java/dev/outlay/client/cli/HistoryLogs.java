package dev.outlay.client.cli;

import dev.outlay.core.history.HistoryCheck;
import dev.outlay.core.history.HistoryFormatException;
import dev.outlay.core.history.HistoryLine;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of exposure logs, by volume and in the order in which they were written; read line by
 * line, so that their length does not matter.
 */
final class HistoryLogs {

    private static final String SUFFIX = ".jsonl";

    /** The files of one volume. */
    record Log(String volume, List<Path> files) {

        /** Gives every line to {@code check}, and tells it of those that cannot be read. */
        void read(HistoryCheck check) throws IOException {
            for (Path file : files) {
                read(file, check);
            }
        }

        private static void read(Path file, HistoryCheck check) throws IOException {
            String name = String.valueOf(file.getFileName());
            try (BufferedReader in =
                    new BufferedReader(
                            new InputStreamReader(
                                    Files.newInputStream(file), StandardCharsets.UTF_8))) {
                long number = 1;
                String line = in.readLine();
                while (line != null) {
                    String next = in.readLine();
                    String place = name + ":" + number;
                    try {
                        check.accept(place, HistoryLine.decode(line));
                    } catch (HistoryFormatException e) {
                        if (next == null && !endsWithLineEnd(file)) {
                            check.torn(place);
                        } else {
                            check.damaged(place, String.valueOf(e.getMessage()));
                        }
                    }
                    line = next;
                    number++;
                }
            }
        }

        private static boolean endsWithLineEnd(Path file) throws IOException {
            try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "r")) {
                if (bytes.length() == 0) {
                    return true;
                }
                bytes.seek(bytes.length() - 1);
                return bytes.read() == '\n';
            }
        }
    }

    private HistoryLogs() {}

    /**
     * The logs in files and folders: those of a volume, or those that have a folder for each
     * volume.
     *
     * @param volume only of this one, or null
     * @throws CommandFailure if there are none
     */
    static List<Log> find(List<Path> places, @Nullable String volume)
            throws IOException, CommandFailure {
        Map<Path, List<Path>> byFolder = new TreeMap<>();
        for (Path place : places) {
            if (Files.isDirectory(place)) {
                collect(place, byFolder);
                try (Stream<Path> folders = Files.list(place)) {
                    for (Path folder : folders.filter(Files::isDirectory).sorted().toList()) {
                        collect(folder, byFolder);
                    }
                }
            } else if (Files.isReadable(place)) {
                add(byFolder, place);
            } else {
                throw unreadable(
                        "'" + place + "' is no file or folder that can be read",
                        "name the folder of history.dir, or files in it");
            }
        }
        Map<String, List<Path>> byVolume = new TreeMap<>();
        for (List<Path> files : byFolder.values()) {
            files.sort(null);
            byVolume.computeIfAbsent(volumeOf(files), name -> new ArrayList<>()).addAll(files);
        }
        List<Log> logs = new ArrayList<>();
        byVolume.forEach(
                (name, files) -> {
                    if (volume == null || volume.equals(name)) {
                        logs.add(new Log(name, List.copyOf(files)));
                    }
                });
        if (logs.isEmpty()) {
            throw unreadable(
                    volume == null || byVolume.isEmpty()
                            ? "there is no exposure log in " + places
                            : "there is no exposure log of volume '" + volume + "' in " + places,
                    byVolume.isEmpty()
                            ? "name the folder of history.dir, or files in it"
                            : "there are those of " + byVolume.keySet());
        }
        return logs;
    }

    private static void collect(Path folder, Map<Path, List<Path>> byFolder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(Files::isRegularFile)
                    .filter(file -> String.valueOf(file.getFileName()).endsWith(SUFFIX))
                    .forEach(file -> add(byFolder, file));
        }
    }

    private static void add(Map<Path, List<Path>> byFolder, Path file) {
        Path folder = file.toAbsolutePath().normalize().getParent();
        byFolder.computeIfAbsent(folder == null ? file : folder, f -> new ArrayList<>()).add(file);
    }

    /** As the first line that can be read says; otherwise the name of the folder. */
    private static String volumeOf(List<Path> files) throws IOException {
        for (Path file : files) {
            try (BufferedReader in =
                    new BufferedReader(
                            new InputStreamReader(
                                    Files.newInputStream(file), StandardCharsets.UTF_8))) {
                String first = in.readLine();
                if (first != null) {
                    return HistoryLine.decode(first).text("volume");
                }
            } catch (HistoryFormatException e) {
                // The next file may say.
            }
        }
        Path folder = files.getFirst().toAbsolutePath().normalize().getParent();
        return folder == null ? "?" : String.valueOf(folder.getFileName());
    }

    static CommandFailure unreadable(String what, String whatToDo) {
        return new CommandFailure(ExitCode.USAGE, what, whatToDo);
    }
}
