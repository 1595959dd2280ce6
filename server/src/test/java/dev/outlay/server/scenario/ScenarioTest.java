package dev.outlay.server.scenario;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.server.ServerSeams;
import dev.outlay.v1.FencePolicy;
import dev.outlay.v1.Reason;
import dev.outlay.v1.SpaceUsage;
import dev.outlay.v1.VolumeStatus;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What all scenarios have in common: a server, its clients, and scenario 45 after each of them -
 * {@code fsck} walks everything, online and, after the stop, offline; the counts of all block
 * states sum to the total; and once all clients have ended nothing is granted, pending or reserved.
 */
@Timeout(120)
abstract class ScenarioTest {
    static final int BLOCK = ScenarioServer.BLOCK;
    static final long DEVICE_BYTES = 8 << 20;

    /** For clients that are to lapse soon. */
    static final int SHORT_LEASE_MILLIS = 50;

    /** What a client that is gone already is told when it is ended. */
    private static final Set<Reason> GONE =
            Set.of(Reason.REASON_EXPIRED, Reason.REASON_FENCED, Reason.REASON_NO_SESSION);

    @TempDir protected @Nullable Path folder;

    private @Nullable ScenarioServer running;
    private final List<TestClient> clients = new ArrayList<>();

    /** Starts a server in this process. */
    ScenarioServer serve() throws Exception {
        return serve(DEVICE_BYTES);
    }

    ScenarioServer serve(long deviceBytes) throws Exception {
        running = ScenarioServer.here(folder(), deviceBytes);
        return running;
    }

    /** Starts a server in this process, on a machine that is played. */
    ScenarioServer serveOn(ServerSeams seams, Map<String, String> settings) throws Exception {
        running = ScenarioServer.here(folder(), DEVICE_BYTES, seams, settings);
        return running;
    }

    /** Starts a server in this process whose volume hands out zeros. */
    ScenarioServer serveZeros() throws Exception {
        running = ScenarioServer.ofZeros(folder(), DEVICE_BYTES);
        return running;
    }

    /** Starts a server in a process of its own. */
    ScenarioServer serveFromProcess() throws Exception {
        running = ScenarioServer.process(folder(), DEVICE_BYTES);
        return running;
    }

    /**
     * Starts a server in this process with settings of its own, over a device of so many blocks.
     */
    ScenarioServer serve(int blocks, Map<String, String> settings, FencePolicy fence)
            throws Exception {
        // The labels take the first and the last block.
        running = ScenarioServer.here(folder(), (blocks + 2L) * BLOCK, settings, fence);
        return running;
    }

    Path folder() {
        return Objects.requireNonNull(folder);
    }

    ScenarioServer server() {
        return Objects.requireNonNull(running);
    }

    TestClient client(String owner) {
        return client(owner, 0);
    }

    synchronized TestClient client(String owner, int leaseMillis) {
        TestClient client = new TestClient(server(), owner, leaseMillis);
        clients.add(client);
        return client;
    }

    /** Bytes that are neither zeros nor what the device was filled with; other seeds, others. */
    static byte[] pattern(int seed, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (1 + Math.floorMod(31 * seed + i, 199));
        }
        return bytes;
    }

    static void assertZeros(byte[] bytes) {
        assertArrayEquals(new byte[bytes.length], bytes);
    }

    static void assertSums(SpaceUsage space) {
        assertEquals(
                space.getTotalBytes(),
                space.getFreeBytes()
                        + space.getReservedBytes()
                        + space.getGrantedBytes()
                        + space.getMappedBytes()
                        + space.getPendingBytes()
                        + space.getQuarantinedBytes(),
                () -> "I21: " + space);
    }

    @AfterEach
    void scenario45() throws Exception {
        ScenarioServer server = running;
        if (server == null) {
            return;
        }
        try (var _ = server.device()) {
            if (server.isRunning()) {
                fsck(server);
            }
        }
    }

    private void fsck(ScenarioServer server) throws Exception {
        try (server) {
            assertEquals(List.of(), server.findings(), "fsck while the clients are there");
            assertSums(server.space());
            clients.forEach(ScenarioTest::end);
            Await.until("nothing is pending or reserved", () -> isSettled(server.status()));
            assertEquals(List.of(), server.findings(), "fsck after the clients have ended");
            assertSums(server.space());
        }
        assertSound(server);
    }

    /** The volume on disk, while no server runs. */
    static void assertSound(ScenarioServer server) {
        ScenarioServer.Fsck fsck = server.fsck();
        assertEquals(0, fsck.exitCode(), fsck::output);
    }

    private static void end(TestClient client) {
        try {
            client.end();
        } catch (Refused refused) {
            if (!GONE.contains(refused.reason())) {
                throw refused;
            }
        }
    }

    /** I21: with no clients left nothing is granted, pending or reserved. */
    private static boolean isSettled(VolumeStatus status) {
        SpaceUsage space = status.getSpace();
        boolean nothing =
                space.getPendingBytes() == 0
                        && space.getReservedBytes() == 0
                        && space.getGrantedBytes() == 0;
        return status.getClients() == 0 && nothing;
    }
}
