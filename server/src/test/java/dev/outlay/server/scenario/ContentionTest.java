package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.LayoutsGrpc;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import io.grpc.StatusRuntimeException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Many who want the same: nobody else pays for it, and nobody of them starves. */
final class ContentionTest extends ScenarioTest {
    private static final int WAIT_MILLIS = 60_000;

    /** What an unrelated call may take, at the median, while a thousand are stuck. */
    private static final long UNRELATED_MILLIS = 100;

    /** Nothing here needs threads or memory by the request. */
    private static final int FEW_THREADS = 8;

    private static final long LITTLE_MEMORY = 64L << 20;

    @Test
    void scenario19AThousandStuckConflictsCostTheNextCallNothing() throws Exception {
        var server = serve();
        TestClient holder = client("holder");
        long file = holder.create("wanted");
        var _ = holder.write(file, 0, pattern(19, BLOCK));
        TestClient bystander = client("bystander");
        long other = bystander.create("other");
        var _ = bystander.map(other, RW, 0, BLOCK);
        long memoryBefore = usedMemory();
        int threadsBefore = ManagementFactory.getThreadMXBean().getThreadCount();

        List<Future<MapBlocksResponse>> stuck = new ArrayList<>();
        List<TestClient> waiting = new ArrayList<>();
        var calls = LayoutsGrpc.newFutureStub(server.channel());
        for (int c = 0; c < 20; c++) {
            TestClient client = client("stuck-" + c);
            waiting.add(client);
            for (int i = 0; i < 50; i++) {
                stuck.add(
                        calls.mapBlocks(
                                client.mapping(file, RW, 0, BLOCK)
                                        .setWaitMillis(WAIT_MILLIS)
                                        .setOperation(client.nextOperation())
                                        .build()));
            }
        }
        Await.until("a thousand requests wait", () -> server.status().getWaitingRequests() == 1000);
        long[] took = new long[21];
        for (int i = 0; i < took.length; i++) {
            long begun = System.nanoTime();
            var _ = bystander.map(other, RW, (1 + i) * (long) BLOCK, BLOCK);
            took[i] = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        }
        Arrays.sort(took);
        assertTrue(
                took[took.length / 2] < UNRELATED_MILLIS,
                () -> "an unrelated call takes " + took[took.length / 2] + " ms at the median");
        int threads = ManagementFactory.getThreadMXBean().getThreadCount();
        assertTrue(
                threads - threadsBefore <= FEW_THREADS,
                () -> threads + " threads, " + threadsBefore + " before");
        assertTrue(
                usedMemory() - memoryBefore < LITTLE_MEMORY,
                () -> usedMemory() + " bytes of memory, " + memoryBefore + " before");

        // The first in the queue is served, and all that it asked for with it.
        var _ = holder.giveBack(file);
        for (int i = 0; i < 50; i++) {
            assertEquals(1, stuck.get(i).get(20, TimeUnit.SECONDS).getRangesCount());
        }
        for (TestClient client : waiting) {
            client.end();
        }
        for (Future<MapBlocksResponse> each : stuck.subList(50, 1000)) {
            try {
                var _ = each.get(20, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                RuntimeException why =
                        Refused.from(assertInstanceOf(StatusRuntimeException.class, e.getCause()));
                assertEquals(Reason.REASON_EXPIRED, assertInstanceOf(Refused.class, why).reason());
            }
        }
        Await.until("nobody waits any more", () -> server.status().getWaitingRequests() == 0);
    }

    private static long usedMemory() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** One client's part in the fight: what it was granted, and the longest it was passed over. */
    private record Share(long grants, long longestPassedOver) {}

    @Test
    void eightClientsThatFightForOneBlockAllGetTheirShare() throws Exception {
        var server = serve();
        int fighters = 8;
        long enough = 1_000;
        AtomicLong granted = new AtomicLong();
        long file = client("maker").create("wanted");
        long begun = System.nanoTime();
        try (ExecutorService threads = Executors.newFixedThreadPool(fighters)) {
            List<Callable<Share>> fights = new ArrayList<>();
            for (int i = 0; i < fighters; i++) {
                TestClient client = client("fighter-" + i);
                fights.add(() -> fight(client, file, granted, enough));
            }
            List<Share> shares = new ArrayList<>();
            for (Future<Share> fight : threads.invokeAll(fights)) {
                shares.add(fight.get());
            }
            long total = shares.stream().mapToLong(Share::grants).sum();
            System.out.printf(
                    "%d grants of one block to %d clients in %.1f s, %s%n",
                    total, fighters, (System.nanoTime() - begun) / 1e9, shares);
            assertTrue(total >= enough);
            for (Share share : shares) {
                assertTrue(share.grants() >= total / 16, shares::toString);
                // The mean is that each of the others goes once before.
                assertTrue(share.longestPassedOver() <= 4L * (fighters - 1), shares::toString);
            }
        }
        assertEquals(0, server.status().getWaitingRequests());
    }

    private static Share fight(TestClient client, long file, AtomicLong granted, long enough) {
        long grants = 0;
        long longest = 0;
        while (granted.get() < enough) {
            long before = granted.get();
            var _ =
                    client.map(
                            client.mapping(file, RW, 0, BLOCK)
                                    .setWaitMillis(WAIT_MILLIS)
                                    .setOperation(client.nextOperation())
                                    .build());
            longest = Math.max(longest, granted.getAndIncrement() - before);
            grants++;
            var _ = client.giveBack(file);
        }
        return new Share(grants, longest);
    }
}
