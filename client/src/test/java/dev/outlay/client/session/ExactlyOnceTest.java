package dev.outlay.client.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.OutlayException;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.CreateResponse;
import dev.outlay.v1.FileAttributes;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reason;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Many operations over a network that breaks, with a server that restarts, falls silent, forgets
 * the session and asks to come later: each operation happens once and its caller gets its answer.
 * The server keeps answers exactly as long as the protocol says it must.
 */
final class ExactlyOnceTest {

    private static final int RUNS = 40;
    private static final int OPERATIONS = 300;
    private static final int OUTSTANDING = 16;

    private static final class Server extends FakeServer {
        private final Random random;
        private final Map<Long, String> executed = new HashMap<>();
        private final Map<Long, Reply> kept = new HashMap<>();
        private long answeredThrough;
        private boolean reattachFirst;

        Server(Random random) {
            this.random = random;
        }

        @Override
        public void restart() {
            super.restart();
            reattachFirst = !executed.isEmpty();
        }

        @Override
        protected ReattachResponse reattach(ReattachRequest request) {
            reattachFirst = false;
            long through = request.getVolumes(0).getAnsweredThrough();
            assertTrue(through >= answeredThrough, "answered_through falls");
            forget(through);
            return super.reattach(request);
        }

        @Override
        protected Optional<Reply.Builder> answer(Request request) {
            CreateRequest create = request.getCreate();
            OperationHeader header = create.getOperation();
            long id = header.getOperationId();
            if (reattachFirst) {
                return Optional.of(error(Reason.REASON_NO_SESSION, 0));
            }
            assertTrue(id > answeredThrough, "operation " + id + " comes after its answer");
            assertTrue(header.getAnsweredThrough() < id);
            assertTrue(id - header.getAnsweredThrough() <= OUTSTANDING);
            forget(header.getAnsweredThrough());
            if (kept.containsKey(id)) {
                assertEquals(executed.get(id), create.getAt().getName(), "another request");
                return Optional.of(kept.get(id).toBuilder());
            }
            if (random.nextInt(10) == 0) {
                return Optional.of(error(Reason.REASON_TRY_LATER, random.nextInt(30)));
            }
            assertEquals(null, executed.put(id, create.getAt().getName()), "executed twice");
            Reply reply =
                    Reply.newBuilder()
                            .setCreate(
                                    CreateResponse.newBuilder()
                                            .setAttributes(
                                                    FileAttributes.newBuilder()
                                                            .setName(create.getAt().getName())))
                            .build();
            kept.put(id, reply);
            return Optional.of(reply.toBuilder());
        }

        private void forget(long through) {
            answeredThrough = Math.max(answeredThrough, through);
            kept.keySet().removeIf(id -> id <= answeredThrough);
        }
    }

    private static final class NoLayouts implements LayoutHolder {
        @Override
        public boolean isRecalled(String volume, long file) {
            return false;
        }

        @Override
        public void told(dev.outlay.v1.Notice notice) {}

        @Override
        public List<ReattachRequest.Volume> restate() {
            return List.of();
        }

        @Override
        public void settle(ReattachResponse.VolumeResult result) {}

        @Override
        public void voided(OutlayException why) {}
    }

    @Test
    void eachOperationHappensOnce() throws OutlayException {
        long base = Long.getLong("outlay.seed", System.nanoTime());
        for (int run = 0; run < RUNS; run++) {
            long seed = base + run;
            try {
                run(seed);
            } catch (OutlayException | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private static void run(long seed) throws OutlayException {
        Random random = new Random(seed);
        SimScheduler scheduler = new SimScheduler();
        Server server = new Server(random);
        SimTransport network = new SimTransport(scheduler, server);
        ClientSession session =
                new ClientSession(
                        new SessionConfig("fake", "test", 1000, 0, 600_000, Optional.empty()),
                        network,
                        scheduler.clock(),
                        scheduler,
                        new Random(seed),
                        new NoLayouts());
        session.start();
        session.awaitOpen();
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < OPERATIONS; i++) {
            calls.add(create(session, "n" + i));
            disturb(random, scheduler, server, network);
        }
        speakAgain(server, network);
        network.ready(true);
        network.down(false);
        for (int i = 0; i < OPERATIONS; i++) {
            Reply reply = session.await(calls.get(i));
            assertEquals("n" + i, reply.getCreate().getAttributes().getName());
        }
        assertEquals(OPERATIONS, server.executed.size());
    }

    private static Call create(ClientSession session, String name) {
        return session.mutate(
                "v",
                header -> {
                    CreateRequest.Builder request = CreateRequest.newBuilder().setOperation(header);
                    request.getAtBuilder().setName(name);
                    return Request.newBuilder().setCreate(request);
                },
                _ -> {});
    }

    private static void disturb(
            Random random, SimScheduler scheduler, Server server, SimTransport network) {
        switch (random.nextInt(40)) {
            case 0 -> network.cut();
            case 1 -> {
                server.restart();
                network.cut();
            }
            case 2 -> network.down(true);
            case 3, 4, 5 -> network.down(false);
            case 6 -> server.silent(true);
            case 7, 8, 9 -> speakAgain(server, network);
            case 10 -> network.ready(false);
            case 11, 12, 13 -> network.ready(true);
            case 14 -> server.restart();
            case 15, 16, 17, 18, 19 -> scheduler.run(random.nextInt(200));
            default -> {}
        }
    }

    /** What it was told meanwhile is lost, and with it the stream that lost it. */
    private static void speakAgain(Server server, SimTransport network) {
        server.silent(false);
        network.cut();
    }
}
