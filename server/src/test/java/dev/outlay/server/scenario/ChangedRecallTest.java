package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.ScenarioServer.VOLUME;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.v1.RecallLayoutsRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Scenario 18: recalls that say {@code changed}, and the client library. */
class ChangedRecallTest extends ScenarioTest {

    private static final int ROUNDS = 12;
    private static final int LARGEST = 64 * BLOCK;

    private LayoutClient connect(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000));
    }

    private int recall(RecallLayoutsRequest.Builder scope) {
        return server().admin()
                .recallLayouts(scope.setVolume(VOLUME).setChanged(true).build())
                .getRecallsBegun();
    }

    private static RecallLayoutsRequest.Builder of(long file) {
        return RecallLayoutsRequest.newBuilder()
                .setFile(RecallLayoutsRequest.File.newBuilder().setFileId(file));
    }

    private static RecallLayoutsRequest.Builder ofEverything() {
        return RecallLayoutsRequest.newBuilder().setWholeVolume(true);
    }

    /** How many operations of a kind were answered, whatever the answer. */
    private double answered(String operation) throws IOException, InterruptedException {
        return server().page("/metrics")
                .lines()
                .filter(line -> line.startsWith("outlay_operations_seconds_count{"))
                .filter(line -> line.contains("operation=\"" + operation + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private static byte[] read(BlockFile file, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        while (target.hasRemaining()) {
            if (file.read(target, target.position()) < 0) {
                break;
            }
        }
        return Arrays.copyOf(target.array(), target.position());
    }

    private void awaitAnswered() {
        Await.until("the recall is answered", () -> server().status().getOpenRecalls() == 0);
    }

    @Test
    void scenario18WhatWasStoredGoesThroughTheServer() throws Exception {
        serve();
        TestClient observer = client("observer");
        byte[] expected = pattern(1, 4 * BLOCK + 10);
        try (LayoutClient a = connect("a");
                BlockFile file = a.open(VOLUME, "/f", READ, WRITE, CREATE_NEW)) {
            long id = file.file().value();
            file.write(ByteBuffer.wrap(Arrays.copyOf(expected, 2 * BLOCK)), 0);
            file.commit();
            long inPlace = observer.extents(id).getFirst().getDeviceOffset();
            // Over what is committed, in place, and past it, in new blocks.
            expected = pattern(2, 4 * BLOCK + 10);
            file.write(ByteBuffer.wrap(expected), 0);
            double commits = answered("CommitBlocks");

            assertEquals(1, recall(of(id)));
            awaitAnswered();
            file.commit();
            assertEquals(commits, answered("CommitBlocks"), "nothing is committed by layout");
            assertNotEquals(0, answered("Write"));
            assertEquals(expected.length, observer.attributes(id).getSizeBytes());
            assertNotEquals(
                    inPlace,
                    observer.extents(id).getFirst().getDeviceOffset(),
                    "what goes through the server goes to fresh blocks");
            assertArrayEquals(expected, read(file, LARGEST), "its own bytes");
            file.commit();
        }
        assertArrayEquals(expected, observer.read(observer.lookup("f").getFileId()));
    }

    /** A file that is closed at that moment has been written all the same. */
    @Test
    void scenario18TheFileIsClosedMeanwhile() throws Exception {
        serve();
        TestClient observer = client("observer");
        long seed = Long.getLong("outlay.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            String name = "f" + round;
            byte[] expected = pattern(round, 1 + random.nextInt(LARGEST));
            try (LayoutClient a = connect("a" + round)) {
                BlockFile file = a.open(VOLUME, "/" + name, READ, WRITE, CREATE_NEW);
                file.write(ByteBuffer.wrap(expected), 0);
                var asked = CompletableFuture.supplyAsync(() -> recall(ofEverything()));
                if (random.nextBoolean()) {
                    asked.get(20, TimeUnit.SECONDS);
                }
                if (random.nextBoolean()) {
                    file.close();
                }
                asked.get(20, TimeUnit.SECONDS);
            }
            assertArrayEquals(
                    expected,
                    observer.read(observer.lookup(name).getFileId()),
                    "seed " + seed + " round " + round);
            observer.giveBack(observer.lookup(name).getFileId());
        }
    }

    /** It goes on writing while it is recalled again and again. */
    @Test
    void scenario18NothingIsLostUnderManyRecalls() throws Exception {
        serve();
        long seed = Long.getLong("outlay.seed", System.nanoTime());
        Random random = new Random(seed);
        byte[] expected = new byte[0];
        AtomicBoolean done = new AtomicBoolean();
        try (LayoutClient a = connect("a");
                BlockFile file = a.open(VOLUME, "/f", READ, WRITE, CREATE_NEW)) {
            long id = file.file().value();
            var recalls =
                    CompletableFuture.supplyAsync(
                            () -> {
                                int begun = 0;
                                while (!done.get()) {
                                    begun += recall(begun % 2 == 0 ? of(id) : ofEverything());
                                    awaitAnswered();
                                }
                                return begun;
                            });
            for (int write = 0; write < 10 * ROUNDS; write++) {
                byte[] bytes = pattern(write, 1 + random.nextInt(3 * BLOCK));
                int offset = random.nextInt(LARGEST - bytes.length);
                file.write(ByteBuffer.wrap(bytes), offset);
                expected =
                        Arrays.copyOf(expected, Math.max(expected.length, offset + bytes.length));
                System.arraycopy(bytes, 0, expected, offset, bytes.length);
                if (random.nextInt(10) == 0) {
                    assertArrayEquals(expected, read(file, LARGEST), "seed " + seed);
                }
            }
            done.set(true);
            assertNotEquals(0, recalls.get(30, TimeUnit.SECONDS));
            file.commit();
        }
        TestClient observer = client("observer");
        assertArrayEquals(
                expected, observer.read(observer.lookup("f").getFileId()), "seed " + seed);
    }
}
