package dev.outlay.bench;

import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.process.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

/**
 * What all benchmarks of a run share.
 *
 * @param stage the folder, on the disk that is measured, and the processes
 * @param quick fewer and shorter rounds, smaller sizes
 * @param device to measure stores on, instead of a plain file; its content is lost
 * @param peer a folder on another file system of the same disk, to hold sync against as well
 * @param results takes what is measured
 * @param progress takes what is being measured
 */
record Bench(
        Stage stage,
        boolean quick,
        Optional<Path> device,
        Optional<Path> peer,
        Results results,
        Progress progress) {

    private static final Path TMPFS = Path.of("/dev/shm");
    private static final long NANOS_PER_MILLI = 1_000_000;

    int rounds() {
        return quick ? 3 : 7;
    }

    /** Rounds that count for nothing, before those that do. */
    int warmUps() {
        return quick ? 1 : 2;
    }

    /** How long one measurement of one side lasts. */
    long takeNanos() {
        return (quick ? 300 : 1_500) * NANOS_PER_MILLI;
    }

    /** The same for what needs no other process: it settles sooner. */
    long shortTakeNanos() {
        return (quick ? 150 : 750) * NANOS_PER_MILLI;
    }

    /** How long a process works for nothing before it is measured first: until it is compiled. */
    long warmUpNanos() {
        return (quick ? 2_000 : 12_000) * NANOS_PER_MILLI;
    }

    void add(Figure figure) {
        progress.clear();
        results.add(figure);
    }

    /** Something worth knowing besides the figures, a line. */
    void note(String line) {
        results.note(line);
    }

    void failed(Benchmark benchmark, Exception why) {
        Throwable reason = why;
        while (reason instanceof ExecutionException && reason.getCause() != null) {
            reason = reason.getCause();
        }
        String message = reason.getMessage();
        results.failed(
                new Results.Failure(
                        benchmark.name(),
                        message == null || message.isBlank() ? reason.toString() : message));
    }

    void progress(String what) {
        progress.say(what);
    }

    /** A folder in memory with so much room, if this system has one. */
    static Optional<Path> memory(long bytes) throws IOException {
        return Files.isWritable(TMPFS) && room(TMPFS) >= bytes
                ? Optional.of(TMPFS)
                : Optional.empty();
    }

    /** Fails if a folder has less room than that. */
    static void requireRoom(Path folder, long bytes) throws IOException, CommandFailure {
        long room = room(folder);
        if (room < bytes) {
            throw new CommandFailure(
                    "it needs %s in %s, and %s are free"
                            .formatted(Amounts.bytes(bytes), folder, Amounts.bytes(room)),
                    "choose a folder with more room by --dir");
        }
    }

    private static long room(Path folder) throws IOException {
        return Files.getFileStore(folder).getUsableSpace();
    }
}
