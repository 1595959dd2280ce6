package dev.outlay.bench;

import dev.outlay.v1.ChildName;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.DeviceIncarnation;
import dev.outlay.v1.FileKind;
import dev.outlay.v1.GetDevicesRequest;
import dev.outlay.v1.Notice;
import dev.outlay.v1.OpenSessionRequest;
import dev.outlay.v1.RemoveRequest;
import dev.outlay.v1.RenewRequest;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * A client of the server that does what the protocol asks for and nothing more: it stores no byte,
 * and caches nothing. It measures the server, not the library.
 */
final class Party {

    static final String VOLUME = "bench";

    /** Long enough for any benchmark: what has to live longer renews. */
    static final int LEASE_MILLIS = 600_000;

    private static final long ROOT = 1;
    private static final int MODE = 0644;
    private static final int MAX_IO_MILLIS = 1_000;

    private final StreamDriver driver;
    private final String volume;
    private final OperationIds operations;
    private List<DeviceIncarnation> devices = List.of();

    /** Opens a session. */
    static Party open(Streams.Connection connection, String owner, Consumer<Notice> notices)
            throws Exception {
        return open(connection, owner, VOLUME, LEASE_MILLIS, notices);
    }

    /** The same for any volume and lease. */
    static Party open(
            Streams.Connection connection,
            String owner,
            String volume,
            int leaseMillis,
            Consumer<Notice> notices)
            throws Exception {
        Party party =
                new Party(new StreamDriver(connection.channel(), Streams.SESSION, notices), volume);
        var _ =
                party.driver.ask(
                        Request.newBuilder()
                                .setOpenSession(
                                        OpenSessionRequest.newBuilder()
                                                .setOwner(owner)
                                                .setIncarnation(
                                                        ThreadLocalRandom.current().nextLong() | 1)
                                                .setMaxIoMillis(MAX_IO_MILLIS)
                                                .setRequestedLeaseMillis(leaseMillis)));
        return party;
    }

    private Party(StreamDriver driver, String volume) {
        this.driver = driver;
        this.volume = volume;
        this.operations = new OperationIds(volume);
    }

    StreamDriver driver() {
        return driver;
    }

    OperationIds operations() {
        return operations;
    }

    List<DeviceIncarnation> devices() {
        return devices;
    }

    /** Reads the volume's table of devices, which commits name. */
    Party learnDevices() throws Exception {
        devices =
                driver
                        .ask(
                                Request.newBuilder()
                                        .setGetDevices(
                                                GetDevicesRequest.newBuilder().setVolume(volume)))
                        .getGetDevices()
                        .getDevicesList()
                        .stream()
                        .map(
                                d ->
                                        DeviceIncarnation.newBuilder()
                                                .setDevice(d.getIndex())
                                                .setIncarnation(d.getIncarnation())
                                                .build())
                        .toList();
        return this;
    }

    /** Keeps the lease, as an idle client does; any answer will do. */
    CompletableFuture<Reply> renew() {
        return driver.begin(Request.newBuilder().setRenew(RenewRequest.getDefaultInstance()));
    }

    /** Makes an empty file. */
    OpenFile create(String name) throws Exception {
        return made(ask(List.of(creation(name))).getFirst());
    }

    Asked creation(String name) {
        long operation = operations.begin();
        return new Asked(
                operation,
                Request.newBuilder()
                        .setCreate(
                                CreateRequest.newBuilder()
                                        .setOperation(operations.header(operation))
                                        .setAt(child(name))
                                        .setKind(FileKind.FILE_KIND_FILE)
                                        .setMode(MODE)));
    }

    /** The file that a creation has made. */
    OpenFile made(Reply created) {
        return new OpenFile(this, created.getCreate().getAttributes().getFileId());
    }

    Asked removal(String name) {
        long operation = operations.begin();
        return new Asked(
                operation,
                Request.newBuilder()
                        .setRemove(
                                RemoveRequest.newBuilder()
                                        .setOperation(operations.header(operation))
                                        .setAt(child(name))));
    }

    private static ChildName.Builder child(String name) {
        return ChildName.newBuilder().setParentId(ROOT).setName(name);
    }

    /** A file that is there. */
    OpenFile open(long id) {
        return new OpenFile(this, id);
    }

    /** Asks for all of it in one message and waits; what the answers say about layouts is lost. */
    List<Reply> ask(List<Asked> all) throws Exception {
        List<Request.Builder> requests = new ArrayList<>();
        all.forEach(asked -> requests.add(asked.request()));
        List<Reply> replies = driver.ask(requests);
        all.forEach(asked -> operations.answered(asked.operation()));
        return replies;
    }
}
