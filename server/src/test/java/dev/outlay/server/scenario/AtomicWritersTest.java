package dev.outlay.server.scenario;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.WriteMode;
import dev.outlay.v1.ClientInfo;
import dev.outlay.v1.ListClientsRequest;
import dev.outlay.v1.RecallLayoutsRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Two clients that each replace a block which the other one reads. Each commit waits for a recall
 * that the other client answers; who waited for its own commit first would wait until both lose
 * their sessions.
 */
final class AtomicWritersTest extends ScenarioTest {

    private static final String VOLUME = ScenarioServer.VOLUME;
    private static final int ROUNDS = 20;

    /** Far from a lease, and from the time that a recall has. */
    private static final long SOON_SECONDS = 5;

    private final ExecutorService both = Executors.newFixedThreadPool(2);

    @BeforeEach
    void aFileOfTwoBlocks() throws Exception {
        serve();
        try (LayoutClient writer = connect("writer");
                BlockFile file = writer.open(VOLUME, "/f", WRITE, CREATE_NEW)) {
            file.write(ByteBuffer.wrap(pattern(1, 2 * BLOCK)), 0);
        }
    }

    @AfterEach
    void stop() {
        both.shutdownNow();
    }

    private LayoutClient connect(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000));
    }

    private static BlockFile open(LayoutClient client) throws IOException {
        return client.open(VOLUME, "/f", WriteMode.ATOMIC, READ, WRITE);
    }

    private static byte[] read(BlockFile file) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(2 * BLOCK);
        while (target.hasRemaining() && file.read(target, target.position()) > 0) {
            // One grant at a time.
        }
        return target.array();
    }

    /** Reads all, and stores to its own block what is not seen yet. */
    private static void store(BlockFile file, int block, int seed) throws IOException {
        var _ = read(file);
        file.write(ByteBuffer.wrap(pattern(seed, BLOCK)), (long) block * BLOCK);
    }

    private static void soon(Future<?> action) throws Exception {
        try {
            action.get(SOON_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("it waits for what waits for it", e);
        } catch (ExecutionException e) {
            throw new AssertionError(String.valueOf(e.getCause()), e);
        }
    }

    private static void assertBlocks(int first, int second, byte[] bytes) {
        assertArrayEquals(pattern(first, BLOCK), Arrays.copyOf(bytes, BLOCK));
        assertArrayEquals(pattern(second, BLOCK), Arrays.copyOfRange(bytes, BLOCK, 2 * BLOCK));
    }

    @Test
    void bothCommitAtOnce() throws Exception {
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b");
                BlockFile ofA = open(a);
                BlockFile ofB = open(b)) {
            CyclicBarrier ready = new CyclicBarrier(2);
            for (int round = 1; round <= ROUNDS; round++) {
                store(ofA, 0, 10 + round);
                store(ofB, 1, 100 + round);
                Future<?> first = both.submit(() -> commit(ofA, ready));
                Future<?> second = both.submit(() -> commit(ofB, ready));
                soon(first);
                soon(second);
                assertBlocks(10 + round, 100 + round, read(ofA));
                assertBlocks(10 + round, 100 + round, read(ofB));
            }
        }
    }

    private static Void commit(BlockFile file, CyclicBarrier ready)
            throws IOException, InterruptedException, BrokenBarrierException {
        ready.await();
        file.commit();
        return null;
    }

    private void recall(RecallLayoutsRequest.Builder scope) {
        var begun = server().admin().recallLayouts(scope.setVolume(VOLUME).build());
        assertEquals(2, begun.getRecallsBegun());
        Await.until("all is given back", () -> pending() == 0);
    }

    private int pending() {
        return server()
                .admin()
                .listClients(ListClientsRequest.getDefaultInstance())
                .getClientsList()
                .stream()
                .flatMap(client -> client.getUsesList().stream())
                .mapToInt(ClientInfo.Use::getRecallsPending)
                .sum();
    }

    @Test
    void bothAreRecalledAtOnce() throws Exception {
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b");
                BlockFile ofA = open(a);
                BlockFile ofB = open(b)) {
            store(ofA, 0, 10);
            store(ofB, 1, 20);
            recall(
                    RecallLayoutsRequest.newBuilder()
                            .setFile(
                                    RecallLayoutsRequest.File.newBuilder()
                                            .setFileId(ofA.file().value())));
            ofA.commit();
            ofB.commit();
            assertBlocks(10, 20, read(ofA));
        }
    }

    /** Each waits for what the other one reads in a file that it comes to later, or earlier. */
    @Test
    void theWholeVolumeIsRecalledFromBoth() throws Exception {
        try (LayoutClient writer = connect("writer");
                BlockFile file = writer.open(VOLUME, "/g", WRITE, CREATE_NEW)) {
            file.write(ByteBuffer.wrap(pattern(2, 2 * BLOCK)), 0);
        }
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b");
                BlockFile firstOfA = open(a);
                BlockFile firstOfB = open(b);
                BlockFile otherOfA = a.open(VOLUME, "/g", READ);
                BlockFile otherOfB = b.open(VOLUME, "/g", WriteMode.ATOMIC, READ, WRITE)) {
            store(firstOfA, 0, 10);
            store(otherOfB, 0, 20);
            var _ = read(firstOfB);
            var _ = read(otherOfA);
            recall(RecallLayoutsRequest.newBuilder().setWholeVolume(true));
            firstOfA.commit();
            otherOfB.commit();
            assertArrayEquals(pattern(10, BLOCK), Arrays.copyOf(read(firstOfB), BLOCK));
            assertArrayEquals(pattern(20, BLOCK), Arrays.copyOf(read(otherOfA), BLOCK));
        }
    }
}
