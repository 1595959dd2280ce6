package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.ScenarioServer.VOLUME;
import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.v1.ClientInfo;
import dev.outlay.v1.ClientState;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.LayoutHolding;
import dev.outlay.v1.ListAllLayoutsRequest;
import dev.outlay.v1.ListClientsRequest;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Recall;
import dev.outlay.v1.RecallLayoutsRequest;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.RevokeClientRequest;
import dev.outlay.v1.SessionsGrpc;
import dev.outlay.v1.ShedLoadRequest;
import java.lang.foreign.MemorySegment;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Conflict and recall over gRPC: scenarios 11, and 13 to 18. */
final class RecallTest extends ScenarioTest {
    private static final int WAIT_MILLIS = 15_000;
    private static final long PATIENCE_SECONDS = 20;

    /** Asks in another thread, and waits at the server. */
    private static CompletableFuture<MapBlocksResponse> mapLater(
            TestClient client, MapBlocksRequest.Builder request) {
        MapBlocksRequest asked =
                request.setWaitMillis(WAIT_MILLIS).setOperation(client.nextOperation()).build();
        return CompletableFuture.supplyAsync(() -> client.map(asked));
    }

    private static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** The return of a whole recall, by the stateid that it named. */
    private static ReturnLayoutRequest answer(TestClient client, Recall recall, boolean held) {
        ReturnLayoutRequest.File.Builder scope =
                ReturnLayoutRequest.File.newBuilder()
                        .setFileId(recall.getFile().getFileId())
                        .addAllRanges(recall.getFile().getRangesList());
        if (held) {
            scope.setStateid(recall.getFile().getStateid());
        }
        return ReturnLayoutRequest.newBuilder()
                .setSession(client.ref())
                .setOperation(client.nextOperation())
                .setFile(scope)
                .build();
    }

    private int pending(TestClient client) {
        return info(client).getUsesList().stream()
                .mapToInt(ClientInfo.Use::getRecallsPending)
                .sum();
    }

    private ClientInfo info(TestClient client) {
        return server()
                .admin()
                .listClients(ListClientsRequest.getDefaultInstance())
                .getClientsList()
                .stream()
                .filter(info -> info.getClientId() == client.ref().getClientId())
                .findFirst()
                .orElseThrow();
    }

    private static FileRange blocks(long first, long count) {
        return FileRange.newBuilder().setOffset(first * BLOCK).setLength(count * BLOCK).build();
    }

    @Test
    void scenario13OnlyTheOverlapIsRecalled() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        a.write(file, 0, pattern(1, 8 * BLOCK));
        try (NoticeStream toA = NoticeStream.attach(server, a.ref())) {
            int seqid = a.stateid(file).orElseThrow().getSeqid();
            var waiting = mapLater(b, b.mapping(file, READ, 4 * BLOCK, 2 * BLOCK));
            Recall recall = toA.recall();
            assertEquals(List.of(blocks(4, 2)), recall.getFile().getRangesList());
            assertEquals(file, recall.getFile().getFileId());
            assertEquals(seqid + 1, recall.getFile().getStateid().getSeqid(), "scenario 14");
            assertRefused(Reason.REASON_RECALL_CONFLICT, () -> a.map(file, RW, 4 * BLOCK, BLOCK));
            toA.acknowledge(recall);
            assertRefused(Reason.REASON_RETURN_CONFLICT, () -> a.map(file, RW, 4 * BLOCK, BLOCK));
            assertFalse(waiting.isDone(), "b waits");

            MapBlocksResponse mine = a.map(file, RW, 0, 2 * BLOCK);
            a.write(file, 0, pattern(2, BLOCK));
            assertTrue(mine.hasStateid());
            a.giveBack(file, 4 * BLOCK, 2 * BLOCK);
            MapBlocksResponse mapped = soon(waiting);
            assertEquals(1, mapped.getRangesCount());
            assertArrayEquals(
                    java.util.Arrays.copyOfRange(pattern(1, 8 * BLOCK), 4 * BLOCK, 6 * BLOCK),
                    server.device().load(mapped.getExtents(0).getDeviceOffset(), 2 * BLOCK));
            assertEquals(0, pending(a));
            assertTrue(toA.isQuiet());
        }
    }

    @Test
    void scenario15NothingHeldClearsTheRecall() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, 2 * BLOCK);
        try (NoticeStream toA = NoticeStream.attach(server, a.ref())) {
            var waiting = mapLater(b, b.mapping(file, RW, 0, 2 * BLOCK));
            Recall recall = toA.recall();
            toA.acknowledge(recall);
            a.giveBack(file, 0, BLOCK);
            a.giveBack(file, BLOCK, BLOCK);
            assertEquals(1, pending(a), "pieces do not end it");
            a.giveBack(answer(a, recall, false));
            assertEquals(0, pending(a));
            assertEquals(2 * BLOCK, soon(waiting).getRanges(0).getLength());
            b.giveBack(file);
            var _ = a.map(file, RW, 0, BLOCK);
        }
    }

    @Test
    void scenario16FourPiecesAndTheWhole() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, 8 * BLOCK);
        try (NoticeStream toA = NoticeStream.attach(server, a.ref())) {
            var waiting = mapLater(b, b.mapping(file, RW, 0, 4 * BLOCK));
            Recall recall = toA.recall();
            toA.acknowledge(recall);
            for (int block = 0; block < 4; block++) {
                a.giveBack(file, (long) block * BLOCK, BLOCK);
                assertEquals(1, pending(a), "open after piece " + block);
            }
            assertRefused(Reason.REASON_RETURN_CONFLICT, () -> a.map(file, RW, 0, BLOCK));
            a.giveBack(answer(a, recall, false));
            assertEquals(0, pending(a));
            assertEquals(4 * BLOCK, soon(waiting).getRanges(0).getLength());
            assertEquals(1, a.layoutsHeld().size(), "the other half stands");
        }
    }

    @Test
    void scenario17TheMiddleGoesTheOuterThirdsStand() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        MapBlocksResponse mine = a.map(file, RW, 0, 6 * BLOCK);
        a.store(mine.getExtentsList(), 0, pattern(1, 6 * BLOCK));
        try (NoticeStream toA = NoticeStream.attach(server, a.ref())) {
            var waiting = mapLater(b, b.mapping(file, RW, 2 * BLOCK, 2 * BLOCK));
            Recall recall = toA.recall();
            toA.acknowledge(recall);
            a.giveBack(answer(a, recall, true));
            var _ = soon(waiting);
            assertRefused(
                    Reason.REASON_BAD_LAYOUT,
                    () -> a.committing(file).all(mine).last(6 * BLOCK - 1).send());
            a.write(file, 0, pattern(2, 2 * BLOCK));
            a.write(file, 4 * BLOCK, pattern(3, 2 * BLOCK));
            assertEquals(6 * BLOCK, a.attributes(file).getSizeBytes());
        }
    }

    @Test
    void aClientWithoutStreamLearnsOfRecallsWhenItRenews() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, BLOCK);
        var waiting = mapLater(b, b.mapping(file, RW, 0, BLOCK));
        Await.until("the recall has begun", () -> pending(a) == 1);
        Recall recall =
                SessionsGrpc.newBlockingStub(server.channel())
                        .renew(dev.outlay.v1.RenewRequest.newBuilder().setSession(a.ref()).build())
                        .getRecalls(0);
        assertEquals(List.of(blocks(0, 1)), recall.getFile().getRangesList());
        try (NoticeStream toA = NoticeStream.attach(server, a.ref())) {
            assertEquals(recall.getRecallId(), toA.recall().getRecallId(), "told again");
        }
        a.giveBack(answer(a, recall, true));
        var _ = soon(waiting);
    }

    @Test
    void waitsEndWithTheStreamAndItsPlaceIsFree() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.map(file, RW, 0, BLOCK);
        NoticeStream toB = NoticeStream.attach(server, b.ref());
        var waiting = mapLater(b, b.mapping(file, RW, 0, BLOCK));
        Await.until("the recall has begun", () -> pending(a) == 1);
        toB.close();
        Throwable refused =
                soon(
                        waiting.handle(
                                (_, failure) -> failure == null ? failure : failure.getCause()));
        assertEquals(Reason.REASON_TRY_LATER, ((Refused) refused).reason());
    }

    @Test
    void anOperatorRecallsShedsListsAndRevokes() throws Exception {
        var server = serve();
        TestClient a = client("a");
        long first = a.create("f");
        long second = a.create("g");
        a.write(first, 0, pattern(1, BLOCK));
        var _ = a.map(second, RW, 0, BLOCK);
        try (NoticeStream toA = NoticeStream.attach(server, a.ref())) {
            RecallLayoutsRequest everything =
                    RecallLayoutsRequest.newBuilder()
                            .setVolume(VOLUME)
                            .setWholeVolume(true)
                            .setChanged(true)
                            .build();
            assertEquals(1, server.admin().recallLayouts(everything).getRecallsBegun());
            Recall recall = toA.recall();
            assertTrue(recall.hasWholeVolume() && recall.getChanged(), recall::toString);
            toA.acknowledge(recall);
            assertRefused(Reason.REASON_RETURN_CONFLICT, () -> a.map(first, RW, 0, BLOCK));
            a.giveBack(
                    ReturnLayoutRequest.newBuilder()
                            .setSession(a.ref())
                            .setOperation(a.nextOperation())
                            .setVolume(ReturnLayoutRequest.Volume.getDefaultInstance())
                            .build());
            assertEquals(0, pending(a));

            var _ = a.map(first, RW, 0, BLOCK);
            server.admin().shedLoad(ShedLoadRequest.newBuilder().setVolume(VOLUME).build());
            assertEquals(VOLUME, toA.next().getShedLoad().getVolume());
            List<LayoutHolding> held =
                    server.admin()
                            .listAllLayouts(
                                    ListAllLayoutsRequest.newBuilder().setVolume(VOLUME).build())
                            .getLayoutsList();
            assertEquals(1, held.size());
            assertEquals("a", held.getFirst().getOwner());
            assertEquals(ClientState.CLIENT_STATE_LIVE, info(a).getState());
            assertTrue(info(a).getStreaming());

            var _ =
                    server.admin()
                            .revokeClient(
                                    RevokeClientRequest.newBuilder()
                                            .setClientId(a.ref().getClientId())
                                            .build());
            assertRefused(Reason.REASON_FENCED, () -> a.map(first, RW, 0, BLOCK));
            assertEquals(ClientState.CLIENT_STATE_REVOKED, info(a).getState());
        }
    }

    @Test
    void librariesTakeTurnsOnOneRange() throws Exception {
        var server = serve();
        client("maker").create("f");
        try (LayoutClient a = library(server, "a");
                LayoutClient b = library(server, "b");
                BlockFile byA = open(a);
                BlockFile byB = open(b)) {
            for (int turn = 0; turn < 10; turn++) {
                byA.write(MemorySegment.ofArray(pattern(turn, 3 * BLOCK)), 0);
                byB.write(MemorySegment.ofArray(pattern(100 + turn, BLOCK)), BLOCK);
                byte[] seen = new byte[3 * BLOCK];
                byB.commit();
                assertEquals(3 * BLOCK, byA.read(MemorySegment.ofArray(seen), 0));
                byte[] expected = pattern(turn, 3 * BLOCK);
                System.arraycopy(pattern(100 + turn, BLOCK), 0, expected, BLOCK, BLOCK);
                assertArrayEquals(expected, seen, "turn " + turn);
            }
            byA.commit();
        }
    }

    private static LayoutClient library(ScenarioServer server, String owner) throws Exception {
        return LayoutClient.connect(ClientOptions.to(server.address(), owner));
    }

    private static BlockFile open(LayoutClient client) throws Exception {
        return client.open(VOLUME, "/f", StandardOpenOption.READ, StandardOpenOption.WRITE);
    }
}
