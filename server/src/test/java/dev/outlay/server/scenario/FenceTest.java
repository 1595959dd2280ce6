package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.fence.FenceAgent;
import dev.outlay.client.fence.LocalHost;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.ConfirmClientEndedRequest;
import dev.outlay.v1.ConfirmClientEndedResponse;
import dev.outlay.v1.Extent;
import dev.outlay.v1.FencePolicy;
import dev.outlay.v1.ListQuarantineRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.ProcessIdentity;
import dev.outlay.v1.QuarantinedClient;
import dev.outlay.v1.Reason;
import dev.outlay.v1.SpaceUsage;
import io.grpc.StatusRuntimeException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Section 4: quarantine, and the proofs that end it. */
class FenceTest extends ScenarioTest {

    private static final FencePolicy STRICT = FencePolicy.FENCE_POLICY_STRICT;
    private static final FencePolicy TIMED = FencePolicy.FENCE_POLICY_TIMED;

    /** Long enough to map within it on a busy machine. */
    private static final int LEASE_MILLIS = 500;

    private static final Map<String, String> FAILING =
            Map.of(
                    "fence.driver", "command",
                    "fence.command", "/bin/false",
                    "fence.retry-min", "5ms",
                    "fence.retry-max", "20ms");

    // ---- what is asked of the server

    private List<QuarantinedClient> quarantine() {
        return server().admin()
                .listQuarantine(
                        ListQuarantineRequest.newBuilder().setVolume(ScenarioServer.VOLUME).build())
                .getClientsList();
    }

    private ConfirmClientEndedResponse confirm(long client) {
        try {
            return server().admin()
                    .confirmClientEnded(
                            ConfirmClientEndedRequest.newBuilder()
                                    .setClientId(client)
                                    .setIKnowItHasEnded(true)
                                    .build());
        } catch (StatusRuntimeException e) {
            throw Refused.from(e);
        }
    }

    private long onlyQuarantined() {
        List<QuarantinedClient> all = quarantine();
        assertEquals(1, all.size(), all::toString);
        return all.getFirst().getClientId();
    }

    /** Maps for RW, as soon as nothing stands in the way but what is to be waited for. */
    private static MapBlocksResponse onceGranted(
            TestClient client, long file, long offset, long length, Reason... waits) {
        Once once = new Once();
        Await.until(
                "the range is granted",
                () -> {
                    try {
                        once.mapped = Optional.of(client.map(file, RW, offset, length));
                        return true;
                    } catch (Refused refused) {
                        assertTrue(List.of(waits).contains(refused.reason()), refused::getMessage);
                        return false;
                    }
                });
        return once.mapped.orElseThrow();
    }

    private static final class Once {
        private Optional<MapBlocksResponse> mapped = Optional.empty();
    }

    // ---- 28

    @Test
    void scenario28CommitFromARevokedIncarnation() throws Exception {
        ScenarioServer server = serve();
        TestClient b = client("b");
        long file = b.create("f");
        var _ = b.truncate(file, 2 * BLOCK);
        TestClient a = client("a");
        MapBlocksResponse held = a.map(file, RW, 0, 2 * BLOCK);
        a.store(held.getExtentsList(), 0, pattern(1, 2 * BLOCK));
        CommitBlocksRequest late = a.committing(file).all(held).build();
        var _ = client("a");

        assertFencedWhateverItAsks(a, file, late);
        server.restart();
        assertFencedWhateverItAsks(a, file, late);
        assertZeros(client("c").read(file));

        var _ = confirm(onlyQuarantined());
        assertRefused(Reason.REASON_EXPIRED, () -> a.commit(late));
        assertRefused(Reason.REASON_EXPIRED, () -> a.map(file, READ, 0, BLOCK));
        assertZeros(client("d").read(file));
    }

    private static void assertFencedWhateverItAsks(
            TestClient revoked, long file, CommitBlocksRequest commit) {
        assertRefused(Reason.REASON_FENCED, () -> revoked.commit(commit));
        assertRefused(Reason.REASON_FENCED, () -> revoked.map(file, READ, 0, BLOCK));
        assertRefused(Reason.REASON_FENCED, revoked::renew);
        assertRefused(Reason.REASON_FENCED, () -> revoked.giveBack(file));
    }

    // ---- 31, 32

    @Test
    void scenario31And32LateStoresAfterARemoveHitNobody() throws Exception {
        int blocks = 32;
        ScenarioServer server = serve(blocks, Map.of(), STRICT);
        TestClient a = client("a", LEASE_MILLIS);
        TestClient b = client("b");
        long file = b.create("f");
        MapBlocksResponse held = onceGranted(a, file, 0, 8 * BLOCK);
        var _ = b.remove("f");
        Await.until(
                "the silent holder is revoked",
                () -> server.space().getQuarantinedBytes() == 8 * BLOCK);

        // The device is filled; what A could store to is in nobody's hands.
        long full = b.create("full");
        MapBlocksResponse rest = b.map(full, RW, 0, (blocks - 8L) * BLOCK);
        b.store(rest.getExtentsList(), 0, pattern(2, (blocks - 8) * BLOCK));
        var _ = b.committing(full).all(rest).last((long) (blocks - 8) * BLOCK - 1).send();
        assertRefused(Reason.REASON_NO_SPACE, () -> b.map(full, RW, (blocks - 8L) * BLOCK, BLOCK));
        assertEquals(0, server.space().getFreeBytes());
        a.store(held.getExtentsList(), 0, pattern(3, 8 * BLOCK));
        var _ = b.giveBack(full);
        assertArrayEquals(pattern(2, (blocks - 8) * BLOCK), b.read(full));

        // Once it is proven that A is gone its blocks go on, and its bytes do not show.
        var _ = confirm(onlyQuarantined());
        long next = b.create("next");
        var _ = b.truncate(next, 8 * BLOCK);
        MapBlocksResponse granted = b.map(next, RW, 0, 8 * BLOCK);
        assertEquals(
                8 * BLOCK, granted.getExtentsList().stream().mapToLong(Extent::getLength).sum());
        var _ = b.giveBack(next);
        assertZeros(b.read(next));
    }

    // ---- 34

    @Test
    void scenario34AStoppedWriterHarmsNobody() throws Exception {
        stoppedWriterHarmsNobody(false);
    }

    @Test
    void scenario34NorWhereItsRangeWasWritten() throws Exception {
        stoppedWriterHarmsNobody(true);
    }

    /** Its blocks belong to another file by the time it goes on, in the middle of its copy. */
    @Test
    void scenario34AStoppedReaderNeverReturnsAnotherFilesBytes() throws Exception {
        int blocks = 1024;
        ScenarioServer server =
                serve(
                        blocks + 16,
                        Map.of("recall.deadline", "100ms"),
                        FencePolicy.FENCE_POLICY_STRICT);
        TestClient b = client("b");
        byte[] own = new byte[blocks * BLOCK];
        Arrays.fill(own, StoppedReader.OWN);
        byte[] others = pattern(34, blocks * BLOCK);
        for (int round = 0; round < 3; round++) {
            long file = b.create("f" + round);
            var _ = b.write(file, 0, own);
            var _ = b.giveBack(file);
            try (StoppedReader reader =
                    StoppedReader.reading(
                            server, folder().resolve("log"), "f" + round, own.length)) {
                reader.stop();
                var _ = b.truncate(file, 0);
                long reused = b.create("g" + round);
                var _ = b.write(reused, 0, others);
                String said = reader.resume();
                assertFalse(StoppedReader.sawForeign(said), said);
                var _ = b.giveBack(reused);
                var _ = b.remove("g" + round);
            }
        }
    }

    private void stoppedWriterHarmsNobody(boolean written) throws Exception {
        ScenarioServer server = serve();
        TestClient b = client("b");
        long file = b.create("f");
        if (written) {
            var _ = b.write(file, 0, pattern(9, 4 * BLOCK));
            var _ = b.giveBack(file);
        }
        byte[] bytes = pattern(4, 4 * BLOCK);
        try (StoppedWriter a = StoppedWriter.holding(server, folder().resolve("log"), file, 4)) {
            a.stop();
            long stopped = System.nanoTime();
            MapBlocksResponse mapped = onceGranted(b, file, 0, 4 * BLOCK, Reason.REASON_TRY_LATER);
            b.store(mapped.getExtentsList(), 0, bytes);
            var _ = b.committing(file).all(mapped).last(4 * BLOCK - 1).send();
            long threeLeases = TimeUnit.MILLISECONDS.toNanos(3L * StoppedWriter.LEASE_MILLIS);
            Await.until(
                    "three leases have passed", () -> System.nanoTime() - stopped > threeLeases);

            assertEquals("FENCED", a.resume());
            var _ = b.giveBack(file);
            assertArrayEquals(bytes, b.read(file));
            assertEquals(4 * BLOCK, server.space().getQuarantinedBytes());
        }
    }

    // ---- 36

    @Test
    void scenario36AFenceThatFailsForEverStopsNoFile() throws Exception {
        ScenarioServer server = serve(64, FAILING, STRICT);
        TestClient b = client("b");
        long file = b.create("f");
        TestClient a = client("a");
        MapBlocksResponse held = a.map(file, RW, 0, 4 * BLOCK);
        a.store(held.getExtentsList(), 0, pattern(1, 4 * BLOCK));
        var _ = a.committing(file).part(held, 0, 2 * BLOCK).last(2 * BLOCK - 1).send();
        var _ = client("a");

        Await.until("the alarm is raised", () -> meter("outlay_fence_failing_clients") == 1);
        Await.until("it is tried again", () -> meter("outlay_fence_failures_total") >= 3);
        assertTrue(quarantine().getFirst().getFenceState().contains("exit code 1"));
        assertEquals(2 * BLOCK, server.space().getQuarantinedBytes());
        // The file is read, and written where nothing had been committed.
        assertArrayEquals(pattern(1, 2 * BLOCK), b.read(file));
        MapBlocksResponse fresh = b.map(file, RW, 2 * BLOCK, 2 * BLOCK);
        b.store(fresh.getExtentsList(), 2 * BLOCK, pattern(2, 2 * BLOCK));
        var _ = b.committing(file).all(fresh).last(4 * BLOCK - 1).send();
        var _ = b.giveBack(file);

        // An operator's word counts whatever the driver says, and the alarm is over.
        var _ = confirm(onlyQuarantined());
        assertEquals(0, server.space().getQuarantinedBytes());
        assertEquals(0, server.space().getAtRiskBytes());
        Await.until("the alarm is over", () -> meter("outlay_fence_failing_clients") == 0);
    }

    private double meter(String name) {
        try {
            return server().meter(name);
        } catch (java.io.IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aCommandThatConfirmsEndsTheQuarantine() throws Exception {
        ScenarioServer server =
                serve(64, Map.of("fence.driver", "command", "fence.command", "/bin/true"), STRICT);
        long free = server.space().getFreeBytes();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, 4 * BLOCK);
        var _ = client("a");
        Await.until("it is free", () -> server.space().getFreeBytes() == free);
        assertEquals(List.of(), quarantine());
    }

    // ---- 37

    @Test
    void scenario37ACrashedClientComesBackWithinItsLease() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.truncate(file, 2 * BLOCK);
        MapBlocksResponse before = a.map(file, RW, 0, 2 * BLOCK);
        TestClient again = client("a");
        MapBlocksResponse after = again.map(file, RW, 0, 2 * BLOCK);
        assertEquals(2 * BLOCK, server.space().getQuarantinedBytes());
        a.store(before.getExtentsList(), 0, pattern(1, 2 * BLOCK));
        again.store(after.getExtentsList(), 0, pattern(2, 2 * BLOCK));
        var _ = again.committing(file).all(after).send();
        var _ = again.giveBack(file);
        assertArrayEquals(pattern(2, 2 * BLOCK), client("b").read(file));
        QuarantinedClient listed = quarantine().getFirst();
        assertEquals("a", listed.getOwner());
        assertEquals(2 * BLOCK, listed.getQuarantinedBytes());
        assertEquals(2 * BLOCK, listed.getRanges(0).getLength());
    }

    // ---- 42

    @Test
    void scenario42UnderStrictWithoutProofThereIsNoSpace() throws Exception {
        int blocks = 16;
        ScenarioServer server = serve(blocks, Map.of(), STRICT);
        TestClient a = client("a", LEASE_MILLIS);
        TestClient b = client("b");
        long file = b.create("f");
        var _ = onceGranted(a, file, 0, (long) blocks * BLOCK);
        Await.until("a is revoked by the conflict", () -> isNoSpace(b, file));
        for (int i = 0; i < 3; i++) {
            assertTrue(isNoSpace(b, file));
        }
        SpaceUsage space = server.space();
        assertEquals(0, space.getFreeBytes());
        assertEquals((long) blocks * BLOCK, space.getQuarantinedBytes());

        // Proven, it is free.
        ConfirmClientEndedResponse proven = confirm(onlyQuarantined());
        assertEquals((long) blocks * BLOCK, proven.getVolumes(0).getFreedBytes());
        var _ = b.map(file, RW, 0, (long) blocks * BLOCK);
    }

    private static boolean isNoSpace(TestClient client, long file) {
        try {
            var _ = client.map(file, RW, 0, BLOCK);
            throw new AssertionError("granted");
        } catch (Refused refused) {
            return refused.reason() == Reason.REASON_NO_SPACE;
        }
    }

    @Test
    void scenario42ByItsOwnWordAlsoAfterItWasRevoked() throws Exception {
        ScenarioServer server = serve(16, Map.of(), STRICT);
        long free = server.space().getFreeBytes();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, 16 * BLOCK);
        TestClient again = client("a");
        assertRefused(Reason.REASON_NO_SPACE, () -> again.map(file, RW, 0, BLOCK));
        a.end();
        assertEquals(free, server.space().getFreeBytes());
        var _ = again.map(file, RW, 0, 16 * BLOCK);
        assertRefused(Reason.REASON_EXPIRED, a::renew);
    }

    @Test
    void scenario42UnderTimedTimeIsAProof() throws Exception {
        ScenarioServer server = serve(16, Map.of(), TIMED);
        TestClient a = client("a", LEASE_MILLIS);
        TestClient b = client("b");
        long file = b.create("f");
        var _ = onceGranted(a, file, 0, 16 * BLOCK);
        var _ =
                onceGranted(
                        b, file, 0, 16 * BLOCK, Reason.REASON_TRY_LATER, Reason.REASON_NO_SPACE);
        assertEquals(0, server.space().getQuarantinedBytes());
        assertTrue(server.status().getStaleWriterRisk(), "it is a plain file");
    }

    @Test
    void timedOnAPlainFileIsRefusedUnlessTheRiskIsAccepted() throws Exception {
        ScenarioServer server = serve();
        StatusRuntimeException refused =
                org.junit.jupiter.api.Assertions.assertThrows(
                        StatusRuntimeException.class,
                        () ->
                                server.admin()
                                        .createVolume(
                                                dev.outlay.v1.CreateVolumeRequest.newBuilder()
                                                        .setVolume("timed")
                                                        .setFencePolicy(TIMED)
                                                        .addDevices(
                                                                dev.outlay.v1.DeviceSlice
                                                                        .newBuilder()
                                                                        .setPath(otherDevice()))
                                                        .build()));
        assertTrue(
                String.valueOf(refused.getMessage()).contains("accept_stale_writer_risk"),
                refused::getMessage);
        assertFalse(server.status().getStaleWriterRisk());
    }

    private String otherDevice() {
        try (DeviceFile device = DeviceFile.make(folder().resolve("other"), 1 << 20)) {
            return device.path().toString();
        }
    }

    @Test
    void whoseLeaseRunsIsNotConfirmedByMistake() throws Exception {
        var _ = serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, BLOCK);
        assertRefused(Reason.REASON_INVALID_ARGUMENT, () -> confirm(a.clientId()));
        assertRefused(Reason.REASON_NOT_FOUND, () -> confirm(4711));
        assertTrue(a.renew());
    }

    // ---- the agent

    @Test
    void theAgentEndsAStoppedProcessAndItsBlocksAreFree() throws Exception {
        ScenarioServer server = serve(64, Map.of("fence.driver", "agent"), STRICT);
        long free = server.space().getFreeBytes();
        TestClient b = client("b");
        long file = b.create("f");
        LocalHost host = LocalHost.read("test-host");
        Process victim = new ProcessBuilder("tail", "-f", "/dev/null").start();
        try (var _ = FenceAgent.start(server.address(), host, Map.of(), _ -> {})) {
            TestClient a =
                    new TestClient(
                            server,
                            "a",
                            LEASE_MILLIS,
                            Optional.of(
                                    ProcessIdentity.newBuilder()
                                            .setHost(host.name())
                                            .setBootId(host.bootId())
                                            .setPidNamespace(host.pidNamespace())
                                            .setPid(victim.pid())
                                            .setStartTicks(
                                                    LocalHost.startTicks(victim.pid())
                                                            .orElseThrow())
                                            .build()));
            var _ = onceGranted(a, file, 0, 8 * BLOCK);
            var _ = onceGranted(b, file, 0, BLOCK, Reason.REASON_TRY_LATER);
            var _ = b.giveBack(file);
            Await.until("all is free again", () -> server.space().getFreeBytes() == free);
            assertTrue(victim.waitFor(20, TimeUnit.SECONDS), "the agent has ended it");
            assertEquals(List.of(), quarantine());
        } finally {
            victim.destroyForcibly();
        }
    }

    @Test
    void withoutItsAgentTheQuarantineStands() throws Exception {
        ScenarioServer server =
                serve(64, Map.of("fence.driver", "agent", "fence.retry-min", "5ms"), STRICT);
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, 8 * BLOCK);
        var _ = client("a");
        Await.until("the alarm is raised", () -> meter("outlay_fence_failing_clients") == 1);
        assertTrue(quarantine().getFirst().getFenceState().contains("did not say where it runs"));
        assertEquals(8 * BLOCK, server.space().getQuarantinedBytes());
    }
}
