package dev.outlay.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.MapFlags;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.device.DeviceFormatter;
import dev.outlay.server.device.FormatOptions;
import dev.outlay.server.metrics.ServerMeters;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Leases and incarnations against a real volume, on a clock driven by hand. */
class SessionsTest {

    private static final int BLOCK = 4096;
    private static final long LEASE = 2000;
    private static final long MAX_IO = 500;

    @TempDir private Path directory = Path.of("");
    private final ManualClock clock = new ManualClock();
    private final ServerMeters meters = new ServerMeters("test");
    private Optional<Volumes> opened = Optional.empty();
    private Optional<Sessions> made = Optional.empty();
    private long operation;

    @BeforeEach
    void start() throws Exception {
        Path device = directory.resolve("device");
        var _ =
                DeviceFormatter.format(
                        device,
                        new FormatOptions(
                                OptionalLong.of(16 << 20), BLOCK, true, false, new UUID(1, 1)));
        ServerConfig config =
                ServerConfig.parse(
                        "test", "", Map.of("data-directory", directory.resolve("data").toString()));
        java.nio.file.Files.createDirectories(config.dataDirectory());
        ServerIdentity identity = ServerIdentity.next(config.dataDirectory(), new UUID(2, 2));
        Volumes volumes =
                Volumes.open(
                        config,
                        identity,
                        clock,
                        InstantSource.system(),
                        meters,
                        dev.outlay.server.ServerSeams.system().journals());
        opened = Optional.of(volumes);
        made = Optional.of(new Sessions(config, identity, clock, volumes, new SecureRandom()));
        volumes.create(
                new VolumeRequest(
                        "v",
                        List.of(
                                new VolumeRequest.DeviceSlice(
                                        device, OptionalLong.empty(), OptionalLong.empty())),
                        0,
                        Durability.FORCED));
    }

    @AfterEach
    void stop() {
        Reply findings = get(volume().submit(new Command.CheckVolume()));
        assertEquals(new Reply.Findings(List.of()), findings);
        opened.orElseThrow().close();
        meters.close();
    }

    private VolumeEngine volume() {
        return opened.orElseThrow().find("v").orElseThrow();
    }

    private Sessions sessions() {
        return made.orElseThrow();
    }

    private static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private Session open(String owner, long incarnation) throws SessionException {
        return sessions().open("p", owner, incarnation, MAX_IO, LEASE).session();
    }

    private Origin next(Session session) {
        operation++;
        return new Origin(session.id(), operation, 0);
    }

    private Reply run(Session session, Command command) {
        return get(sessions().submit(session, volume(), command));
    }

    private FileId file(Session session) {
        Reply reply =
                run(
                        session,
                        new Command.CreateFile(
                                next(session), 1, FileId.ROOT, "f", FileKind.FILE, 0644, "o"));
        return assertInstanceOf(Reply.FileChanged.class, reply).attributes().file();
    }

    private Reply mapRw(Session session, FileId file) {
        return run(
                session,
                new Command.MapBlocks(
                        next(session),
                        1,
                        file,
                        0,
                        BLOCK,
                        BLOCK,
                        IoMode.RW,
                        Optional.empty(),
                        MapFlags.NONE,
                        10,
                        new LayoutId(operation, 1),
                        0));
    }

    private long quarantined() {
        Reply reply = get(volume().submit(new Command.ShowVolume()));
        return assertInstanceOf(Reply.VolumeStatus.class, reply).space().quarantined();
    }

    private static Reason reason(Reply reply) {
        return assertInstanceOf(Reply.Failure.class, reply).reason();
    }

    @Test
    void aLeaseIsOverOnlyAfterLeaseAndLongestIo() throws SessionException {
        Session a = open("a", 1);
        FileId file = file(a);
        assertInstanceOf(Reply.Mapped.class, mapRw(a, file));
        Session b = open("b", 1);
        clock.advanceMillis(LEASE + MAX_IO - 1);
        sessions().expireDue(clock.nanos());
        assertEquals(Reason.TRY_LATER, reason(mapRw(b, file)));
        clock.advanceMillis(1);
        assertTrue(b.extend(clock.nanos()), "b is heard of in time");
        sessions().expireDue(clock.nanos());
        assertInstanceOf(Reply.Mapped.class, mapRw(b, file));
        assertEquals(BLOCK, quarantined());
        assertFalse(get(sessions().touch(a, clock.nanos())), "what a held is gone");
        assertThrows(SessionException.class, () -> sessions().authenticate(a.id().value(), 0, 0));
    }

    @Test
    void aLapsedLeaseNobodyNeededComesBackWhole() throws SessionException {
        Session a = open("a", 1);
        FileId file = file(a);
        mapRw(a, file);
        clock.advanceMillis(LEASE + MAX_IO);
        sessions().expireDue(clock.nanos());
        assertTrue(get(sessions().touch(a, clock.nanos())));
        Session b = open("b", 1);
        assertEquals(Reason.TRY_LATER, reason(mapRw(b, file)));
        assertEquals(0, quarantined());
    }

    @Test
    void aMessageCountsFromItsReceipt() throws SessionException {
        Session a = open("a", 1);
        FileId file = file(a);
        mapRw(a, file);
        clock.advanceMillis(LEASE);
        assertTrue(get(sessions().touch(a, clock.nanos())));
        clock.advanceMillis(LEASE + MAX_IO - 1);
        sessions().expireDue(clock.nanos());
        Session b = open("b", 1);
        assertEquals(Reason.TRY_LATER, reason(mapRw(b, file)));
    }

    /** Two messages arrive where the lease has lapsed: both are told that it is renewed. */
    @Test
    void aMessageBehindTheOneThatRevivesCountsFromItsOwnReceipt() throws SessionException {
        Session a = open("a", 1);
        mapRw(a, file(a));
        clock.advanceMillis(LEASE + MAX_IO);
        sessions().expireDue(clock.nanos());
        get(a.lapse());
        CompletableFuture<Boolean> first = a.beginRevival().orElseThrow();
        long revivedNanos = clock.nanos();
        clock.advanceMillis(7);
        CompletableFuture<Boolean> second = sessions().touch(a, clock.nanos());
        a.revived(revivedNanos);
        first.complete(true);
        assertTrue(get(second));
        assertEquals((LEASE + MAX_IO) * 1_000_000L, a.deadlineNanos() - clock.nanos());
    }

    @Test
    void anotherIncarnationSupersedes() throws SessionException {
        SessionGrant first = sessions().open("p", "a", 1, MAX_IO, LEASE);
        FileId file = file(first.session());
        mapRw(first.session(), file);
        Session second = open("a", 2);
        assertInstanceOf(Reply.Mapped.class, mapRw(second, file));
        assertEquals(BLOCK, quarantined());
        SessionException fenced =
                assertThrows(
                        SessionException.class,
                        () ->
                                sessions()
                                        .authenticate(
                                                first.session().id().value(),
                                                first.secretHigh(),
                                                first.secretLow()));
        assertEquals(Reason.FENCED, fenced.reason());
    }

    @Test
    void theSameIncarnationGetsTheSameSession() throws SessionException {
        SessionGrant first = sessions().open("p", "a", 1, MAX_IO, LEASE);
        assertEquals(first, sessions().open("p", "a", 1, MAX_IO, LEASE));
    }

    @Test
    void openedAgainItTellsOfNoLeaseThatDoesNotRun() throws SessionException {
        Session a = open("a", 1);
        clock.advanceMillis(LEASE / 2);
        assertTrue(sessions().open("p", "a", 1, MAX_IO, LEASE).renewed());
        assertEquals(LEASE, sessions().leaseLeftMillis(a));
        clock.advanceMillis(LEASE / 2);
        a.owe("v");
        assertFalse(sessions().open("p", "a", 1, MAX_IO, LEASE).renewed());
        assertEquals(LEASE / 2, sessions().leaseLeftMillis(a));
        a.settled("v");
    }

    @Test
    void ownWordReturnsEverything() throws SessionException {
        Session a = open("a", 1);
        FileId file = file(a);
        mapRw(a, file);
        get(sessions().end(a));
        Session b = open("b", 1);
        assertInstanceOf(Reply.Mapped.class, mapRw(b, file));
        assertEquals(0, quarantined());
    }

    @Test
    void aSilentClientThatHoldsNothingIsForgotten() throws SessionException {
        Session a = open("a", 1);
        file(a);
        clock.advanceMillis(LEASE + MAX_IO);
        sessions().expireDue(clock.nanos());
        Reply status = get(volume().submit(new Command.ShowVolume()));
        assertEquals(0, assertInstanceOf(Reply.VolumeStatus.class, status).clients());
    }
}
