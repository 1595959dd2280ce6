package dev.outlay.crash;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** A client as a process, and what its diary tells. One thread. */
final class ClientProcess {

    /** One is stopped so much longer than its lease and its longest I/O. */
    private static final long STOP_MORE_NANOS = 2_000_000_000L;

    private final String owner;
    private final Testimony testimony;
    private final Process process;
    private final long leaseNanos;
    private OptionalLong stopped = OptionalLong.empty();
    private boolean asleep;

    private ClientProcess(String owner, Testimony testimony, Process process, long leaseNanos) {
        this.leaseNanos = leaseNanos;
        this.owner = owner;
        this.testimony = testimony;
        this.process = process;
    }

    static ClientProcess start(
            Processes processes,
            Path folder,
            ServerProcess server,
            String owner,
            int writer,
            Truth truth,
            RandomGenerator random)
            throws IOException, InterruptedException {
        Path diary = folder.resolve("client-%04d.diary".formatted(writer));
        Process process =
                processes.program(
                        ClientProgram.class,
                        folder.resolve("clients.log"),
                        List.of(
                                server.address(),
                                owner,
                                "" + server.leaseMillis(),
                                "" + writer,
                                "" + random.nextLong(),
                                "" + diary));
        while (!java.nio.file.Files.exists(diary)) {
            if (!process.isAlive()) {
                throw new IOException("client " + writer + " did not start, see clients.log");
            }
            Thread.sleep(5);
        }
        Testimony testimony =
                new Testimony(truth, "client " + writer + " (" + owner + ")", writer, diary);
        return new ClientProcess(
                owner,
                testimony,
                process,
                1_000_000L * (server.leaseMillis() + Worker.MAX_IO_MILLIS));
    }

    String owner() {
        return owner;
    }

    Testimony testimony() {
        return testimony;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    boolean isAsleep() {
        return asleep;
    }

    int exitCode() {
        return process.exitValue();
    }

    /** SIGKILL. */
    void kill() throws IOException, InterruptedException {
        Processes.end(process);
    }

    /** SIGSTOP. */
    void stop() throws IOException, InterruptedException {
        Processes.signal(process, "STOP");
        stopped = OptionalLong.of(System.nanoTime());
        asleep = true;
    }

    boolean isToWake() {
        return asleep && System.nanoTime() - stopped.orElseThrow() > leaseNanos + STOP_MORE_NANOS;
    }

    /** SIGCONT. */
    void wake() throws IOException, InterruptedException {
        Processes.signal(process, "CONT");
        asleep = false;
    }

    /** Tells it to end in good order. */
    void finish() throws IOException {
        process.getOutputStream().close();
    }

    void await() throws IOException, InterruptedException {
        int _ = Processes.await(process);
    }

    /** It is gone: what it had not finished takes no effect any more. */
    void ended() throws IOException {
        long now = System.nanoTime();
        testimony.readOn();
        testimony.ended(now, stopped, leaseNanos);
    }
}
