package dev.outlay.bench;

import dev.outlay.v1.IoMode;
import dev.outlay.v1.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * {@code curves}: what a MapBlocks READ costs as there is more of something: requests under way,
 * files, extents, sessions. There are no goals: each point is held against the first of its curve,
 * in the same rounds.
 */
final class CurvesBenchmark implements Benchmark {

    private static final List<Integer> IN_FLIGHT = List.of(1, 2, 4, 8, 16, 32, 64, 128, 256);
    private static final List<Integer> FILES = List.of(1, 10, 1_000, 100_000);
    private static final List<Integer> EXTENTS = List.of(100, 10_000, 1_000_000);
    private static final List<Integer> SESSIONS = List.of(10, 100, 1_000, 10_000);
    private static final int QUICK_FILES = 1_000;
    private static final int QUICK_EXTENTS = 10_000;
    private static final int QUICK_SESSIONS = 100;

    /** Under way where something else grows. */
    private static final int LANES = 64;

    /** One session may hold layouts on 32,768 files. */
    private static final int READERS = 4;

    private static final int FILES_AT_ONCE = 32;
    private static final long FILE_BYTES = 64 << 20;
    private static final long DEVICE_BYTES = 1L << 38;

    /** Points are many, and nothing depends on one alone. */
    private static final int PART_OF_TAKE = 3;

    @Override
    public String name() {
        return "curves";
    }

    @Override
    public String work() {
        return "MapBlocks READ against requests in flight, files, extents and sessions: no goals";
    }

    @Override
    public boolean runsOnlyIfNamed() {
        return true;
    }

    @Override
    public void run(Bench bench) throws Exception {
        BenchServer server = BenchServer.start(bench, name(), DEVICE_BYTES);
        try (Streams.Connection connection = new Streams.Connection(server.address())) {
            inFlight(bench, Party.open(connection, "flights", _ -> {}).learnDevices());
            files(bench, connection);
            extents(bench, Party.open(connection, "extents", _ -> {}).learnDevices());
        } finally {
            server.stop();
        }
        sessions(bench);
    }

    private static void inFlight(Bench bench, Party party) throws Exception {
        OpenFile file = Reads.file(party, "mapped", FILE_BYTES);
        bench.progress("curves: warming up");
        var _ = party.driver().drive(lanes(file, LANES), bench.warmUpNanos(), false);
        List<String> names = new ArrayList<>();
        List<Rounds.Take> takes = new ArrayList<>();
        double[][] micros = new double[IN_FLIGHT.size()][bench.rounds()];
        int[] round = new int[IN_FLIGHT.size()];
        for (int i = 0; i < IN_FLIGHT.size(); i++) {
            int point = i;
            List<Reads> lanes = lanes(file, IN_FLIGHT.get(i));
            names.add("curves, %d in flight".formatted(IN_FLIGHT.get(i)));
            takes.add(
                    () -> {
                        StreamDriver.Run run = party.driver().drive(lanes, nanos(bench), true);
                        micros[point][round[point]++] = run.medianMicros(1);
                        return run.repliesPerSecond() / 1e3;
                    });
        }
        points(bench, names, "1000/s", "1 in flight", rates(bench, takes));
        points(
                bench,
                names.stream().map(name -> name + ": median").toList(),
                "us",
                "1 in flight",
                micros);
    }

    private static void files(Bench bench, Streams.Connection connection) throws Exception {
        List<Integer> counts = upTo(FILES, bench.quick() ? QUICK_FILES : Integer.MAX_VALUE);
        List<Party> readers = new ArrayList<>();
        List<List<OpenFile>> own = new ArrayList<>();
        List<OpenFile> shared = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            bench.progress("curves: making files, %d of %d".formatted(i, READERS));
            Party reader = Party.open(connection, "reader-" + i, _ -> {}).learnDevices();
            List<OpenFile> made = make(reader, i, share(counts.getLast(), i));
            OpenFile one = i == 0 ? made.getFirst() : reader.open(own.getFirst().getFirst().id());
            var _ = one.ask(one.map(0, Reads.PIECE_BYTES, IoMode.IO_MODE_READ, 0));
            readers.add(reader);
            own.add(made);
            shared.add(one);
        }
        List<String> names = new ArrayList<>();
        List<Rounds.Take> takes = new ArrayList<>();
        for (int count : counts) {
            List<Crowd.Busy> busy = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                int share = share(count, i);
                List<OpenFile> read =
                        count < READERS ? List.of(shared.get(i)) : own.get(i).subList(0, share);
                busy.add(
                        new Crowd.Busy(
                                readers.get(i),
                                StreamBench.lanes(
                                        LANES / READERS,
                                        _ -> new Reads(read, Reads.PIECE_BYTES, 1, 1))));
            }
            names.add("curves, %,d file%s".formatted(count, count == 1 ? "" : "s"));
            takes.add(() -> 1e3 / Crowd.micros(busy, nanos(bench)));
        }
        points(bench, names, "1000/s", "1 file", rates(bench, takes));
    }

    /** How many of so many files one of the readers has. */
    private static int share(int files, int reader) {
        return Math.ceilDiv(files - reader, READERS);
    }

    /** Files of one written piece each, held for reading. */
    private static List<OpenFile> make(Party party, int reader, int count) throws Exception {
        List<OpenFile> files = new ArrayList<>();
        while (files.size() < count) {
            List<Asked> creations = new ArrayList<>();
            for (int i = files.size(); i < count && creations.size() < FILES_AT_ONCE; i++) {
                creations.add(party.creation("file-" + reader + "-" + i));
            }
            List<OpenFile> made = party.ask(creations).stream().map(party::made).toList();
            List<Reply> mapped = each(party, made, file -> map(file, IoMode.IO_MODE_RW));
            List<Asked> commits = new ArrayList<>();
            for (int i = 0; i < made.size(); i++) {
                commits.add(made.get(i).commit(mapped.get(i).getMapBlocks().getExtentsList()));
            }
            var _ = party.ask(commits);
            var _ = each(party, made, OpenFile::giveBack);
            var _ = each(party, made, file -> map(file, IoMode.IO_MODE_READ));
            files.addAll(made);
        }
        return files;
    }

    private static Asked map(OpenFile file, IoMode mode) {
        return file.map(0, Reads.PIECE_BYTES, mode, 0);
    }

    /** The same of each file, in one message. */
    private static List<Reply> each(
            Party party, List<OpenFile> files, Function<OpenFile, Asked> ask) throws Exception {
        List<Asked> all = files.stream().map(ask).toList();
        List<Reply> replies = party.ask(all);
        for (int i = 0; i < files.size(); i++) {
            var _ = files.get(i).take(all.get(i), replies.get(i));
        }
        return replies;
    }

    private static void extents(Bench bench, Party party) throws Exception {
        List<String> names = new ArrayList<>();
        List<Rounds.Take> takes = new ArrayList<>();
        for (int count : upTo(EXTENTS, bench.quick() ? QUICK_EXTENTS : Integer.MAX_VALUE)) {
            bench.progress("curves: making %,d extents".formatted(count));
            OpenFile file = ManyExtents.fill(party, "extents-" + count, count);
            long block = BenchServer.BLOCK_BYTES;
            long bytes = 2 * block * count;
            // All of it is held before, so that no request is the first for its place.
            for (long at = 0; at < bytes; at += ManyExtents.COMMIT_BYTES) {
                long length = Math.min(ManyExtents.COMMIT_BYTES, bytes - at);
                var _ = file.ask(file.map(at, length, IoMode.IO_MODE_READ, 0));
            }
            List<Reads> lanes =
                    StreamBench.lanes(LANES, _ -> new Reads(List.of(file), block, count, 1));
            names.add("curves, %,d extents".formatted(count));
            takes.add(
                    () ->
                            party.driver().drive(lanes, nanos(bench), false).repliesPerSecond()
                                    / 1e3);
        }
        points(bench, names, "1000/s", "100 extents", rates(bench, takes));
    }

    /** One server's sessions become more and more; another's stay as few as the first had. */
    private static void sessions(Bench bench) throws Exception {
        int few = SESSIONS.getFirst();
        try (Crowd first = Crowd.of(bench, "curves-few", few, 1, LANES);
                Crowd crowd = Crowd.of(bench, "curves-many", few, 1, LANES)) {
            first.warmUp(bench.warmUpNanos());
            crowd.warmUp(bench.warmUpNanos());
            for (int count : upTo(SESSIONS, bench.quick() ? QUICK_SESSIONS : Integer.MAX_VALUE)) {
                crowd.grow(bench, count);
                String name = "curves, %,d sessions".formatted(count);
                double[][] taken =
                        rates(
                                bench,
                                List.of(
                                        () -> 1e3 / first.micros(nanos(bench)),
                                        () -> 1e3 / crowd.micros(nanos(bench))));
                point(bench, name, "1000/s", "another server's 10", taken[1], taken[0]);
            }
            crowd.check();
            first.check();
        }
    }

    private static List<Integer> upTo(List<Integer> counts, int most) {
        return counts.stream().filter(count -> count <= most).toList();
    }

    private static List<Reads> lanes(OpenFile file, int count) {
        return StreamBench.lanes(count, _ -> new Reads(file, FILE_BYTES, 1));
    }

    private static long nanos(Bench bench) {
        return bench.takeNanos() / PART_OF_TAKE;
    }

    private static double[][] rates(Bench bench, List<Rounds.Take> takes) throws Exception {
        return Rounds.series(bench, "curves", 0, takes.toArray(new Rounds.Take[0]));
    }

    private static void points(
            Bench bench, List<String> names, String unit, String first, double[][] taken) {
        for (int i = 0; i < taken.length; i++) {
            point(bench, names.get(i), unit, first, taken[i], taken[0]);
        }
    }

    private static void point(
            Bench bench, String name, String unit, String first, double[] ours, double[] theirs) {
        Rounds.Pair measured = Rounds.Pair.of(ours, theirs);
        bench.add(new Figure(name, unit, first, measured, Optional.empty()));
    }
}
