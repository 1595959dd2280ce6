package dev.outlay.server.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.AttachSessionRequest;
import dev.outlay.v1.ChildName;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.EndClientRequest;
import dev.outlay.v1.FileKind;
import dev.outlay.v1.GetAttributesRequest;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.ListRequest;
import dev.outlay.v1.LookupRequest;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.OpenSessionRequest;
import dev.outlay.v1.Reason;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.RenewRequest;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.SessionRef;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionStreamTest {
    @TempDir Path directory;
    private TestServer server;

    @BeforeEach
    void start() throws Exception {
        server = TestServer.withVolume(directory, Map.of("limits.message-size", "64KiB"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void firstRequestOpensASessionAndRenews() throws Exception {
        TestStream stream = TestStream.open(server.channel(), true);
        stream.send(open(1, "a"));
        Reply reply = stream.reply();
        assertTrue(reply.hasOpenSession());
        assertTrue(reply.getLeaseRenewed());
        assertEquals(65536, reply.getOpenSession().getLimits().getMessageBytes());
        stream.send(renew(2));
        assertEquals(30_000, stream.reply().getRenew().getLeaseMillis());
        stream.completeSending();
        assertEquals(Status.Code.OK, stream.status().getCode());
    }

    @Test
    void anythingElseFirstEndsTheStream() throws Exception {
        TestStream renewing = TestStream.open(server.channel(), true);
        renewing.send(renew(1));
        assertEquals(Status.Code.UNAUTHENTICATED, renewing.status().getCode());

        TestStream together = TestStream.open(server.channel(), true);
        together.send(open(1, "a"), renew(2));
        assertEquals(Status.Code.UNAUTHENTICATED, together.status().getCode());
    }

    @Test
    void aMessageHoldsSomeRequestsButNotTooMany() throws Exception {
        TestStream empty = TestStream.open(server.channel(), true);
        empty.send(ClientMessage.getDefaultInstance());
        assertEquals(Status.Code.INVALID_ARGUMENT, empty.status().getCode());

        TestStream full = opened("a");
        ClientMessage.Builder message = ClientMessage.newBuilder();
        for (int i = 0; i <= 1024; i++) {
            message.addRequests(renew(2 + i));
        }
        full.send(message.build());
        assertEquals(Status.Code.INVALID_ARGUMENT, full.status().getCode());
    }

    @Test
    void errorsAreRepliesAndTheStreamGoesOn() throws Exception {
        TestStream stream = opened("a");
        stream.send(
                Request.newBuilder()
                        .setMessageId(2)
                        .setMapBlocks(
                                MapBlocksRequest.newBuilder()
                                        .setOperation(TestServer.operation(1))
                                        .setFileId(1)
                                        .setLength(4096)));
        Reply unset = stream.reply();
        assertEquals(Reason.REASON_INVALID_ARGUMENT, unset.getError().getReason());
        assertTrue(unset.getError().getMessage().contains("iomode"));
        assertTrue(unset.getLeaseRenewed(), "an error renews as well");

        stream.send(
                Request.newBuilder()
                        .setMessageId(3)
                        .setMapBlocks(
                                MapBlocksRequest.newBuilder()
                                        .setOperation(TestServer.operation(1))
                                        .setFileId(77)
                                        .setLength(4096)
                                        .setIomode(IoMode.IO_MODE_READ)));
        assertEquals(Reason.REASON_NOT_FOUND, stream.reply().getError().getReason());

        stream.send(renew(3));
        Reply again = stream.reply();
        assertEquals(Reason.REASON_INVALID_ARGUMENT, again.getError().getReason());
        assertTrue(again.getError().getMessage().contains("message_id 3"));

        stream.send(Request.newBuilder().setMessageId(4));
        assertEquals(Reason.REASON_UNSUPPORTED, stream.reply().getError().getReason());
        stream.send(open(5, "b"));
        assertEquals(Reason.REASON_INVALID_ARGUMENT, stream.reply().getError().getReason());
        stream.send(renew(6));
        assertTrue(stream.reply().hasRenew());
    }

    @Test
    void aBatchIsAnsweredWholeAndGathered() throws Exception {
        TestStream stream = opened("a");
        stream.message();
        ClientMessage.Builder message = ClientMessage.newBuilder();
        for (int i = 0; i < 100; i++) {
            message.addRequests(create(2 + i, 1 + i, "f" + i));
        }
        stream.send(message.build());
        Set<Long> answered = new HashSet<>();
        int messages = 0;
        while (answered.size() < 100) {
            for (Reply reply : stream.message().getRepliesList()) {
                assertTrue(reply.hasCreate(), reply::toString);
                answered.add(reply.getMessageId());
            }
            messages++;
        }
        int seen = messages;
        assertTrue(messages < 50, () -> seen + " messages for 100 answers");
    }

    /** More than are decided or sent at a time; a read sees what was written before it alone. */
    @Test
    void manyRequestsInAMessageAreTakenInTheirOrder() throws Exception {
        TestStream stream = opened("a");
        int before = 150;
        ClientMessage.Builder message = ClientMessage.newBuilder();
        for (int i = 0; i < before; i++) {
            message.addRequests(lookup(2 + i, "/new"));
        }
        message.addRequests(create(2 + before, 1, "new"));
        for (int i = 0; i < 150; i++) {
            message.addRequests(lookup(3 + before + i, "/new"));
        }
        stream.send(message.build());
        Set<Long> answered = new HashSet<>();
        for (int i = 0; i < message.getRequestsCount(); i++) {
            Reply reply = stream.reply();
            long after = reply.getMessageId() - (2 + before);
            assertEquals(after < 0, reply.hasError(), reply::toString);
            assertTrue(answered.add(reply.getMessageId()), reply::toString);
        }
    }

    @Test
    void aSessionOutlivesItsStreamAndTheNewestStreamSpeaks() throws Exception {
        SessionRef session = server.open("a");
        TestStream first = TestStream.open(server.channel(), true);
        first.send(attach(1, session));
        assertTrue(first.reply().hasAttachSession());
        first.send(create(2, 1, "f"));
        assertTrue(first.reply().hasCreate());

        TestStream second = TestStream.open(server.channel(), true);
        second.send(attach(1, session));
        assertTrue(second.reply().getLeaseRenewed());
        assertEquals(Status.Code.ABORTED, first.status().getCode());
        second.send(create(2, 1, "f"));
        assertTrue(second.reply().hasCreate(), "the same answer to the same operation");
        second.completeSending();
        assertEquals(Status.Code.OK, second.status().getCode());

        TestStream third = TestStream.open(server.channel(), true);
        third.send(attach(1, session));
        assertTrue(third.reply().hasAttachSession());
    }

    @Test
    void aWrongSecretIsRefusedInBandAndMayBeCorrected() throws Exception {
        SessionRef session = server.open("a");
        TestStream stream = TestStream.open(server.channel(), true);
        stream.send(attach(1, session.toBuilder().setSecret(Fields.id(1, 2)).build()));
        Reply refused = stream.reply();
        assertEquals(Reason.REASON_PERMISSION_DENIED, refused.getError().getReason());
        assertFalse(refused.getLeaseRenewed());
        stream.send(attach(2, session));
        assertTrue(stream.reply().hasAttachSession());
    }

    @Test
    void aSupersededClientIsTold() throws Exception {
        TestStream old = opened("a");
        TestStream fresh = TestStream.open(server.channel(), true);
        OpenSessionRequest again =
                TestServer.openRequest("a").toBuilder().setIncarnation(99).build();
        fresh.send(Request.newBuilder().setMessageId(1).setOpenSession(again));
        assertTrue(fresh.reply().hasOpenSession());
        old.send(renew(2));
        Reply reply = old.reply();
        assertFalse(reply.getLeaseRenewed());
        assertEquals(
                Reason.REASON_FENCED, old.notice().getLeaseEnding().getReason(), reply::toString);
    }

    @Test
    void reattachSettlesEachVolumeByItself() throws Exception {
        TestStream stream = opened("a");
        stream.send(
                Request.newBuilder()
                        .setMessageId(2)
                        .setReattach(
                                ReattachRequest.newBuilder()
                                        .setIncarnation(
                                                TestServer.openRequest("a").getIncarnation())
                                        .addVolumes(
                                                ReattachRequest.Volume.newBuilder()
                                                        .setVolume(TestServer.VOLUME))
                                        .addVolumes(
                                                ReattachRequest.Volume.newBuilder()
                                                        .setVolume("other"))));
        var settled = stream.reply().getReattach();
        assertFalse(settled.getVolumes(0).hasError(), settled::toString);
        assertEquals(Reason.REASON_NOT_FOUND, settled.getVolumes(1).getError().getReason());
    }

    @Test
    void whoEndsIsNotRenewed() throws Exception {
        TestStream stream = opened("a");
        stream.send(
                Request.newBuilder()
                        .setMessageId(2)
                        .setEndClient(EndClientRequest.getDefaultInstance()));
        Reply reply = stream.reply();
        assertTrue(reply.hasEndClient());
        assertFalse(reply.getLeaseRenewed());
    }

    /** The client asks for far more than it reads: it is cut, and the server goes on. */
    @Test
    void whoDoesNotReadIsDisconnected() throws Exception {
        SessionRef session = server.open("a");
        TestStream filling = TestStream.open(server.channel(), true);
        filling.send(attach(1, session));
        filling.reply();
        for (int i = 0; i < 100; i++) {
            filling.send(create(2 + i, 1 + i, "n".repeat(200) + i));
            assertTrue(filling.reply().hasCreate());
        }

        TestStream slow = TestStream.open(server.channel(), false);
        slow.send(open(1, "slow"));
        slow.reply();
        for (int i = 0; i < 1024; i++) {
            slow.send(
                    Request.newBuilder()
                            .setMessageId(2 + i)
                            .setList(
                                    ListRequest.newBuilder()
                                            .setVolume(TestServer.VOLUME)
                                            .setDirectoryId(1)));
        }
        filling.send(renew(102));
        assertTrue(filling.reply().hasRenew(), "others are served meanwhile");
        slow.readOn(1_000_000);
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, slow.status().getCode());
    }

    /** Pipelining more than the window is slowed down, not lost. */
    @Test
    void whoReadsGetsEveryAnswerHoweverMuchIsPipelined() throws Exception {
        TestStream stream = opened("a");
        int count = 5000;
        for (int i = 0; i < count; i++) {
            stream.send(
                    Request.newBuilder()
                            .setMessageId(2 + i)
                            .setGetAttributes(
                                    GetAttributesRequest.newBuilder()
                                            .setVolume(TestServer.VOLUME)
                                            .setFileId(1)));
        }
        Set<Long> answered = new HashSet<>();
        for (int i = 0; i < count; i++) {
            Reply reply = stream.reply();
            assertTrue(reply.hasGetAttributes(), reply::toString);
            answered.add(reply.getMessageId());
        }
        assertEquals(count, answered.size());
    }

    @Test
    void aStoppingServerSaysSoAndEndsTheStream() throws Exception {
        TestStream stream = opened("a");
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> server.server().close());
        assertTrue(stream.notice().hasShuttingDown());
        assertEquals(Status.Code.UNAVAILABLE, stream.status().getCode());
        stopped.join();
    }

    private TestStream opened(String owner) throws Exception {
        TestStream stream = TestStream.open(server.channel(), true);
        stream.send(open(1, owner));
        assertTrue(stream.reply().hasOpenSession());
        return stream;
    }

    private static Request.Builder open(long messageId, String owner) {
        return Request.newBuilder()
                .setMessageId(messageId)
                .setOpenSession(TestServer.openRequest(owner));
    }

    private static Request.Builder attach(long messageId, SessionRef session) {
        return Request.newBuilder()
                .setMessageId(messageId)
                .setAttachSession(AttachSessionRequest.newBuilder().setSession(session));
    }

    private static Request.Builder renew(long messageId) {
        return Request.newBuilder()
                .setMessageId(messageId)
                .setRenew(RenewRequest.getDefaultInstance());
    }

    private static Request.Builder lookup(long messageId, String path) {
        return Request.newBuilder()
                .setMessageId(messageId)
                .setLookup(LookupRequest.newBuilder().setVolume(TestServer.VOLUME).setPath(path));
    }

    private static Request.Builder create(long messageId, long operation, String name) {
        return Request.newBuilder()
                .setMessageId(messageId)
                .setCreate(
                        CreateRequest.newBuilder()
                                .setOperation(TestServer.operation(operation))
                                .setAt(ChildName.newBuilder().setParentId(1).setName(name))
                                .setKind(FileKind.FILE_KIND_FILE));
    }
}
