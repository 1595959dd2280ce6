package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.v1.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Scenario 40: the disk under the journal is full, or fails. */
class JournalTroubleTest extends ScenarioTest {
    private static final String VOLUME = ScenarioServer.VOLUME;
    private static final int CREATES_MAX = 20_000;
    private static final int GRACE_MILLIS = 4_000;

    private final TroubledStorage disk = new TroubledStorage();

    private ScenarioServer serveTroubled() throws Exception {
        return serveOn(disk.seams(), Map.of());
    }

    private LayoutClient connect(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000));
    }

    private double readOnlyMeter() {
        try {
            return server().meter("outlay_volume_read_only");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Creates files until the journal has no room; the names that were answered. */
    private static Set<String> fill(TestClient client, String prefix) {
        Set<String> created = new HashSet<>();
        for (int i = 0; i < CREATES_MAX; i++) {
            String name = prefix + "-" + "x".repeat(200) + "-" + i;
            try {
                var _ = client.create(name);
            } catch (Refused refused) {
                assertEquals(Reason.REASON_READ_ONLY, refused.reason());
                return created;
            }
            created.add(name);
        }
        throw new AssertionError("the journal never became full");
    }

    @Test
    void scenario40FullDiskIsReadOnlyWithItsReasonAndRecovers() throws Exception {
        ScenarioServer server = serveTroubled();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(1, BLOCK));
        var _ = a.giveBack(file);
        disk.full(true);
        Set<String> created = fill(a, "full");
        assertTrue(server.status().getReadOnlyReason().contains("full"), "volume show tells why");
        assertTrue(server.page("/health/ready").contains("read-only: the journal's disk is full"));
        assertEquals(1.0, readOnlyMeter());
        assertArrayEquals(pattern(1, BLOCK), Arrays.copyOf(a.read(file), BLOCK), "reads go on");

        disk.full(false);
        // Without any request that would look for space.
        Await.until("it is writable again", () -> readOnlyMeter() == 0);
        assertEquals("", server.status().getReadOnlyReason());
        assertEquals("ready\n", server.page("/health/ready"));
        var _ = a.create("after");
        server.restart();
        TestClient b = client("b");
        for (String name : created) {
            assertTrue(b.lookup(name).getFileId() > 0, name);
        }
        assertTrue(b.lookup("after").getFileId() > 0);
    }

    /** What the volume itself waits for is asked for again until there is room. */
    @Test
    void theEndOfGraceWaitsForRoom() throws Exception {
        ScenarioServer server = serveTroubled();
        TestClient a = client("a", GRACE_MILLIS);
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, BLOCK);
        var _ = b.create("g");
        server.restart();
        long restarted = System.nanoTime();
        var _ = b.reattach();
        disk.full(true);
        Set<String> created = fill(b, "full");
        assertFalse(created.isEmpty());
        Await.until(
                "the time to come back is over",
                () -> System.nanoTime() - restarted > 2_000_000L * GRACE_MILLIS);
        assertTrue(server.status().getInGrace(), "that a has expired needs the journal");
        disk.full(false);
        Await.until("grace ends", () -> !server.status().getInGrace());
        assertEquals(BLOCK, server.space().getQuarantinedBytes());
    }

    /** A disk that is full at the start: the volume is opened as soon as it can be. */
    @Test
    void scenario40FullAtTheStart() throws Exception {
        ScenarioServer server = serveTroubled();
        TestClient a = client("a");
        var _ = a.create("before");
        disk.full(true);
        var _ = fill(a, "full");
        server.restart();
        assertTrue(server.status().getUnavailableReason().contains("no space"));
        assertTrue(server.page("/health/ready").contains("volume 'v' is unavailable: "));
        assertEquals(1.0, server.meter("outlay_volume_unavailable"));
        assertRefused(Reason.REASON_INTERNAL, () -> a.lookup("before"));
        disk.full(false);
        Await.until("it is opened", () -> server.status().getUnavailableReason().isEmpty());
        assertEquals(0.0, server.meter("outlay_volume_unavailable"));
        var _ = a.reattach();
        assertTrue(a.lookup("before").getFileId() > 0);
    }

    /** The lapse of a client that a volume had no room to take is told again (Sessions.settle). */
    @Test
    void anEndThatAFullVolumeDidNotTakeIsToldAgain() throws Exception {
        ScenarioServer server = serveTroubled();
        long free = server.space().getFreeBytes();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, BLOCK);
        disk.full(true);
        Set<String> created = fill(b, "full");
        assertFalse(created.isEmpty());
        assertRefused(Reason.REASON_READ_ONLY, a::end);
        assertEquals(BLOCK, server.space().getGrantedBytes());
        disk.full(false);
        Await.until("a has ended", () -> server.space().getFreeBytes() == free);
    }

    /**
     * What meets the failure of the journal: refused at once if it was not begun, otherwise told to
     * come back and ask again, once the state is rebuilt.
     */
    private static void assertLost(Executable request) {
        Refused refused = assertThrows(Refused.class, request);
        assertTrue(
                refused.reason() == Reason.REASON_READ_ONLY
                        || refused.reason() == Reason.REASON_NO_SESSION,
                refused.getMessage());
    }

    /** A failed write: nothing answered is lost, and what was not answered can be tried again. */
    @Test
    void scenario40IoErrorIsSurvivedInANewSegment() throws Exception {
        ScenarioServer server = serveTroubled();
        TestClient a = client("a");
        TestClient reader = client("reader");
        long file = a.create("f");
        var mapped = a.map(file, RW, 0, 2 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(1, 2 * BLOCK));
        var _ = a.committing(file).part(mapped, 0, BLOCK).last(BLOCK - 1).send();
        disk.failNextWrite();
        assertLost(() -> a.create("lost"));
        assertTrue(disk.hasFailed());
        Await.until("it is rebuilt", () -> server.status().getReadOnlyReason().isEmpty());
        assertTrue(server.status().getInGrace(), "READ grants are gone from memory");
        assertRefused(Reason.REASON_NO_SESSION, () -> a.create("g"));
        assertEquals(List.of(VOLUME), a.renewal().getReattachVolumesList());
        assertFalse(a.renew(), "not before it has re-attached");
        var _ = a.reattach(a.layout(file, TestClient.range(RW, 0, 2 * BLOCK)));
        assertTrue(a.renew());
        var _ = a.committing(file).part(mapped, BLOCK, BLOCK).last(2 * BLOCK - 1).send();
        assertFalse(server.status().getInGrace(), "a is back, and nobody else was there");
        var _ = a.giveBack(file);
        assertArrayEquals(pattern(1, BLOCK), Arrays.copyOf(reader.read(file), BLOCK));
    }

    /** A client on a stream is told, and restates on the same stream what only memory knew. */
    @Test
    void aRebuildIsToldOnTheStream() throws Exception {
        ScenarioServer server = serveTroubled();
        TestClient other = client("other");
        long id;
        try (LayoutClient library = connect("library")) {
            try (BlockFile file = library.open(VOLUME, "/f", WRITE, CREATE_NEW)) {
                file.write(ByteBuffer.wrap(pattern(1, 2 * BLOCK)), 0);
                id = file.file().value();
            }
            try (BlockFile file =
                    library.open(VOLUME, "/f", java.nio.file.StandardOpenOption.READ)) {
                ByteBuffer target = ByteBuffer.allocate(2 * BLOCK);
                while (target.hasRemaining() && file.read(target, target.position()) > 0) {}
                disk.failNextWrite();
                assertLost(() -> other.create("lost"));
                Await.until("it is rebuilt", () -> server.status().getReadOnlyReason().isEmpty());
                var _ = other.reattach();
                // The library says nothing of its own accord for a third of 20 s.
                Await.until("everybody is back", () -> !server.status().getInGrace());
                long held = id;
                assertRefused(Reason.REASON_TRY_LATER, () -> other.map(held, RW, 0, BLOCK));
                target.clear();
                assertTrue(file.read(target, 0) > 0);
            }
        }
    }

    /** Who does not come back after a rebuild has expired whole, and is told so. */
    @Test
    void whoIsSilentAfterARebuildHasExpired() throws Exception {
        ScenarioServer server = serveTroubled();
        TestClient a = client("a", GRACE_MILLIS);
        TestClient b = client("b");
        long file = b.create("f");
        var _ = b.write(file, 0, pattern(1, BLOCK));
        var _ = b.giveBack(file);
        var _ = a.map(file, READ, 0, BLOCK);
        disk.failNextWrite();
        assertLost(() -> b.create("lost"));
        Await.until("it is rebuilt", () -> server.status().getReadOnlyReason().isEmpty());
        var _ = b.reattach();
        // Renewing is not coming back.
        Await.until(
                "a is told that it has ended",
                () -> {
                    try {
                        assertFalse(a.renew());
                        return false;
                    } catch (Refused refused) {
                        return refused.reason() == Reason.REASON_FENCED
                                || refused.reason() == Reason.REASON_EXPIRED;
                    }
                });
        Await.until("grace is over", () -> !server.status().getInGrace());
        var _ = b.map(file, RW, 0, BLOCK);
    }

    /** While the disk cannot be read either, the volume says why, and the others serve. */
    @Test
    void aVolumeThatCannotBeRebuiltSaysWhy() throws Exception {
        ScenarioServer server = serveTroubled();
        TestClient a = client("a");
        var _ = a.create("f");
        TestClient b = client("b");
        disk.unreadable(true);
        disk.failNextWrite();
        // Under way when the journal fails: answered once it is known what became of it.
        CompletableFuture<Void> underWay =
                CompletableFuture.runAsync(() -> assertLost(() -> b.create("g")));
        Await.until("it has failed", () -> disk.hasFailed());
        Await.until("it says why", () -> server.status().getReadOnlyReason().contains("played"));
        assertRefused(Reason.REASON_READ_ONLY, () -> a.create("g"));
        assertEquals(
                1,
                server.admin()
                        .listVolumes(dev.outlay.v1.ListVolumesRequest.getDefaultInstance())
                        .getVolumesCount());
        disk.unreadable(false);
        Await.until("it is rebuilt", () -> server.status().getReadOnlyReason().isEmpty());
        underWay.get(20, TimeUnit.SECONDS);
        var _ = a.reattach();
        var _ = a.create("h");
    }
}
