package dev.outlay.bench;

import dev.outlay.process.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * {@code many}: one server with ten thousand sessions, a million files, ten million extents and a
 * thousand volumes: what it takes of the machine's memory, and what it does when nobody asks for
 * anything. The server is told that this is all the memory of its machine.
 */
final class ManyBenchmark implements Benchmark {

    private static final int SESSIONS = 10_000;
    private static final int FILES = 1_000_000;
    private static final int EXTENTS = 10_000_000;
    private static final int VOLUMES = 1_000;

    /** With {@code --quick} so many times fewer of each. */
    private static final int QUICK_PART = 50;

    private static final int CONNECTIONS = 10;
    private static final int FILES_AT_ONCE = 32;
    private static final long DEVICE_BYTES = 1L << 40;
    private static final long SMALL_DEVICE_BYTES = 16L << 20;
    private static final double MOST_GIBIBYTES = 8;
    private static final double QUICK_MOST_GIBIBYTES = 1;
    private static final double MOST_IDLE_MILLIS = 50;
    private static final double KIB_PER_GIB = 1 << 20;

    @Override
    public String name() {
        return "many";
    }

    @Override
    public String work() {
        return "a server with 10,000 sessions, 10^6 files, 10^7 extents and 1,000 volumes:"
                + " its memory, and what it does while nobody asks";
    }

    @Override
    public void run(Bench bench) throws Exception {
        int part = bench.quick() ? QUICK_PART : 1;
        bench.stage().javaOptions(name(), "-XX:MaxRAM=8g");
        BenchServer server =
                BenchServer.start(
                        bench,
                        name(),
                        DeviceFile.sparse(bench.stage().file("many.device"), DEVICE_BYTES),
                        OptionalLong.empty(),
                        // A thousand volumes have a thousand journals.
                        "journal.segment-size = 1MiB\n");
        List<Streams.Connection> connections = new ArrayList<>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                connections.add(new Streams.Connection(server.address()));
            }
            Party party = Party.open(connections.getFirst(), "filler", _ -> {}).learnDevices();
            createFiles(bench, party, FILES / part);
            bench.progress("many: making %,d extents".formatted(EXTENTS / part));
            var _ = ManyExtents.fill(party, "full", EXTENTS / part);
            createVolumes(bench, server, VOLUMES / part);
            openSessions(bench, connections, SESSIONS / part);
            measure(bench, server.process());
        } finally {
            connections.forEach(Streams.Connection::close);
            server.stop();
        }
    }

    private static void createFiles(Bench bench, Party party, int files) throws Exception {
        for (int made = 0; made < files; made += FILES_AT_ONCE) {
            if (made % 10_000 < FILES_AT_ONCE) {
                bench.progress("many: making files, %,d of %,d".formatted(made, files));
            }
            List<Asked> all = new ArrayList<>();
            for (int i = 0; i < FILES_AT_ONCE; i++) {
                all.add(party.creation("file-" + (made + i)));
            }
            var _ = party.ask(all);
        }
    }

    private static void createVolumes(Bench bench, BenchServer server, int volumes)
            throws Exception {
        for (int i = 0; i < volumes; i++) {
            if (i % 10 == 0) {
                bench.progress("many: making volumes, %,d of %,d".formatted(i, volumes));
            }
            String volume = "volume-" + i;
            Path device =
                    DeviceFile.sparse(bench.stage().file(volume + ".device"), SMALL_DEVICE_BYTES);
            server.createVolume(volume, device, OptionalLong.empty());
        }
    }

    private static void openSessions(
            Bench bench, List<Streams.Connection> connections, int sessions) throws Exception {
        for (int i = 0; i < sessions; i++) {
            if (i % 100 == 0) {
                bench.progress("many: opening sessions, %,d of %,d".formatted(i, sessions));
            }
            var _ = Party.open(connections.get(i % CONNECTIONS), "session-" + i, _ -> {});
        }
    }

    private static void measure(Bench bench, ServerProcess server) throws Exception {
        double most = bench.quick() ? QUICK_MOST_GIBIBYTES : MOST_GIBIBYTES;
        double[] resident = new double[bench.rounds()];
        double[] idle = new double[bench.rounds()];
        for (int i = 0; i < resident.length; i++) {
            bench.progress("many: doing nothing, round " + (i + 1) + " of " + resident.length);
            resident[i] = residentKib(server.pid()) / KIB_PER_GIB;
            idle[i] = idleMillis(server.pid(), 2 * bench.takeNanos());
        }
        bench.add(
                new Figure(
                        "many: resident memory",
                        "GiB",
                        "%.0f GiB".formatted(most),
                        Rounds.Pair.of(resident, each(resident.length, most)),
                        Goal.atMost(1)));
        bench.add(
                new Figure(
                        "many: a second of nothing",
                        "ms of CPU",
                        "1/20 of a core",
                        Rounds.Pair.of(idle, each(idle.length, MOST_IDLE_MILLIS)),
                        Goal.atMost(1)));
    }

    private static double[] each(int count, double value) {
        double[] all = new double[count];
        Arrays.fill(all, value);
        return all;
    }

    private static long residentKib(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("/proc/" + pid + "/status does not say what is resident");
    }

    /** Processor time of a process while so much time passes, for a second of it. */
    private static double idleMillis(long pid, long nanos) throws InterruptedException {
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        long start = System.nanoTime();
        long before = cpuNanos(process);
        TimeUnit.NANOSECONDS.sleep(nanos);
        long used = cpuNanos(process) - before;
        return used / 1e6 / ((System.nanoTime() - start) / 1e9);
    }

    private static long cpuNanos(ProcessHandle process) {
        return process.info().totalCpuDuration().orElseThrow().toNanos();
    }
}
