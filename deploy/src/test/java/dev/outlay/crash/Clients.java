package dev.outlay.crash;

import dev.outlay.client.AdminClient;
import dev.outlay.client.OutlayException;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;

/**
 * The client processes of a run. Each that ends is replaced, and at some time the operator gives
 * his word that it has ended. One thread.
 */
final class Clients {

    /** A call of a client ends by itself before this. */
    private static final long HANGS_NANOS = 180_000_000_000L;

    /**
     * What a client may end for: it was away too long, another process took its place, or the
     * server was dead for longer than it waits.
     */
    private static final Set<String> LOST =
            Set.of(Reason.FENCED.name(), Reason.EXPIRED.name(), Worker.NO_ANSWER);

    /** What the operator's word is answered where there is nothing to say it of. */
    private static final Set<Reason> GONE = Set.of(Reason.NOT_FOUND, Reason.EXPIRED, Reason.FENCED);

    private final Processes processes;
    private final Path folder;
    private final ServerProcess server;
    private final Truth truth;
    private final Random random;
    private final List<ClientProcess> clients = new ArrayList<>();
    private final List<Long> toConfirm = new ArrayList<>();
    private int writers;
    private int kills;
    private int stops;
    private int lost;

    Clients(Processes processes, Path folder, ServerProcess server, Truth truth, Random random) {
        this.processes = processes;
        this.folder = folder;
        this.server = server;
        this.truth = truth;
        this.random = random;
    }

    void start(int count) throws IOException, InterruptedException {
        for (int i = 0; i < count; i++) {
            clients.add(client("owner-" + i));
        }
    }

    private ClientProcess client(String owner) throws IOException, InterruptedException {
        return ClientProcess.start(processes, folder, server, owner, ++writers, truth, random);
    }

    /** Wakes who has slept enough, and puts fresh clients in the places of those that ended. */
    void look() throws IOException, InterruptedException {
        for (int i = 0; i < clients.size(); i++) {
            ClientProcess client = clients.get(i);
            if (client.isAlive()) {
                if (client.isToWake()) {
                    client.wake();
                }
                continue;
            }
            bury(client);
            // The same owner supersedes who went before; another one has to wait for its end.
            String owner =
                    random.nextBoolean() ? client.owner() : "owner-" + i + "-" + (writers + 1);
            clients.set(i, client(owner));
        }
        if (!toConfirm.isEmpty() && random.nextInt(3) == 0) {
            confirm();
        }
    }

    private void bury(ClientProcess client) throws IOException {
        client.ended();
        Testimony told = client.testimony();
        if (client.exitCode() == ClientProgram.GAVE_UP) {
            lost++;
            if (LOST.stream().noneMatch(told.gaveUp()::startsWith)) {
                truth.problem(told + " gave up: " + told.gaveUp());
            }
        }
        told.clientId().ifPresent(toConfirm::add);
    }

    /** SIGKILL to one of them. */
    void killOne() throws IOException, InterruptedException {
        ClientProcess victim = clients.get(random.nextInt(clients.size()));
        if (victim.isAlive()) {
            victim.kill();
            kills++;
        }
    }

    /** SIGSTOP to one of them, until it has long lost what it held; never to two at a time. */
    void stopOne() throws IOException, InterruptedException {
        ClientProcess victim = clients.get(random.nextInt(clients.size()));
        if (victim.isAlive() && clients.stream().noneMatch(ClientProcess::isAsleep)) {
            victim.stop();
            stops++;
        }
    }

    /** The operator's word that they have ended, so that what they could store to is free again. */
    void confirm() throws IOException {
        try (AdminClient admin = server.admin()) {
            for (long id : List.copyOf(toConfirm)) {
                try {
                    var _ = admin.confirmEnded(id);
                } catch (OutlayException e) {
                    if (e.is(Reason.READ_ONLY)) {
                        return;
                    }
                    if (e.is(Reason.INVALID_ARGUMENT)) {
                        // Its lease runs: the next time it is over, or has been ended.
                        endLease(admin, id);
                        continue;
                    }
                    if (e.reason().filter(GONE::contains).isEmpty()) {
                        throw e;
                    }
                }
                toConfirm.remove(id);
            }
        }
    }

    private void endLease(AdminClient admin, long id) throws IOException {
        if (random.nextBoolean()) {
            return;
        }
        try {
            admin.revoke(new ClientId(id));
        } catch (OutlayException e) {
            // It may have ended this very moment.
            if (e.reason().filter(GONE::contains).isEmpty()) {
                throw e;
            }
        }
    }

    /** Nobody sleeps, and all that can be confirmed is. */
    void calm() throws IOException, InterruptedException {
        for (ClientProcess client : clients) {
            if (client.isAsleep()) {
                client.wake();
            }
        }
        look();
        confirm();
    }

    /** Takes in what they have written down by now. */
    void listen() throws IOException {
        long now = System.nanoTime();
        for (ClientProcess client : clients) {
            Testimony told = client.testimony();
            told.readOn();
            OptionalLong since = told.waitingSince();
            if (client.isAlive()
                    && !client.isAsleep()
                    && since.isPresent()
                    && now - since.getAsLong() > HANGS_NANOS) {
                truth.problem(told + " has waited for three minutes: " + told.waitingFor());
            }
        }
    }

    /** They all end in good order. */
    void finish() throws IOException, InterruptedException {
        calm();
        for (ClientProcess client : clients) {
            client.finish();
        }
        for (ClientProcess client : clients) {
            client.await();
            bury(client);
        }
        clients.clear();
        confirm();
    }

    /** One more, in this process, reads all files as one who has just come. */
    void readEverything(String name) throws IOException {
        int writer = ++writers;
        Path diary = folder.resolve("reader-%04d.diary".formatted(writer));
        Testimony told = new Testimony(truth, name, writer, diary);
        try (Worker reader =
                new Worker(
                        server.address(),
                        "reader-" + writer,
                        server.leaseMillis(),
                        writer,
                        Diary.create(diary),
                        new Random(random.nextLong()))) {
            for (String path : Worker.PATHS) {
                reader.readAll(path);
            }
        }
        told.readOn();
        told.ended(System.nanoTime(), OptionalLong.empty(), 0);
    }

    int kills() {
        return kills;
    }

    int stops() {
        return stops;
    }

    /** How many ended because they had been away too long. */
    int lost() {
        return lost;
    }
}
