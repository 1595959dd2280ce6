package dev.outlay.client.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.OutlayException;
import dev.outlay.core.value.Reason;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.CreateResponse;
import dev.outlay.v1.GetAttributesRequest;
import dev.outlay.v1.GetAttributesResponse;
import dev.outlay.v1.Layout;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.SessionLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** A session against a fake server, in one thread and simulated time. */
final class ClientSessionTest {

    private static final String VOLUME = "v";
    private static final int DEADLINE_MILLIS = 5_000;

    private final SimScheduler scheduler = new SimScheduler();
    private final Server server = new Server();
    private final SimTransport network = new SimTransport(scheduler, server);
    private final Holder layouts = new Holder();
    private final ClientSession session = session(Optional.empty());

    private ClientSession session(Optional<SessionConfig.Known> known) {
        return new ClientSession(
                new SessionConfig("fake", "test", 1000, 0, DEADLINE_MILLIS, known),
                network,
                scheduler.clock(),
                scheduler,
                new Random(1),
                layouts);
    }

    /** Answers creates and attributes, or what a test says. */
    private static final class Server extends FakeServer {
        private Function<Request, Optional<Reply.Builder>> answers = Server::plain;
        private int outstanding = 16;

        static Optional<Reply.Builder> plain(Request request) {
            return switch (request.getBodyCase()) {
                case CREATE ->
                        Optional.of(
                                Reply.newBuilder().setCreate(CreateResponse.getDefaultInstance()));
                case GET_ATTRIBUTES ->
                        Optional.of(
                                Reply.newBuilder()
                                        .setGetAttributes(
                                                GetAttributesResponse.getDefaultInstance()));
                default -> throw new AssertionError("unexpected " + request);
            };
        }

        @Override
        protected Optional<Reply.Builder> answer(Request request) {
            return answers.apply(request);
        }

        @Override
        protected SessionLimits limits() {
            return super.limits().toBuilder().setOutstandingOperations(outstanding).build();
        }

        List<Long> createIds() {
            return seen(Request.BodyCase.CREATE).stream()
                    .map(r -> r.getCreate().getOperation().getOperationId())
                    .toList();
        }
    }

    private static final class Holder implements LayoutHolder {
        @Override
        public boolean isRecalled(String volume, long file) {
            return false;
        }

        @Override
        public void told(dev.outlay.v1.Notice notice) {}

        private final List<ReattachRequest.Volume> held = new ArrayList<>();
        private final List<ReattachResponse.VolumeResult> settled = new ArrayList<>();
        private Optional<OutlayException> voided = Optional.empty();

        @Override
        public List<ReattachRequest.Volume> restate() {
            return held;
        }

        @Override
        public void settle(ReattachResponse.VolumeResult result) {
            settled.add(result);
        }

        @Override
        public void voided(OutlayException why) {
            voided = Optional.of(why);
        }
    }

    private Call create() {
        return session.mutate(
                VOLUME,
                header ->
                        Request.newBuilder()
                                .setCreate(CreateRequest.newBuilder().setOperation(header)),
                _ -> {});
    }

    private Call attributes() {
        return session.query(
                Request.newBuilder()
                        .setGetAttributes(GetAttributesRequest.newBuilder().setVolume(VOLUME)));
    }

    private void open() throws OutlayException {
        session.start();
        session.awaitOpen();
    }

    private static Reason reason(OutlayException e) {
        return e.reason().orElseThrow();
    }

    // ---- opening

    @Test
    void theFirstRequestStandsAlone() throws OutlayException {
        Call early = attributes();
        open();
        session.await(early);
        assertEquals(List.of(1, 1), network.batches());
        assertEquals(Request.BodyCase.OPEN_SESSION, server.seen().getFirst().getBodyCase());
    }

    @Test
    void aServerThatCannotBeReachedIsToldSoon() {
        network.down(true);
        session.start();
        OutlayException e = assertThrows(OutlayException.class, session::awaitOpen);
        assertEquals("the wire was cut - mend it", e.getMessage());
        assertTrue(e.reason().isEmpty());
    }

    @Test
    void aSavedSessionIsAttachedAndItsVolumesReattached() throws OutlayException {
        ClientSession saved =
                session(
                        Optional.of(
                                new SessionConfig.Known(
                                        5, 7, FakeServer.SECRET, Map.of(VOLUME, 12L))));
        saved.start();
        saved.awaitOpen();
        assertEquals(1, server.seen(Request.BodyCase.ATTACH_SESSION).size());
        ReattachRequest reattach = server.seen(Request.BodyCase.REATTACH).getFirst().getReattach();
        assertEquals(5, reattach.getIncarnation());
        assertEquals(11, reattach.getVolumes(0).getAnsweredThrough());
    }

    // ---- batches

    @Test
    void whatComesWhileTheStreamIsBusyGoesOutTogether() throws OutlayException {
        open();
        network.batches().clear();
        network.ready(false);
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            calls.add(create());
        }
        network.ready(true);
        for (Call call : calls) {
            session.await(call);
        }
        assertEquals(List.of(5), network.batches());
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L), server.createIds());
    }

    @Test
    void answersInAnotherOrderFindTheirCalls() throws OutlayException {
        open();
        List<Request> waiting = new ArrayList<>();
        server.answers =
                request -> {
                    waiting.add(request);
                    return Optional.empty();
                };
        Call first = create();
        Call second = create();
        scheduler.run(10);
        server.answers = Server::plain;
        assertEquals(2, waiting.size());
        network.cut();
        session.await(second);
        session.await(first);
        assertEquals(List.of(1L, 2L, 1L, 2L), server.createIds());
    }

    // ---- exactly once

    @Test
    void aLostReplyIsAskedForUnderTheSameOperationId() throws OutlayException {
        open();
        server.answers = _ -> Optional.empty();
        Call call = create();
        scheduler.run(10);
        server.answers = Server::plain;
        network.cut();
        session.await(call);
        assertEquals(List.of(1L, 1L), server.createIds());
        assertEquals(
                server.seen(Request.BodyCase.CREATE).getFirst().getCreate(),
                server.seen(Request.BodyCase.CREATE).getLast().getCreate());
    }

    @Test
    void answeredThroughStopsBeforeTheOldestUnansweredOperation() throws OutlayException {
        open();
        session.await(create());
        server.answers = r -> isCreate(r, 2) ? Optional.empty() : Server.plain(r);
        Call stuck = create();
        session.await(create());
        session.await(create());
        Request last = server.seen(Request.BodyCase.CREATE).getLast();
        assertEquals(4, last.getCreate().getOperation().getOperationId());
        assertEquals(1, last.getCreate().getOperation().getAnsweredThrough());
        server.answers = Server::plain;
        network.cut();
        session.await(stuck);
        session.await(create());
        assertEquals(
                4,
                server.seen(Request.BodyCase.CREATE)
                        .getLast()
                        .getCreate()
                        .getOperation()
                        .getAnsweredThrough());
    }

    @Test
    void noMoreOperationsAreUnderWayThanTheServerKeepsAnswersFor() throws OutlayException {
        server.outstanding = 3;
        open();
        server.answers = _ -> Optional.empty();
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            calls.add(create());
        }
        scheduler.run(100);
        assertEquals(List.of(1L, 2L, 3L), server.createIds());
        server.answers = Server::plain;
        network.cut();
        for (Call call : calls) {
            session.await(call);
        }
        server.seen(Request.BodyCase.CREATE)
                .forEach(
                        r ->
                                assertTrue(
                                        r.getCreate().getOperation().getOperationId()
                                                        - r.getCreate()
                                                                .getOperation()
                                                                .getAnsweredThrough()
                                                <= 3));
    }

    @Test
    void anUnsentCallIsWithdrawnAtItsDeadlineAndNeverSent() throws OutlayException {
        open();
        network.down(true);
        Call call = create();
        OutlayException e = assertThrows(OutlayException.class, () -> session.await(call));
        assertEquals("the wire was cut - mend it", e.getMessage());
        network.down(false);
        scheduler.run(10_000);
        assertTrue(server.createIds().isEmpty());
        session.await(create());
        assertEquals(List.of(1L), server.createIds());
    }

    // ---- come again

    @Test
    void tryLaterIsRepeatedUnderTheSameIdAfterTheTimeAskedFor() throws OutlayException {
        open();
        List<Long> times = new ArrayList<>();
        server.answers =
                request -> {
                    times.add(scheduler.clock().millis());
                    return times.size() < 4
                            ? Optional.of(
                                    FakeServer.error(dev.outlay.v1.Reason.REASON_TRY_LATER, 200))
                            : Server.plain(request);
                };
        session.await(create());
        assertEquals(List.of(1L, 1L, 1L, 1L), server.createIds());
        for (int i = 1; i < times.size(); i++) {
            long gap = times.get(i) - times.get(i - 1);
            assertTrue(gap >= 200 && gap < 400, "gaps: " + times);
        }
    }

    @Test
    void comingAgainEndsAtTheDeadlineWithTheServersWords() throws OutlayException {
        open();
        server.answers =
                _ -> Optional.of(FakeServer.error(dev.outlay.v1.Reason.REASON_TRY_LATER, 300));
        long start = scheduler.clock().millis();
        OutlayException e = assertThrows(OutlayException.class, () -> session.await(create()));
        assertEquals(Reason.TRY_LATER, reason(e));
        assertEquals("refused: REASON_TRY_LATER - see the test", e.getMessage());
        assertTrue(scheduler.clock().millis() - start <= DEADLINE_MILLIS);
        server.answers = Server::plain;
        session.await(create());
        assertEquals(2, server.createIds().getLast());
    }

    @Test
    void otherRefusalsAreFinal() throws OutlayException {
        open();
        server.answers =
                _ -> Optional.of(FakeServer.error(dev.outlay.v1.Reason.REASON_NO_SPACE, 0));
        OutlayException e = assertThrows(OutlayException.class, () -> session.await(create()));
        assertEquals(Reason.NO_SPACE, reason(e));
        assertEquals(1, server.createIds().size());
    }

    // ---- the lease

    @Test
    void theLeaseIsCountedFromTheSending() throws OutlayException {
        open();
        network.delayMillis(1_500);
        session.await(attributes());
        long left = session.lease().leftMillis();
        assertEquals(9_000 - 3_000, left);
    }

    @Test
    void answersThatDoNotRenewLeaveTheLeaseToEnd() throws OutlayException {
        open();
        server.renewing(false);
        scheduler.run(8_000);
        session.lease().check();
        scheduler.run(1_100);
        OutlayException e = assertThrows(OutlayException.class, () -> session.lease().check());
        assertEquals(Reason.EXPIRED, reason(e));
        assertThrows(OutlayException.class, session::requireLease);
        server.renewing(true);
        session.requireLease();
        session.lease().check();
    }

    @Test
    void anIdleSessionRenewsByItself() throws OutlayException {
        open();
        for (int i = 0; i < 20; i++) {
            scheduler.run(5_000);
            session.lease().check();
        }
        int renewals = server.seen(Request.BodyCase.RENEW).size();
        assertTrue(renewals >= 20 && renewals <= 40, "renewals: " + renewals);
    }

    @Test
    void aSilentServerIsLeftForANewConnection() throws OutlayException {
        open();
        server.silent(true);
        scheduler.run(8_000);
        server.silent(false);
        scheduler.run(6_000);
        assertFalse(server.seen(Request.BodyCase.ATTACH_SESSION).isEmpty());
        session.lease().check();
    }

    // ---- re-attach

    @Test
    void afterARestartLayoutsAreRestatedBeforeAnythingIsRepeated() throws OutlayException {
        open();
        session.await(create());
        layouts.held.add(
                ReattachRequest.Volume.newBuilder()
                        .setVolume(VOLUME)
                        .addLayouts(Layout.newBuilder().setFileId(9))
                        .build());
        server.answers = _ -> Optional.empty();
        Call call = create();
        scheduler.run(10);
        server.restart();
        server.answers = Server::plain;
        server.seen().clear();
        network.cut();
        session.await(call);
        assertEquals(
                List.of(
                        Request.BodyCase.ATTACH_SESSION,
                        Request.BodyCase.REATTACH,
                        Request.BodyCase.CREATE),
                server.seen().stream().map(Request::getBodyCase).toList());
        ReattachRequest.Volume restated = server.seen().get(1).getReattach().getVolumes(0);
        assertEquals(9, restated.getLayouts(0).getFileId());
        assertEquals(1, restated.getAnsweredThrough());
        assertEquals(List.of(2L), server.createIds());
        assertEquals(9, layouts.settled.getFirst().getLayouts(0).getFileId());
        assertEquals(2, session.serverIncarnation());
    }

    @Test
    void anUnknownSessionIsReattachedOnTheSameStream() throws OutlayException {
        open();
        session.await(create());
        boolean[] known = {false};
        server.answers =
                request -> {
                    if (!known[0]) {
                        known[0] = true;
                        return Optional.of(
                                FakeServer.error(dev.outlay.v1.Reason.REASON_NO_SESSION, 0));
                    }
                    return Server.plain(request);
                };
        session.await(create());
        assertEquals(List.of(1L, 2L, 2L), server.createIds());
        assertEquals(1, server.seen(Request.BodyCase.REATTACH).size());
        assertTrue(server.seen(Request.BodyCase.ATTACH_SESSION).isEmpty());
    }

    @Test
    void aClientThatUsedNothingBeginsAnewWhereItIsForgotten() throws OutlayException {
        open();
        server.refuse(dev.outlay.v1.Reason.REASON_EXPIRED);
        network.cut();
        session.await(attributes());
        List<Request> opens = server.seen(Request.BodyCase.OPEN_SESSION);
        assertEquals(2, opens.size());
        assertFalse(
                opens.get(0).getOpenSession().getIncarnation()
                        == opens.get(1).getOpenSession().getIncarnation());
    }

    // ---- the end

    @Test
    void aFencedClientIsDeadAndHoldsNothing() throws OutlayException {
        open();
        server.answers = _ -> Optional.of(FakeServer.error(dev.outlay.v1.Reason.REASON_FENCED, 0));
        Call other = attributes();
        assertThrows(OutlayException.class, () -> session.await(create()));
        assertTrue(layouts.voided.isPresent());
        assertThrows(OutlayException.class, () -> session.lease().check());
        assertThrows(OutlayException.class, () -> session.await(other));
        OutlayException later =
                assertThrows(OutlayException.class, () -> session.await(attributes()));
        assertEquals(Reason.FENCED, reason(later));
    }

    @Test
    void anExpiredAnswerAloneDoesNotEndTheSession() throws OutlayException {
        open();
        server.answers = _ -> Optional.of(FakeServer.error(dev.outlay.v1.Reason.REASON_EXPIRED, 0));
        assertThrows(OutlayException.class, () -> session.await(create()));
        server.answers = Server::plain;
        session.await(create());
        assertTrue(session.dead().isEmpty());
    }

    @Test
    void anExpiredRenewalEndsTheSession() throws OutlayException {
        open();
        session.await(create());
        server.refuse(dev.outlay.v1.Reason.REASON_EXPIRED);
        scheduler.run(5_000);
        assertEquals(Reason.EXPIRED, reason(session.dead().orElseThrow()));
        assertTrue(layouts.voided.isPresent());
    }

    @Test
    void anExpiredAttachEndsASessionThatWasUsed() throws OutlayException {
        open();
        session.await(create());
        server.refuse(dev.outlay.v1.Reason.REASON_EXPIRED);
        network.cut();
        assertThrows(OutlayException.class, () -> session.await(create()));
        assertEquals(Reason.EXPIRED, reason(session.dead().orElseThrow()));
    }

    private static boolean isCreate(Request request, long id) {
        return request.hasCreate() && request.getCreate().getOperation().getOperationId() == id;
    }
}
