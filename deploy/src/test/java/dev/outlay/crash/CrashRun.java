package dev.outlay.crash;

import dev.outlay.client.AdminClient;
import dev.outlay.client.VolumeCheck;
import dev.outlay.client.VolumeStatus;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Rounds of trouble: in each the server is killed and started some times while clients work,
 * clients are killed or stopped for longer than their lease, and the journal's disk is filled. At
 * the end of a round everything is read once, the volume is checked while it serves and by fsck
 * while its server is dead, and what the diaries say of the round before is judged.
 *
 * <p>What is done, and in which order, follows from the seed; when exactly, the machine has its
 * say.
 */
final class CrashRun implements AutoCloseable {

    private static final long ROUND_NANOS = 12_000_000_000L;
    private static final long FULL_NANOS = 4_000_000_000L;
    private static final long RECOVERY_NANOS = 120_000_000_000L;
    private static final long WORK_NANOS = 8_000_000_000L;
    private static final int ANSWERS_BETWEEN = 400;
    private static final int PLANT_AFTER = 60;
    private static final int FINDINGS_MAX = 20;
    private static final int POLL_MILLIS = 20;
    private static final int LONGEST_PAUSE_MILLIS = 100;
    private static final int LONGEST_START_MILLIS = 1_200;

    private final Random random;
    private final Path folder;
    private final PrintStream out;
    private final Processes processes = new Processes();
    private final JournalDisk disk;
    private final ServerProcess server;
    private final Truth truth = new Truth();
    private final Clients clients;
    private int rounds;
    private int serverKills;
    private int fullDisks;
    private int readOnly;
    private int fscks;
    private long judgedUpTo = Long.MIN_VALUE;

    CrashRun(Path folder, long seed, int clientCount, PrintStream out)
            throws IOException, InterruptedException {
        this.folder = folder;
        this.out = out;
        this.random = new Random(seed);
        this.disk = JournalDisk.mount(folder.resolve("data"));
        if (!disk.canBeFull()) {
            out.println(
                    "the journal's disk is not filled: mounting a tmpfs of limited size needs root");
        }
        server = ServerProcess.begin(processes, folder, disk.folder());
        clients = new Clients(processes, folder, server, truth, random);
        clients.start(clientCount);
    }

    /** One round; afterwards {@link #problems} says whether all is well. */
    void round() throws IOException, InterruptedException {
        rounds++;
        long start = System.nanoTime();
        long operations = truth.operations();
        while (System.nanoTime() - start < ROUND_NANOS) {
            letWork();
            trouble();
        }
        clients.calm();
        clients.readEverything("reader of round " + rounds);
        check();
        crash(true);
        judge();
        if (truth.operations() == operations) {
            truth.problem("nothing was answered in the whole of round " + rounds);
        }
        out.printf(Locale.ROOT, "round %d: %s%n", rounds, counts());
    }

    /** Until some operations are answered, then for a moment: trouble is to meet work. */
    private void letWork() throws IOException, InterruptedException {
        long due = truth.operations() + random.nextInt(ANSWERS_BETWEEN);
        long start = System.nanoTime();
        do {
            clients.look();
            Thread.sleep(POLL_MILLIS);
            clients.listen();
        } while (truth.operations() < due && System.nanoTime() - start < WORK_NANOS);
        Thread.sleep(random.nextInt(LONGEST_PAUSE_MILLIS));
    }

    // ---- trouble

    private void trouble() throws IOException, InterruptedException {
        int dice = random.nextInt(100);
        if (dice < 40) {
            crash(random.nextInt(6) == 0);
        } else if (dice < 55) {
            clients.killOne();
        } else if (dice < 70) {
            clients.stopOne();
        } else if (dice < 85) {
            fillDisk();
        } else {
            try (AdminClient admin = server.admin()) {
                var _ = admin.takeSnapshot(Worker.VOLUME);
            }
        }
    }

    /** Kills the server and starts it; at times it is killed once more while it starts. */
    private void crash(boolean check) throws IOException, InterruptedException {
        server.kill();
        serverKills++;
        if (random.nextInt(4) == 0) {
            clients.killOne();
        }
        if (check) {
            fsck("after kill " + serverKills + " of the server");
        }
        if (random.nextInt(5) == 0) {
            server.startAndKill(random.nextInt(LONGEST_START_MILLIS));
            serverKills++;
        }
        server.start();
    }

    private void fsck(String when) throws IOException, InterruptedException {
        fscks++;
        String found = server.fsck(folder.resolve("fsck.out"));
        if (!found.isEmpty()) {
            truth.problem("fsck " + when + ":\n" + found);
        }
    }

    /** Fills the journal's disk until the volume is read-only, and gives the space back. */
    private void fillDisk() throws IOException, InterruptedException {
        if (!disk.canBeFull()) {
            return;
        }
        disk.fill();
        fullDisks++;
        long start = System.nanoTime();
        String reason = "";
        while (System.nanoTime() - start < FULL_NANOS && reason.isEmpty()) {
            Thread.sleep(POLL_MILLIS);
            reason = readOnlyReason();
        }
        readOnly += reason.isEmpty() ? 0 : 1;
        boolean serves = true;
        if (random.nextInt(3) == 0) {
            server.kill();
            serverKills++;
            serves = server.startOnFullDisk();
        }
        disk.free();
        if (!serves) {
            server.start();
        }
        start = System.nanoTime();
        reason = readOnlyReason();
        while (!reason.isEmpty()) {
            if (System.nanoTime() - start > RECOVERY_NANOS) {
                truth.problem(
                        "the journal's disk has space again, and the volume still says: " + reason);
                return;
            }
            Thread.sleep(POLL_MILLIS);
            reason = readOnlyReason();
        }
    }

    private String readOnlyReason() throws IOException {
        try (AdminClient admin = server.admin()) {
            VolumeStatus status = admin.showVolume(Worker.VOLUME).status();
            return status.readOnlyReason() + status.unavailableReason();
        }
    }

    // ---- checks

    private void check() throws IOException {
        try (AdminClient admin = server.admin()) {
            VolumeCheck check = admin.checkVolume(Worker.VOLUME, FINDINGS_MAX);
            for (String finding : check.findings()) {
                truth.problem("volume check in round " + rounds + ": " + finding);
            }
        }
    }

    /** Judges what was read up to the end of the round before. */
    private void judge() throws IOException {
        long now = System.nanoTime();
        clients.listen();
        if (judgedUpTo != Long.MIN_VALUE) {
            truth.judgeUpTo(judgedUpTo);
        }
        judgedUpTo = now;
    }

    /** All clients end in good order, everything is read once more, and all is judged. */
    void finish() throws IOException, InterruptedException {
        clients.finish();
        clients.readEverything("reader at the end");
        check();
        truth.judgeUpTo(Long.MAX_VALUE);
        server.kill();
        fsck("at the end");
    }

    /** Lets clients work, then fills the device with what was there before. */
    void plantStaleBytes() throws IOException, InterruptedException {
        while (truth.operations() < PLANT_AFTER) {
            letWork();
        }
        clients.finish();
        ServerProcess.fill(folder.resolve("device"));
        clients.readEverything("reader of what was planted");
        truth.judgeUpTo(Long.MAX_VALUE);
    }

    // ---- results

    List<String> problems() {
        return truth.problems();
    }

    int problemCount() {
        return truth.problemCount();
    }

    Truth truth() {
        return truth;
    }

    String counts() {
        return String.format(
                Locale.ROOT,
                "%d server kills, %d client kills, %d stops, %d clients lost their session, journal"
                        + " disk full %d times (%d times read-only), %d fscks, %d operations, %d reads"
                        + " with %d MiB checked, %d violations",
                serverKills,
                clients.kills(),
                clients.stops(),
                clients.lost(),
                fullDisks,
                readOnly,
                fscks,
                truth.operations(),
                truth.readsChecked(),
                truth.bytesChecked() >> 20,
                truth.problemCount());
    }

    /** Copies the journal to where it outlives its disk. */
    void keepJournal() throws IOException, InterruptedException {
        disk.keep(folder.resolve("data-copy"));
    }

    @Override
    public void close() {
        processes.close();
        disk.close();
    }
}
