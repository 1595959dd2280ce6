package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.ScenarioServer.BLOCK;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Recall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * What a few clients do at random, and what every file must hold. Who meets what others hold waits
 * for them, or is refused, which changes nothing; whatever is answered is put into the model.
 */
final class History {
    private static final int FILES = 4;
    private static final int WRITERS = 3;
    private static final int FILE_BLOCKS = 64;
    private static final int BURST_STEPS = 40;

    /** Longer than any conflict takes to end. */
    private static final int WAIT_MILLIS = 15_000;

    /** How often the others look, while one waits, whether they are asked to give back. */
    private static final int LOOK_MILLIS = 3;

    /** Refusals that a client must expect here; after each everything is as before. */
    private static final Set<Reason> EXPECTED =
            Set.of(
                    Reason.REASON_TRY_LATER,
                    Reason.REASON_NO_SPACE,
                    Reason.REASON_RECALL_CONFLICT,
                    Reason.REASON_RETURN_CONFLICT);

    /** What a client is told that was silent for longer than its lease. */
    private static final Set<Reason> GONE = Set.of(Reason.REASON_EXPIRED, Reason.REASON_FENCED);

    private final Random random;
    private final ScenarioServer server;
    private final BiFunction<String, Integer, TestClient> opener;
    private final int leaseMillis;
    private final List<Writer> writers = new ArrayList<>();
    private final Map<String, File> files = new TreeMap<>();
    private TestClient reader;
    private int owners;
    private int acting;
    private int lost;
    private int versions;

    /** A client, and the addresses of blocks that it was granted and has not committed. */
    private static final class Writer {
        private final String owner;
        private final TestClient client;
        private final Map<Long, Map<Long, Long>> uncommitted = new HashMap<>();

        Writer(String owner, TestClient client) {
            this.owner = owner;
            this.client = client;
        }

        void forget(long file) {
            uncommitted.remove(file);
        }

        /** Gives back all that the recalls under way ask for. */
        void answerRecalls() {
            for (Recall recall : client.renewal().getRecallsList()) {
                Map<Long, Long> blocks =
                        uncommitted.getOrDefault(recall.getFile().getFileId(), Map.of());
                for (FileRange range : recall.getFile().getRangesList()) {
                    blocks.keySet()
                            .removeIf(
                                    at ->
                                            at >= range.getOffset()
                                                    && at - range.getOffset() < range.getLength());
                }
                var _ = client.answer(recall);
            }
        }
    }

    /** A file as it must be. */
    private static final class File {
        private final long id;
        private byte[] content = new byte[0];

        File(long id) {
            this.id = id;
        }
    }

    /**
     * @param opener opens a session of an owner with a lease in milliseconds
     * @param leaseMillis of the writers; short enough, and one is silent too long now and then
     */
    History(
            Random random,
            ScenarioServer server,
            BiFunction<String, Integer, TestClient> opener,
            int leaseMillis) {
        this.random = random;
        this.server = server;
        this.opener = opener;
        this.leaseMillis = leaseMillis;
        this.reader = opener.apply("reader", 0);
        for (int i = 0; i < WRITERS; i++) {
            writers.add(writer("writer-" + owners++));
        }
        for (int i = 0; i < FILES; i++) {
            String name = "file-" + i;
            files.put(name, new File(writers.getFirst().client.create(name)));
        }
    }

    /**
     * One step.
     *
     * @param late whether incarnations are superseded rather than the server restarted: grace after
     *     a restart lasts until the lease of the superseded is over
     */
    void step(boolean late) throws Exception {
        // With short leases one acts for a while, and the others are silent.
        if (leaseMillis == 0 || random.nextInt(BURST_STEPS) == 0) {
            acting = random.nextInt(writers.size());
        }
        if (leaseMillis == 0 && random.nextInt(20) == 0) {
            // A recall may be left open for a while, but not until its deadline.
            others(-1).forEach(this::answerRecalls);
        }
        int which = acting;
        Writer writer = writers.get(which);
        String name = "file-" + random.nextInt(FILES);
        try {
            act(random.nextInt(100), late, which, writer, name);
        } catch (Refused refused) {
            if (isLost(refused)) {
                lose(which);
            } else if (!EXPECTED.contains(refused.reason())) {
                throw refused;
            }
            if (random.nextBoolean()) {
                // What a refusal has begun is seen by all once the volume has answered again.
                var _ = server.status();
                others(-1).forEach(this::answerRecalls);
            } else if (refused.reason() == Reason.REASON_RECALL_CONFLICT) {
                answerRecalls(which);
            }
        }
    }

    // ---- conflicts

    /**
     * One client's request, and meanwhile the others give back what they are asked for; with short
     * leases they are silent half of the time.
     *
     * @param which of the writers asks, negative if it is the reader
     */
    private <T> T ask(int which, Supplier<T> request) throws Exception {
        boolean silent = leaseMillis > 0 && random.nextBoolean();
        CompletableFuture<T> answer = CompletableFuture.supplyAsync(request, TestClient.ASIDE);
        while (true) {
            try {
                return answer.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (!silent) {
                    others(which).forEach(this::answerRecalls);
                }
                if (leaseMillis > 0 && which >= 0) {
                    renew(writers.get(which));
                }
            } catch (ExecutionException e) {
                throw e.getCause() instanceof Refused refused ? refused : e;
            }
        }
    }

    private IntStream others(int which) {
        return IntStream.range(0, writers.size()).filter(i -> i != which);
    }

    private void answerRecalls(int which) {
        try {
            writers.get(which).answerRecalls();
        } catch (Refused refused) {
            if (!isLost(refused)) {
                throw refused;
            }
            lose(which);
        }
    }

    /** Who waits keeps its lease; if it is gone, the request under way says so. */
    private static void renew(Writer writer) {
        try {
            var _ = writer.client.renew();
        } catch (Refused refused) {
            assertTrue(GONE.contains(refused.reason()), refused::getMessage);
        }
    }

    private boolean isLost(Refused refused) {
        return leaseMillis > 0 && GONE.contains(refused.reason());
    }

    /** One was silent for too long: another takes its place. */
    private void lose(int which) {
        lost++;
        storeLate(writers.get(which));
        writers.set(which, writer("writer-" + owners++));
    }

    private void act(int dice, boolean late, int which, Writer writer, String name)
            throws Exception {
        File file = files.getOrDefault(name, new File(0));
        if (dice < 45) {
            write(which, writer, file);
        } else if (dice < 65) {
            read(file);
        } else if (dice < 75) {
            giveBack(writer, file);
        } else if (dice < 82) {
            truncate(which, writer, file);
        } else if (dice < 89) {
            punch(which, writer, file);
        } else if (dice < 92) {
            var _ =
                    writer.client.allocate(
                            file.id,
                            random.nextInt(FILE_BLOCKS) * (long) BLOCK,
                            (1 + random.nextInt(8)) * (long) BLOCK);
        } else if (dice < 95) {
            replace(which, writer, name, file);
        } else if (dice < 97) {
            writer.client.end();
            writers.set(which, writer("writer-" + owners++));
        } else if (late) {
            supersede(which, writer);
        } else if (dice == 99) {
            restart();
        }
    }

    // ---- what a client may do

    private void write(int which, Writer writer, File file) throws Exception {
        int start = random.nextInt(FILE_BLOCKS - 8) * BLOCK;
        int end = start + (1 + random.nextInt(8)) * BLOCK;
        MapBlocksRequest asked =
                writer.client
                        .mapping(file.id, RW, start, end - start)
                        .setWaitMillis(random.nextInt(4) == 0 ? 0 : WAIT_MILLIS)
                        .setOperation(writer.client.nextOperation())
                        .build();
        MapBlocksResponse mapped = ask(which, () -> writer.client.map(asked));
        int committedEnd = start + (1 + random.nextInt((end - start) / BLOCK)) * BLOCK;
        // Past the end of file the last block may be partly used; its rest is zero.
        int cut = committedEnd >= file.content.length ? random.nextInt(BLOCK) : 0;
        byte[] bytes =
                Arrays.copyOf(
                        ScenarioTest.pattern(versions++, committedEnd - start - cut), end - start);
        note(writer, file, mapped);
        for (Extent extent : mapped.getExtentsList()) {
            if (extent.getState() == ExtentState.EXTENT_STATE_UNWRITTEN) {
                writer.client.store(List.of(extent), start, bytes);
            }
        }
        // Committed blocks are overwritten in place, but only where the commit goes: from now on
        // these are the file's bytes, whatever becomes of the commit.
        byte[] committed = Arrays.copyOf(bytes, committedEnd - start);
        writer.client.store(mapped.getExtentsList(), start, committed);
        for (Extent extent : mapped.getExtentsList()) {
            if (extent.getState() == ExtentState.EXTENT_STATE_WRITTEN) {
                int from = (int) extent.getFileOffset();
                int to =
                        Math.min(
                                Math.min(from + (int) extent.getLength(), committedEnd),
                                file.content.length);
                if (from < to) {
                    System.arraycopy(bytes, from - start, file.content, from, to - from);
                }
            }
        }
        var _ =
                writer.client
                        .committing(file.id)
                        .part(mapped, start, committedEnd - start)
                        .last(committedEnd - cut - 1)
                        .send();
        file.content =
                Arrays.copyOf(file.content, Math.max(file.content.length, committedEnd - cut));
        System.arraycopy(
                bytes, 0, file.content, start, Math.min(committedEnd, file.content.length) - start);
        Map<Long, Long> left = writer.uncommitted.getOrDefault(file.id, new HashMap<>());
        for (long at = start; at < committedEnd; at += BLOCK) {
            left.remove(at);
        }
    }

    private static void note(Writer writer, File file, MapBlocksResponse mapped) {
        Map<Long, Long> blocks = writer.uncommitted.computeIfAbsent(file.id, id -> new HashMap<>());
        for (Extent extent : mapped.getExtentsList()) {
            if (extent.getState() == ExtentState.EXTENT_STATE_UNWRITTEN) {
                for (long at = 0; at < extent.getLength(); at += BLOCK) {
                    blocks.put(extent.getFileOffset() + at, extent.getDeviceOffset() + at);
                }
            }
        }
    }

    private void read(File file) throws Exception {
        int size = file.content.length;
        if (size == 0) {
            return;
        }
        int offset = random.nextInt(size);
        int length = 1 + random.nextInt(size - offset);
        TestClient by = reader;
        byte[] bytes = ask(-1, () -> by.read(file.id, offset, length, WAIT_MILLIS));
        assertEquals(
                -1,
                Arrays.mismatch(Arrays.copyOfRange(file.content, offset, offset + length), bytes),
                () -> "first byte that differs, of file " + file.id + " from " + offset);
    }

    private static void giveBack(Writer writer, File file) {
        writer.forget(file.id);
        var _ = writer.client.giveBack(file.id);
    }

    private void truncate(int which, Writer writer, File file) throws Exception {
        int size = random.nextInt(FILE_BLOCKS * BLOCK);
        var done = ask(which, () -> writer.client.truncate(file.id, size));
        writer.forget(file.id);
        file.content = Arrays.copyOf(file.content, size);
        assertEquals(size, done.getAttributes().getSizeBytes());
    }

    private void punch(int which, Writer writer, File file) throws Exception {
        int offset = random.nextInt(FILE_BLOCKS * BLOCK);
        int length = 1 + random.nextInt(16 * BLOCK);
        var _ = ask(which, () -> writer.client.deallocate(file.id, offset, length));
        writer.forget(file.id);
        int size = file.content.length;
        Arrays.fill(
                file.content, Math.min(offset, size), Math.min(offset + length, size), (byte) 0);
    }

    /** Removed, whoever holds what of it, and made anew: another file. */
    private void replace(int which, Writer writer, String name, File file) throws Exception {
        var _ = ask(which, () -> writer.client.remove(name));
        writer.forget(file.id);
        files.put(name, new File(writer.client.create(name)));
    }

    // ---- what may befall it

    private Writer writer(String owner) {
        return new Writer(owner, opener.apply(owner, leaseMillis));
    }

    /** The old incarnation is fenced, and stores to all it had not committed all the same. */
    private void supersede(int which, Writer old) {
        Writer now = writer(old.owner);
        writers.set(which, now);
        storeLate(old);
        Refused fenced = null;
        try {
            old.client.renew();
        } catch (Refused refused) {
            fenced = refused;
        }
        assertTrue(fenced != null, "the old incarnation is told");
        // Silent past its lease it may have ended before.
        assertTrue(
                fenced.reason() == Reason.REASON_FENCED
                        || (leaseMillis > 0 && fenced.reason() == Reason.REASON_EXPIRED),
                fenced::getMessage);
    }

    /** One that has ended without its own word stores to all it had not committed. */
    private void storeLate(Writer old) {
        byte[] junk = new byte[BLOCK];
        Arrays.fill(junk, DeviceFile.JUNK);
        for (Map<Long, Long> blocks : old.uncommitted.values()) {
            blocks.values().forEach(address -> server.device().store(address, junk));
        }
    }

    private void restart() throws Exception {
        if (random.nextBoolean()) {
            var _ = server.takeSnapshot();
        }
        server.restart();
        for (Writer writer : List.copyOf(writers)) {
            reattach(writer.client);
        }
        reattach(reader);
        Await.until("grace is over", () -> !server.status().getInGrace());
    }

    /** A client that no volume had heard of is unknown after a restart; it had nothing. */
    private void reattach(TestClient client) {
        try {
            var _ = client.reattach();
        } catch (Refused refused) {
            assertTrue(
                    refused.reason() == Reason.REASON_EXPIRED || isLost(refused),
                    refused::getMessage);
            for (int i = 0; i < writers.size(); i++) {
                if (writers.get(i).client == client) {
                    writers.set(i, writer("writer-" + owners++));
                }
            }
            if (client == reader) {
                reader = opener.apply("reader-" + owners++, 0);
            }
        }
    }

    /** How many clients were silent for too long and have lost what they held. */
    int lost() {
        return lost;
    }

    /** Everybody ends, and every byte of every file is what it must be. */
    void checkAll() {
        for (Writer writer : writers) {
            try {
                writer.client.end();
            } catch (Refused refused) {
                assertTrue(GONE.contains(refused.reason()), refused::getMessage);
            }
        }
        for (File file : files.values()) {
            byte[] bytes = reader.read(file.id);
            assertEquals(file.content.length, bytes.length);
            assertEquals(-1, Arrays.mismatch(file.content, bytes), () -> "file " + file.id);
        }
    }
}
