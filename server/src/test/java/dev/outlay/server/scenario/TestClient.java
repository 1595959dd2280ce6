package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.ScenarioServer.BLOCK;
import static dev.outlay.server.scenario.ScenarioServer.VOLUME;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.AllocateRequest;
import dev.outlay.v1.AllocateResponse;
import dev.outlay.v1.ChildName;
import dev.outlay.v1.CloneRequest;
import dev.outlay.v1.CloneResponse;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.DeallocateRequest;
import dev.outlay.v1.DeallocateResponse;
import dev.outlay.v1.DevicesGrpc;
import dev.outlay.v1.EndClientRequest;
import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.FileAttributes;
import dev.outlay.v1.FileKind;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.FilesGrpc;
import dev.outlay.v1.GetAttributesRequest;
import dev.outlay.v1.GetDevicesRequest;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.Layout;
import dev.outlay.v1.LayoutRange;
import dev.outlay.v1.LayoutsGrpc;
import dev.outlay.v1.ListExtentsRequest;
import dev.outlay.v1.ListLayoutsRequest;
import dev.outlay.v1.LookupRequest;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.OpenSessionRequest;
import dev.outlay.v1.OpenSessionResponse;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.ProcessIdentity;
import dev.outlay.v1.Reason;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Recall;
import dev.outlay.v1.RemoveRequest;
import dev.outlay.v1.RemoveResponse;
import dev.outlay.v1.RenewRequest;
import dev.outlay.v1.RenewResponse;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.ReturnLayoutResponse;
import dev.outlay.v1.ReturnedLayout;
import dev.outlay.v1.SessionRef;
import dev.outlay.v1.SessionsGrpc;
import dev.outlay.v1.Stateid;
import dev.outlay.v1.TruncateRequest;
import dev.outlay.v1.TruncateResponse;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A client in the fewest words: unary calls, one after the other, and its own stores to the device.
 * It follows the protocol and does nothing unasked, so that a scenario reads like one. What the
 * server refuses is thrown as {@link Refused}.
 */
final class TestClient {
    static final IoMode READ = IoMode.IO_MODE_READ;
    static final IoMode RW = IoMode.IO_MODE_RW;

    private static final Set<Reason> RETRYABLE =
            Set.of(
                    Reason.REASON_TRY_LATER,
                    Reason.REASON_GRACE,
                    Reason.REASON_NO_SESSION,
                    Reason.REASON_SHUTTING_DOWN);

    private static final int MAX_IO_MILLIS = 20;
    private static final long ROOT = 1;
    private static final long PATIENCE_SECONDS = 20;

    /** For requests that wait beside others; the common pool may have a single thread. */
    static final Executor ASIDE = Thread::startVirtualThread;

    private static final int LONG_WAIT_MILLIS = 15_000;
    private static final AtomicLong INCARNATIONS = new AtomicLong();

    private final ScenarioServer server;
    private final String owner;
    private final long incarnation = INCARNATIONS.incrementAndGet();
    private final SessionRef ref;
    private final long deviceIncarnation;
    private final Map<Long, Stateid> stateids = new ConcurrentHashMap<>();
    private long operation;
    private long answered;
    private boolean holdsAnswers;

    /** Opens a session; 0 takes the server's lease. */
    TestClient(ScenarioServer server, String owner, int leaseMillis) {
        this(server, owner, leaseMillis, Optional.empty());
    }

    /** As above, and says which process it is. */
    TestClient(
            ScenarioServer server,
            String owner,
            int leaseMillis,
            Optional<ProcessIdentity> process) {
        this.server = server;
        this.owner = owner;
        OpenSessionRequest.Builder open =
                OpenSessionRequest.newBuilder()
                        .setOwner(owner)
                        .setIncarnation(incarnation)
                        .setMaxIoMillis(MAX_IO_MILLIS)
                        .setRequestedLeaseMillis(leaseMillis);
        process.ifPresent(open::setProcess);
        OpenSessionResponse opened = unwrapped(() -> sessions().openSession(open.build()));
        this.ref =
                SessionRef.newBuilder()
                        .setClientId(opened.getClientId())
                        .setSecret(opened.getSecret())
                        .build();
        this.deviceIncarnation =
                DevicesGrpc.newBlockingStub(server.channel())
                        .getDevices(GetDevicesRequest.newBuilder().setVolume(VOLUME).build())
                        .getDevices(0)
                        .getIncarnation();
    }

    @Override
    public String toString() {
        return owner;
    }

    long clientId() {
        return ref.getClientId();
    }

    // ---- operation ids

    /** From now on the client acknowledges no answer, so that old operations can be retried. */
    TestClient holdAnswers() {
        holdsAnswers = true;
        return this;
    }

    OperationHeader nextOperation() {
        operation++;
        return OperationHeader.newBuilder()
                .setVolume(VOLUME)
                .setOperationId(operation)
                .setAnsweredThrough(answered)
                .build();
    }

    /** Sends an operation and notes its answer; a failure without answer leaves it outstanding. */
    private <R> R operation(OperationHeader header, Supplier<R> call) {
        try {
            R reply = unwrapped(call);
            noteAnswer(header);
            return reply;
        } catch (Refused refused) {
            if (!isRetryable(refused.reason())) {
                noteAnswer(header);
            }
            throw refused;
        }
    }

    /** Whether the same operation id may be sent again after this refusal. */
    static boolean isRetryable(Reason reason) {
        return RETRYABLE.contains(reason);
    }

    private void noteAnswer(OperationHeader header) {
        if (!holdsAnswers) {
            answered = Math.max(answered, header.getOperationId());
        }
    }

    private static <R> R unwrapped(Supplier<R> call) {
        try {
            return call.get();
        } catch (StatusRuntimeException e) {
            throw Refused.from(e);
        }
    }

    // ---- names

    long create(String name) {
        CreateRequest request =
                CreateRequest.newBuilder()
                        .setSession(ref)
                        .setOperation(nextOperation())
                        .setAt(ChildName.newBuilder().setParentId(ROOT).setName(name))
                        .setKind(FileKind.FILE_KIND_FILE)
                        .setMode(0644)
                        .build();
        return operation(request.getOperation(), () -> files().create(request))
                .getAttributes()
                .getFileId();
    }

    RemoveResponse remove(String name) {
        RemoveRequest request =
                RemoveRequest.newBuilder()
                        .setSession(ref)
                        .setOperation(nextOperation())
                        .setAt(ChildName.newBuilder().setParentId(ROOT).setName(name))
                        .build();
        RemoveResponse removed = operation(request.getOperation(), () -> files().remove(request));
        noteReturned(removed.getReturnedList());
        return removed;
    }

    FileAttributes lookup(String name) {
        return unwrapped(
                        () ->
                                files().lookup(
                                                LookupRequest.newBuilder()
                                                        .setVolume(VOLUME)
                                                        .setChild(
                                                                ChildName.newBuilder()
                                                                        .setParentId(ROOT)
                                                                        .setName(name))
                                                        .build()))
                .getAttributes();
    }

    FileAttributes attributes(long file) {
        return unwrapped(
                        () ->
                                files().getAttributes(
                                                GetAttributesRequest.newBuilder()
                                                        .setSession(ref)
                                                        .setVolume(VOLUME)
                                                        .setFileId(file)
                                                        .build()))
                .getAttributes();
    }

    /** The file's map as tools see it, without any grant. */
    List<Extent> extents(long file) {
        return unwrapped(
                        () ->
                                files().listExtents(
                                                ListExtentsRequest.newBuilder()
                                                        .setVolume(VOLUME)
                                                        .setFileId(file)
                                                        .build()))
                .getExtentsList();
    }

    TruncateResponse truncate(long file, long size) {
        return truncate(truncating(file, size));
    }

    TruncateRequest truncating(long file, long size) {
        return TruncateRequest.newBuilder()
                .setSession(ref)
                .setOperation(nextOperation())
                .setFileId(file)
                .setNewSizeBytes(size)
                .build();
    }

    TruncateResponse truncate(TruncateRequest request) {
        TruncateResponse done = operation(request.getOperation(), () -> files().truncate(request));
        noteReturned(done.getReturnedList());
        return done;
    }

    AllocateResponse allocate(long file, long offset, long length) {
        AllocateRequest request =
                AllocateRequest.newBuilder()
                        .setSession(ref)
                        .setOperation(nextOperation())
                        .setFileId(file)
                        .setOffset(offset)
                        .setLength(length)
                        .build();
        return operation(request.getOperation(), () -> files().allocate(request));
    }

    DeallocateResponse deallocate(long file, long offset, long length) {
        return deallocate(deallocating(file, offset, length));
    }

    DeallocateRequest deallocating(long file, long offset, long length) {
        return DeallocateRequest.newBuilder()
                .setSession(ref)
                .setOperation(nextOperation())
                .setFileId(file)
                .setOffset(offset)
                .setLength(length)
                .build();
    }

    DeallocateResponse deallocate(DeallocateRequest request) {
        DeallocateResponse done =
                operation(request.getOperation(), () -> files().deallocate(request));
        noteReturned(done.getReturnedList());
        return done;
    }

    CloneResponse clone(long source, long destination) {
        return clone(CloneRequest.newBuilder().setSourceId(source).setDestinationId(destination));
    }

    CloneResponse snapshot(long source, String name) {
        return clone(
                CloneRequest.newBuilder()
                        .setSourceId(source)
                        .setSnapshot(ChildName.newBuilder().setParentId(ROOT).setName(name)));
    }

    private CloneResponse clone(CloneRequest.Builder of) {
        CloneRequest request = of.setSession(ref).setOperation(nextOperation()).build();
        CloneResponse answer = operation(request.getOperation(), () -> files().clone(request));
        noteReturned(answer.getReturnedList());
        return answer;
    }

    // ---- layouts

    /** A request for exactly this range; the caller changes what differs. */
    MapBlocksRequest.Builder mapping(long file, IoMode iomode, long offset, long length) {
        MapBlocksRequest.Builder request =
                MapBlocksRequest.newBuilder()
                        .setSession(ref)
                        .setFileId(file)
                        .setOffset(offset)
                        .setLength(length)
                        .setMinLength(length)
                        .setIomode(iomode);
        stateid(file).ifPresent(request::setStateid);
        return request;
    }

    MapBlocksResponse map(long file, IoMode iomode, long offset, long length) {
        return map(mapping(file, iomode, offset, length).setOperation(nextOperation()).build());
    }

    /** Sends a request that has its operation id. */
    MapBlocksResponse map(MapBlocksRequest request) {
        MapBlocksResponse mapped =
                operation(request.getOperation(), () -> layouts().mapBlocks(request));
        checkMap(request, mapped);
        if (mapped.hasStateid()) {
            stateids.put(request.getFileId(), mapped.getStateid());
        }
        return mapped;
    }

    /** Asks in another thread, and waits at the server. */
    CompletableFuture<MapBlocksResponse> mapLater(MapBlocksRequest.Builder request) {
        MapBlocksRequest asked =
                request.setWaitMillis(LONG_WAIT_MILLIS).setOperation(nextOperation()).build();
        return CompletableFuture.supplyAsync(() -> map(asked), ASIDE);
    }

    static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** I17, and that no address of a byte is told that may not be read. */
    private static void checkMap(MapBlocksRequest request, MapBlocksResponse mapped) {
        long at = request.getOffset();
        Extent before = null;
        for (Extent extent : mapped.getExtentsList()) {
            if (before != null && isPair(before, extent)) {
                assertEquals(ExtentState.EXTENT_STATE_WRITTEN, before.getState());
                assertEquals(ExtentState.EXTENT_STATE_UNWRITTEN, extent.getState());
                at = extent.getFileOffset();
            }
            before = extent;
            assertEquals(at, extent.getFileOffset(), "extents are contiguous");
            assertTrue(extent.getLength() > 0 && extent.getLength() % BLOCK == 0);
            at += extent.getLength();
            boolean addressed =
                    extent.getState() == ExtentState.EXTENT_STATE_WRITTEN
                            || (request.getIomode() == RW
                                    && extent.getState() == ExtentState.EXTENT_STATE_UNWRITTEN);
            assertEquals(addressed, extent.hasDeviceOffset(), () -> "address of " + extent);
            assertEquals(addressed, extent.hasDevice(), () -> "address of " + extent);
        }
        if (mapped.getExtentsCount() > 0) {
            assertEquals(at, mapped.getNextOffset());
        }
    }

    private static boolean isPair(Extent first, Extent second) {
        return first.getFileOffset() == second.getFileOffset();
    }

    /** Where a writer stores: of a pair, the destination. */
    static List<Extent> stored(MapBlocksResponse mapped) {
        List<Extent> stored = new ArrayList<>();
        for (Extent extent : mapped.getExtentsList()) {
            if (!stored.isEmpty() && isPair(stored.getLast(), extent)) {
                stored.removeLast();
            }
            stored.add(extent);
        }
        return stored;
    }

    CommitCall committing(long file) {
        return new CommitCall(this, file);
    }

    CommitBlocksResponse commit(CommitBlocksRequest request) {
        return operation(request.getOperation(), () -> layouts().commitBlocks(request));
    }

    /** Returns a range; length 0 returns all of the file. */
    ReturnLayoutResponse giveBack(long file, long offset, long length) {
        return giveBack(returning(file, offset, length));
    }

    ReturnLayoutRequest returning(long file, long offset, long length) {
        ReturnLayoutRequest.File.Builder scope =
                ReturnLayoutRequest.File.newBuilder().setFileId(file);
        stateid(file).ifPresent(scope::setStateid);
        if (length > 0) {
            scope.addRanges(FileRange.newBuilder().setOffset(offset).setLength(length));
        }
        return ReturnLayoutRequest.newBuilder()
                .setSession(ref)
                .setOperation(nextOperation())
                .setFile(scope)
                .build();
    }

    ReturnLayoutResponse giveBack(ReturnLayoutRequest request) {
        ReturnLayoutResponse returned =
                operation(request.getOperation(), () -> layouts().returnLayout(request));
        noteReturned(returned.getReturnedList());
        return returned;
    }

    ReturnLayoutResponse giveBack(long file) {
        return giveBack(file, 0, 0);
    }

    /** Gives back all that a recall of ranges asks for, whatever of it is held. */
    ReturnLayoutResponse answer(Recall recall) {
        assertTrue(recall.hasFile(), recall::toString);
        ReturnLayoutRequest whole = returning(recall.getFile().getFileId(), 0, 0);
        return giveBack(
                whole.toBuilder()
                        .setFile(
                                whole.getFile().toBuilder()
                                        .addAllRanges(recall.getFile().getRangesList()))
                        .build());
    }

    private void noteReturned(List<ReturnedLayout> returned) {
        for (ReturnedLayout each : returned) {
            if (each.hasStateid()) {
                stateids.put(each.getFileId(), each.getStateid());
            } else {
                stateids.remove(each.getFileId());
            }
        }
    }

    Optional<Stateid> stateid(long file) {
        return Optional.ofNullable(stateids.get(file));
    }

    /** What the server believes this client to hold. */
    List<Layout> layoutsHeld() {
        return unwrapped(
                        () ->
                                layouts()
                                        .listLayouts(
                                                ListLayoutsRequest.newBuilder()
                                                        .setSession(ref)
                                                        .setVolume(VOLUME)
                                                        .build()))
                .getLayoutsList();
    }

    // ---- bytes

    /** Stores bytes of the file where {@code extents} says they belong. */
    void store(List<Extent> extents, long fileOffset, byte[] bytes) {
        for (Extent extent : extents) {
            long from = Math.max(fileOffset, extent.getFileOffset());
            long to =
                    Math.min(
                            fileOffset + bytes.length, extent.getFileOffset() + extent.getLength());
            if (from < to) {
                server.device()
                        .store(
                                extent.getDeviceOffset() + from - extent.getFileOffset(),
                                Arrays.copyOfRange(
                                        bytes, (int) (from - fileOffset), (int) (to - fileOffset)));
            }
        }
    }

    /** Writes whole blocks to the end, the way a library does: map, store, flush, commit. */
    CommitBlocksResponse write(long file, long offset, byte[] bytes) {
        assertEquals(0, offset % BLOCK, "this client writes from a block's start on");
        int padded = Math.ceilDiv(bytes.length, BLOCK) * BLOCK;
        MapBlocksResponse mapped = map(file, RW, offset, padded);
        store(mapped.getExtentsList(), offset, Arrays.copyOf(bytes, padded));
        return committing(file).all(mapped).last(offset + bytes.length - 1).send();
    }

    /** Reads by a READ layout, to the end of file at most, and gives the layout back. */
    byte[] read(long file, long offset, int length) {
        return read(file, offset, length, 0);
    }

    /** As above, and waits for who writes there. */
    byte[] read(long file, long offset, int length, int waitMillis) {
        long start = offset / BLOCK * BLOCK;
        long end = Math.ceilDiv(offset + length, BLOCK) * (long) BLOCK;
        MapBlocksResponse mapped =
                map(
                        mapping(file, READ, start, end - start)
                                .setWaitMillis(waitMillis)
                                .setOperation(nextOperation())
                                .build());
        byte[] all = new byte[(int) (end - start)];
        for (Extent extent : mapped.getExtentsList()) {
            if (extent.getState() == ExtentState.EXTENT_STATE_WRITTEN) {
                byte[] piece =
                        server.device().load(extent.getDeviceOffset(), (int) extent.getLength());
                System.arraycopy(
                        piece, 0, all, (int) (extent.getFileOffset() - start), piece.length);
            }
        }
        for (LayoutRange range : mapped.getRangesList()) {
            assertEquals(READ, range.getIomode(), "a reader gives back what it was granted only");
            var _ = giveBack(file, range.getOffset(), range.getLength());
        }
        long readable = Math.clamp(mapped.getSizeBytes() - offset, 0L, (long) length);
        return Arrays.copyOfRange(all, (int) (offset - start), (int) (offset - start + readable));
    }

    /** Reads the whole file. */
    byte[] read(long file) {
        long size = attributes(file).getSizeBytes();
        return size == 0 ? new byte[0] : read(file, 0, (int) size);
    }

    // ---- session

    SessionRef ref() {
        return ref;
    }

    boolean renew() {
        return renewal().getLeaseRenewed();
    }

    /** The whole answer to a renewal. */
    RenewResponse renewal() {
        return unwrapped(() -> sessions().renew(RenewRequest.newBuilder().setSession(ref).build()));
    }

    /** Re-attaches after a restart of the server, restating {@code layouts}. */
    ReattachResponse.VolumeResult reattach(Layout... layouts) {
        ReattachResponse.VolumeResult result =
                unwrapped(
                                () ->
                                        sessions()
                                                .reattach(
                                                        ReattachRequest.newBuilder()
                                                                .setSession(ref)
                                                                .setIncarnation(incarnation)
                                                                .addVolumes(
                                                                        ReattachRequest.Volume
                                                                                .newBuilder()
                                                                                .setVolume(VOLUME)
                                                                                .setAnsweredThrough(
                                                                                        answered)
                                                                                .addAllLayouts(
                                                                                        Arrays
                                                                                                .asList(
                                                                                                        layouts)))
                                                                .build()))
                        .getVolumes(0);
        if (result.hasError()) {
            throw new Refused(result.getError());
        }
        for (ReattachResponse.LayoutResult each : result.getLayoutsList()) {
            if (each.hasLayout()) {
                stateids.put(each.getFileId(), each.getLayout().getStateid());
            } else {
                stateids.remove(each.getFileId());
            }
        }
        return result;
    }

    /** What this client holds on a file, to be restated. */
    Layout layout(long file, LayoutRange... ranges) {
        return Layout.newBuilder()
                .setFileId(file)
                .setStateid(stateid(file).orElseThrow())
                .addAllRanges(Arrays.asList(ranges))
                .build();
    }

    static LayoutRange range(IoMode iomode, long offset, long length) {
        return LayoutRange.newBuilder()
                .setOffset(offset)
                .setLength(length)
                .setIomode(iomode)
                .build();
    }

    /** Says that it has ended. */
    void end() {
        var _ =
                unwrapped(
                        () ->
                                sessions()
                                        .endClient(
                                                EndClientRequest.newBuilder()
                                                        .setSession(ref)
                                                        .build()));
        stateids.clear();
    }

    /** As the label says; asked for once. */
    long deviceIncarnation() {
        return deviceIncarnation;
    }

    private SessionsGrpc.SessionsBlockingStub sessions() {
        return SessionsGrpc.newBlockingStub(server.channel())
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private LayoutsGrpc.LayoutsBlockingStub layouts() {
        return LayoutsGrpc.newBlockingStub(server.channel())
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private FilesGrpc.FilesBlockingStub files() {
        return FilesGrpc.newBlockingStub(server.channel())
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
