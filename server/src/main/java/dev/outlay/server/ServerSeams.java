package dev.outlay.server;

import dev.outlay.server.engine.BootClock;
import dev.outlay.server.engine.MonotonicClock;
import dev.outlay.server.journal.FileJournalStorage;
import dev.outlay.server.journal.JournalStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.function.Function;

/**
 * What a server takes from its machine, to be replaced where a failure of the machine is played.
 *
 * @param clock runs through suspend; leases are counted on it
 * @param wallClock for times that are shown; nothing is decided by it
 * @param journals the storage of a journal in a directory
 */
public record ServerSeams(
        MonotonicClock clock, InstantSource wallClock, Function<Path, JournalStorage> journals) {

    /** The machine itself. */
    public static ServerSeams system() {
        return new ServerSeams(BootClock.system(), InstantSource.system(), ServerSeams::onDisk);
    }

    private static JournalStorage onDisk(Path directory) {
        try {
            return FileJournalStorage.of(directory, FileJournalStorage.WriteMode.AUTO);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
