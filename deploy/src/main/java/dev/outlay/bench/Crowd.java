package dev.outlay.bench;

import dev.outlay.v1.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * A server and its sessions, of which some work. All sessions are spread over the same number of
 * connections, however many there are, so that a connection carries the same work in a large crowd
 * and in a small one. Each keeps its lease as a client does.
 */
final class Crowd implements AutoCloseable {

    private static final int CONNECTIONS = 10;
    private static final long FILE_BYTES = 4 << 20;
    private static final long DEVICE_BYTES = 1L << 34;
    private static final int LEASE_MILLIS = 60_000;
    private static final int RENEWALS_A_LEASE = 3;
    private static final Pattern HEAP =
            Pattern.compile("(?m)^jvm_memory_used_bytes\\{.*area=\"heap\".*} (\\S+)$");

    private final BenchServer server;
    private final boolean collects;
    private final List<Streams.Connection> connections = new ArrayList<>();
    private final List<Party> all = new ArrayList<>();
    private final List<Busy> busy = new ArrayList<>();
    private final AtomicLong lost = new AtomicLong();
    private final ScheduledExecutorService renewals =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("renewals").factory());
    private int next;

    /** A session that works, and what it asks for. */
    record Busy(Party party, List<Reads> lanes) {}

    /**
     * Opens them.
     *
     * @param busy so many of them work
     * @param lanes requests that each of those has under way at a time
     */
    static Crowd of(Bench bench, String name, int sessions, int busy, int lanes) throws Exception {
        Crowd crowd = new Crowd(BenchServer.start(bench, name, DEVICE_BYTES));
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                crowd.connections.add(new Streams.Connection(crowd.server.address()));
            }
            crowd.grow(bench, sessions);
            for (int i = 0; i < busy; i++) {
                // On every connection as many.
                int part = sessions / busy;
                crowd.employ(i * part + (part < CONNECTIONS ? 0 : i % CONNECTIONS), lanes);
            }
            return crowd;
        } catch (Exception e) {
            crowd.close();
            throw e;
        }
    }

    private Crowd(BenchServer server) {
        this.server = server;
        this.collects = Files.isExecutable(collector());
    }

    /** Opens more, until there are so many. */
    void grow(Bench bench, int sessions) throws Exception {
        int open = size();
        if (sessions > open) {
            // Those that are open are seen to already; all take turns.
            renewAll(sessions - open);
        }
        for (int i = open; i < sessions; i++) {
            if (i % 100 == 0) {
                bench.progress("opening sessions, " + i + " of " + sessions);
            }
            open(i);
        }
    }

    private int size() {
        synchronized (all) {
            return all.size();
        }
    }

    private void open(int number) throws Exception {
        Party party =
                Party.open(
                        connections.get(number % CONNECTIONS),
                        "session-" + number,
                        Party.VOLUME,
                        LEASE_MILLIS,
                        _ -> {});
        synchronized (all) {
            all.add(party);
        }
    }

    private void employ(int number, int lanes) throws Exception {
        Party party;
        synchronized (all) {
            party = all.get(number);
        }
        OpenFile file = Reads.file(party.learnDevices(), "file-" + number, FILE_BYTES);
        busy.add(new Busy(party, StreamBench.lanes(lanes, _ -> new Reads(file, FILE_BYTES, 1))));
    }

    /** Each session three times a lease, one after the other. */
    private void renewAll(int sessions) {
        long everyNanos = TimeUnit.MILLISECONDS.toNanos(LEASE_MILLIS) / RENEWALS_A_LEASE / sessions;
        var _ = renewals.scheduleAtFixedRate(this::renewNext, 0, everyNanos, TimeUnit.NANOSECONDS);
    }

    private void renewNext() {
        Party party;
        synchronized (all) {
            if (all.isEmpty()) {
                return;
            }
            party = all.get(next++ % all.size());
        }
        CompletableFuture<Reply> answer = party.renew();
        var _ =
                answer.thenAccept(
                        reply -> {
                            if (reply.hasError()) {
                                lost.incrementAndGet();
                            }
                        });
    }

    void warmUp(long nanos) throws Exception {
        var _ = micros(nanos);
    }

    /** What an operation costs all of the machine. */
    double micros(long nanos) throws Exception {
        return micros(busy, nanos);
    }

    /** The processor time that an operation costs the server. */
    double serverMicros(long nanos) throws Exception {
        long before = server.processorNanos();
        long replies = drive(busy, nanos);
        return (server.processorNanos() - before) / 1e3 / replies;
    }

    /** What an operation costs all of the machine, of any sessions that work together. */
    static double micros(List<Busy> busy, long nanos) throws Exception {
        long start = System.nanoTime();
        long replies = drive(busy, nanos);
        return (System.nanoTime() - start) / 1e3 / replies;
    }

    private static long drive(List<Busy> busy, long nanos) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(busy.size())) {
            List<Callable<Long>> tasks = new ArrayList<>();
            for (Busy each : busy) {
                tasks.add(() -> each.party.driver().drive(each.lanes, nanos, false).replies());
            }
            long replies = 0;
            for (Future<Long> task : threads.invokeAll(tasks)) {
                replies += task.get();
            }
            return replies;
        }
    }

    /** Whether what {@link #heapBytes} counts is in use. */
    boolean isCollected() {
        return collects;
    }

    /** What the server holds in its heap. */
    long heapBytes() throws IOException, InterruptedException {
        if (collects) {
            Process collection =
                    new ProcessBuilder(
                                    collector().toString(),
                                    Long.toString(server.process().pid()),
                                    "GC.run")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            var _ = collection.waitFor();
        }
        return server.process().sum(HEAP);
    }

    private static Path collector() {
        return Path.of(System.getProperty("java.home", ""), "bin", "jcmd");
    }

    /** Fails if a session was lost on the way: then it was not as many as was said. */
    void check() {
        if (lost.get() > 0) {
            throw new IllegalStateException(
                    lost.get() + " renewals were refused: sessions have expired meanwhile");
        }
    }

    @Override
    public void close() {
        renewals.shutdownNow();
        connections.forEach(Streams.Connection::close);
        server.stop();
    }
}
