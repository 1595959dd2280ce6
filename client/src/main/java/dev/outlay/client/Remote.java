package dev.outlay.client;

import com.google.protobuf.ByteString;
import dev.outlay.client.session.Call;
import dev.outlay.client.session.ClientSession;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import dev.outlay.v1.AllocateRequest;
import dev.outlay.v1.ChildName;
import dev.outlay.v1.CloneRequest;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.DeallocateRequest;
import dev.outlay.v1.GetAttributesRequest;
import dev.outlay.v1.GetDevicesRequest;
import dev.outlay.v1.ListExtentsRequest;
import dev.outlay.v1.ListExtentsResponse;
import dev.outlay.v1.ListLayoutsRequest;
import dev.outlay.v1.ListLayoutsResponse;
import dev.outlay.v1.ListRequest;
import dev.outlay.v1.ListResponse;
import dev.outlay.v1.LookupRequest;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.ReadRequest;
import dev.outlay.v1.RemoveRequest;
import dev.outlay.v1.RenameRequest;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.SeekRequest;
import dev.outlay.v1.SeekResponse;
import dev.outlay.v1.SetAttributesRequest;
import dev.outlay.v1.TruncateRequest;
import dev.outlay.v1.WriteRequest;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The operations of the protocol as calls that wait for their answer. What an answer says of this
 * client's own layouts is entered in the {@link LayoutTable} when it arrives, in the order of
 * arrival, also where nobody waits for it any more. Any thread may call.
 */
final class Remote {

    private final ClientSession session;
    private final LayoutTable layouts;
    private volatile ServerWrites serverWrites = this::write;
    private volatile BiConsumer<String, FileId> onAnswer = (_, _) -> {};

    Remote(ClientSession session, LayoutTable layouts) {
        this.session = session;
        this.layouts = layouts;
    }

    /** Whom to tell that an answer on a file has been entered; must not wait. */
    void onAnswer(BiConsumer<String, FileId> told) {
        onAnswer = told;
    }

    ClientSession session() {
        return session;
    }

    // ---- layouts

    MappedBlocks mapBlocks(String volume, MapRequest ask) throws OutlayException {
        return mapBlocks(volume, ask, () -> {});
    }

    /**
     * Maps blocks.
     *
     * @param granted run where the answer is entered, before anything that comes after it
     */
    MappedBlocks mapBlocks(String volume, MapRequest ask, Runnable granted) throws OutlayException {
        MapBlocksRequest.Builder request = Wire.mapBlocks(ask);
        LayoutCache cache = layouts.of(volume, ask.file());
        Asking asking = new Asking(cache, () -> onAnswer.accept(volume, ask.file()));
        AtomicReference<List<LayoutRange>> stands = new AtomicReference<>(List.of());
        Call call =
                session.mutate(
                        volume,
                        header -> Request.newBuilder().setMapBlocks(request.setOperation(header)),
                        answer -> {
                            stands.set(
                                    cache.granted(
                                            ask.iomode(),
                                            Wire.mapped(answer.getMapBlocks()),
                                            asking.since()));
                            granted.run();
                        },
                        asking);
        var _ =
                call.future()
                        .whenComplete(
                                (_, _) -> {
                                    asking.refused();
                                    asking.afterRefusal();
                                });
        Reply reply = session.await(call);
        return read(() -> Wire.mapped(reply.getMapBlocks()).withRanges(stands.get()));
    }

    CommittedBlocks commitBlocks(String volume, CommitRequest ask) throws OutlayException {
        return committed(commit(volume, ask));
    }

    /** Waits for the answer to a {@link #commit}. */
    CommittedBlocks committed(Call commit) throws OutlayException {
        Reply reply = session.await(commit);
        return read(() -> Wire.committed(reply.getCommitBlocks()));
    }

    /**
     * As {@link #commitBlocks}, without waiting: fails as that does, but for want of an answer.
     * What depends on it is run where answers come, and must not wait.
     */
    CompletableFuture<CommittedBlocks> commitBlocksAhead(String volume, CommitRequest ask) {
        return commit(volume, ask)
                .future()
                .thenApply(reply -> Wire.committed(reply.getCommitBlocks()));
    }

    /** Sends a commit. */
    Call commit(String volume, CommitRequest ask) {
        CommitBlocksRequest.Builder request = Wire.commitBlocks(ask);
        return session.mutate(
                volume,
                header -> Request.newBuilder().setCommitBlocks(request.setOperation(header)),
                answer ->
                        layouts.find(volume, ask.file())
                                .ifPresent(
                                        cache ->
                                                cache.committed(
                                                        ask.ranges(),
                                                        answer.getCommitBlocks().getMapEpoch())));
    }

    /** The caller has drained its I/O on the scope. */
    List<ReturnedLayout> returnLayout(String volume, ReturnScope scope) throws OutlayException {
        ReturnLayoutRequest.Builder request = Wire.returnLayout(scope);
        switch (scope) {
            case ReturnScope.OfFile file ->
                    layouts.find(volume, file.file())
                            .ifPresent(cache -> cache.giveUp(file.ranges()));
            case ReturnScope.OfDevice of -> layouts.giveUp(volume, of.device());
            case ReturnScope.OfVolume _ -> layouts.giveUp(volume);
        }
        Reply reply =
                mutate(
                        volume,
                        header ->
                                Request.newBuilder().setReturnLayout(request.setOperation(header)),
                        answer -> {
                            returned(volume, answer.getReturnLayout().getReturnedList());
                            clearReturned(volume, scope);
                        });
        return reply.getReturnLayout().getReturnedList().stream().map(Wire::returned).toList();
    }

    /** How often a return is sent anew because the layout has changed while it was on its way. */
    private static final int RETURN_ATTEMPTS = 8;

    /**
     * Gives back what is held on a file, under the newest stateid that is known. Others may use a
     * newer one while this is on its way (a recall is answered on a thread of its own), or the
     * layout ends without a word reaching us: neither is a reason not to give back.
     *
     * @param ranges empty: the whole layout
     */
    void giveBack(String volume, FileId file, List<ByteRange> ranges) throws OutlayException {
        Optional<LayoutCache> cache = layouts.find(volume, file);
        Optional<Stateid> named = cache.flatMap(LayoutCache::stateid);
        for (int attempt = 1; ; attempt++) {
            try {
                returnLayout(volume, new ReturnScope.OfFile(file, named, ranges));
                return;
            } catch (OutlayException e) {
                boolean ended = e.is(Reason.BAD_STATEID);
                if (named.isEmpty() || !(ended || e.is(Reason.OLD_STATEID))) {
                    throw e;
                }
                Stateid refused = named.get();
                if (ended) {
                    cache.ifPresent(known -> known.clearIf(refused));
                }
                named =
                        attempt == RETURN_ATTEMPTS
                                ? Optional.empty()
                                : cache.flatMap(LayoutCache::stateid)
                                        .filter(now -> !now.equals(refused));
            }
        }
    }

    private void clearReturned(String volume, ReturnScope scope) {
        switch (scope) {
            case ReturnScope.OfFile file -> {
                if (file.ranges().isEmpty()) {
                    layouts.find(volume, file.file()).ifPresent(LayoutCache::clear);
                }
            }
            case ReturnScope.OfDevice _ -> {}
            case ReturnScope.OfVolume _ -> layouts.clear(volume);
        }
    }

    List<HeldLayout> listLayouts(String volume) throws OutlayException {
        List<HeldLayout> all = new ArrayList<>();
        OptionalLong after = OptionalLong.of(0);
        while (after.isPresent()) {
            ListLayoutsResponse page =
                    query(
                                    Request.newBuilder()
                                            .setListLayouts(
                                                    ListLayoutsRequest.newBuilder()
                                                            .setVolume(volume)
                                                            .setAfterFileId(after.getAsLong())))
                            .getListLayouts();
            page.getLayoutsList().forEach(layout -> all.add(Wire.layout(layout)));
            after =
                    page.hasNextAfterFileId()
                            ? OptionalLong.of(page.getNextAfterFileId())
                            : OptionalLong.empty();
        }
        return all;
    }

    VolumeDevices devices(String volume) throws OutlayException {
        Reply reply =
                query(
                        Request.newBuilder()
                                .setGetDevices(GetDevicesRequest.newBuilder().setVolume(volume)));
        return read(() -> Wire.devices(reply.getGetDevices()));
    }

    // ---- names

    FileAttributes create(
            String volume, FileId parent, String name, FileKind kind, int mode, boolean concurrent)
            throws OutlayException {
        CreateRequest.Builder request =
                CreateRequest.newBuilder()
                        .setAt(child(parent, name))
                        .setKind(Wire.kind(kind))
                        .setMode(mode)
                        .setConcurrent(concurrent);
        Reply reply =
                mutate(
                        volume,
                        header -> Request.newBuilder().setCreate(request.setOperation(header)),
                        _ -> {});
        return attributes(reply.getCreate().getAttributes());
    }

    FileAttributes lookup(String volume, String path) throws OutlayException {
        Reply reply =
                query(
                        Request.newBuilder()
                                .setLookup(
                                        LookupRequest.newBuilder()
                                                .setVolume(volume)
                                                .setPath(path)));
        return attributes(reply.getLookup().getAttributes());
    }

    FileAttributes getAttributes(String volume, FileId file) throws OutlayException {
        Reply reply =
                query(
                        Request.newBuilder()
                                .setGetAttributes(
                                        GetAttributesRequest.newBuilder()
                                                .setVolume(volume)
                                                .setFileId(file.value())));
        return attributes(reply.getGetAttributes().getAttributes());
    }

    FileAttributes setAttributes(String volume, FileId file, AttributeChange change)
            throws OutlayException {
        SetAttributesRequest.Builder request =
                SetAttributesRequest.newBuilder().setFileId(file.value());
        change.mode().ifPresent(request::setMode);
        change.owner().ifPresent(request::setOwner);
        change.modifiedMillis().ifPresent(request::setModifiedMillis);
        change.accessedMillis().ifPresent(request::setAccessedMillis);
        Reply reply =
                mutate(
                        volume,
                        header ->
                                Request.newBuilder().setSetAttributes(request.setOperation(header)),
                        _ -> {});
        return attributes(reply.getSetAttributes().getAttributes());
    }

    List<DirectoryEntry> list(String volume, FileId directory) throws OutlayException {
        List<DirectoryEntry> all = new ArrayList<>();
        ListRequest.Builder request =
                ListRequest.newBuilder().setVolume(volume).setDirectoryId(directory.value());
        boolean more = true;
        while (more) {
            ListResponse page = query(Request.newBuilder().setList(request)).getList();
            List<DirectoryEntry> entries =
                    read(() -> page.getEntriesList().stream().map(Wire::entry).toList());
            all.addAll(entries);
            request.setAfterName(page.getNextAfterName());
            more = page.hasNextAfterName();
        }
        return all;
    }

    FileAttributes rename(String volume, FileId fromParent, String from, FileId toParent, String to)
            throws OutlayException {
        RenameRequest.Builder request =
                RenameRequest.newBuilder()
                        .setFrom(child(fromParent, from))
                        .setTo(child(toParent, to));
        Reply reply =
                mutate(
                        volume,
                        header -> Request.newBuilder().setRename(request.setOperation(header)),
                        answer -> returned(volume, answer.getRename().getReturnedList()));
        return attributes(reply.getRename().getAttributes());
    }

    void remove(String volume, FileId parent, String name) throws OutlayException {
        RemoveRequest.Builder request = RemoveRequest.newBuilder().setAt(child(parent, name));
        mutate(
                volume,
                header -> Request.newBuilder().setRemove(request.setOperation(header)),
                answer -> returned(volume, answer.getRemove().getReturnedList()));
    }

    // ---- space

    FileAttributes truncate(String volume, FileId file, long sizeBytes) throws OutlayException {
        TruncateRequest.Builder request =
                TruncateRequest.newBuilder().setFileId(file.value()).setNewSizeBytes(sizeBytes);
        Reply reply =
                mutate(
                        volume,
                        header -> Request.newBuilder().setTruncate(request.setOperation(header)),
                        answer -> returned(volume, answer.getTruncate().getReturnedList()));
        return attributes(reply.getTruncate().getAttributes());
    }

    FileAttributes allocate(String volume, FileId file, long offset, long length)
            throws OutlayException {
        AllocateRequest.Builder request =
                AllocateRequest.newBuilder()
                        .setFileId(file.value())
                        .setOffset(offset)
                        .setLength(length);
        Reply reply =
                mutate(
                        volume,
                        header -> Request.newBuilder().setAllocate(request.setOperation(header)),
                        answer -> returned(volume, answer.getAllocate().getReturnedList()));
        return attributes(reply.getAllocate().getAttributes());
    }

    FileAttributes deallocate(String volume, FileId file, long offset, long length)
            throws OutlayException {
        DeallocateRequest.Builder request =
                DeallocateRequest.newBuilder()
                        .setFileId(file.value())
                        .setOffset(offset)
                        .setLength(length);
        Reply reply =
                mutate(
                        volume,
                        header -> Request.newBuilder().setDeallocate(request.setOperation(header)),
                        answer -> returned(volume, answer.getDeallocate().getReturnedList()));
        return attributes(reply.getDeallocate().getAttributes());
    }

    // ---- bytes through the server

    /** Most bytes of one read or write through the server. */
    static final int SERVER_IO_BYTES = 512 << 10;

    /**
     * Reads through the server, at most {@link #SERVER_IO_BYTES} at a time.
     *
     * @return bytes read; fewer than asked for only at end of file, 0 at or past it
     */
    int read(String volume, FileId file, long offset, MemorySegment target) throws OutlayException {
        ReadRequest.Builder request =
                ReadRequest.newBuilder()
                        .setFileId(file.value())
                        .setOffset(offset)
                        .setLength((int) Math.min(SERVER_IO_BYTES, target.byteSize()));
        Reply reply =
                mutate(
                        volume,
                        header -> Request.newBuilder().setRead(request.setOperation(header)),
                        _ -> {});
        ByteBuffer data = reply.getRead().getData().asReadOnlyByteBuffer();
        int count = (int) Math.min(data.remaining(), target.byteSize());
        MemorySegment.copy(MemorySegment.ofBuffer(data), 0, target, 0, count);
        return count;
    }

    /** Writes through the server, at most a MiB at a time; durable when it returns. */
    FileAttributes write(String volume, FileId file, long offset, MemorySegment bytes)
            throws OutlayException {
        WriteRequest.Builder request =
                WriteRequest.newBuilder()
                        .setFileId(file.value())
                        .setOffset(offset)
                        .setData(ByteString.copyFrom(bytes.asByteBuffer()));
        Reply reply =
                mutate(
                        volume,
                        header -> Request.newBuilder().setWrite(request.setOperation(header)),
                        answer -> returned(volume, answer.getWrite().getReturnedList()));
        return attributes(reply.getWrite().getAttributes());
    }

    /** Where data, or a hole, begins; empty at or past end of file or if no data follows. */
    OptionalLong seek(String volume, FileId file, long offset, boolean data)
            throws OutlayException {
        SeekResponse found =
                query(
                                Request.newBuilder()
                                        .setSeek(
                                                SeekRequest.newBuilder()
                                                        .setVolume(volume)
                                                        .setFileId(file.value())
                                                        .setOffset(offset)
                                                        .setTarget(
                                                                data
                                                                        ? SeekRequest.Target
                                                                                .TARGET_DATA
                                                                        : SeekRequest.Target
                                                                                .TARGET_HOLE)))
                        .getSeek();
        return found.hasOffset() ? OptionalLong.of(found.getOffset()) : OptionalLong.empty();
    }

    /** Writes through the server, for bytes that may not go by layout. */
    @FunctionalInterface
    interface ServerWrites {
        FileAttributes write(String volume, FileId file, long offset, MemorySegment bytes)
                throws OutlayException;
    }

    ServerWrites serverWrites() {
        return serverWrites;
    }

    void serverWrites(ServerWrites by) {
        serverWrites = by;
    }

    /** Bytes of one file become another one's too. */
    FileAttributes clone(
            String volume, FileId source, ByteRange range, FileId destination, long offset)
            throws OutlayException {
        return clone(
                volume,
                CloneRequest.newBuilder()
                        .setSourceId(source.value())
                        .setOffset(range.start())
                        .setLength(range.length())
                        .setDestinationId(destination.value())
                        .setDestinationOffset(offset));
    }

    /** All of a file becomes another one's too. */
    FileAttributes clone(String volume, FileId source, FileId destination) throws OutlayException {
        return clone(
                volume,
                CloneRequest.newBuilder()
                        .setSourceId(source.value())
                        .setDestinationId(destination.value()));
    }

    FileAttributes snapshot(String volume, FileId source, FileId parent, String name)
            throws OutlayException {
        return clone(
                volume,
                CloneRequest.newBuilder()
                        .setSourceId(source.value())
                        .setSnapshot(child(parent, name)));
    }

    private FileAttributes clone(String volume, CloneRequest.Builder request)
            throws OutlayException {
        Reply reply =
                mutate(
                        volume,
                        header -> Request.newBuilder().setClone(request.setOperation(header)),
                        answer -> returned(volume, answer.getClone().getReturnedList()));
        return attributes(reply.getClone().getAttributes());
    }

    ExtentListing listExtents(String volume, FileId file, long offset, int maxExtents)
            throws OutlayException {
        ListExtentsResponse page =
                query(
                                Request.newBuilder()
                                        .setListExtents(
                                                ListExtentsRequest.newBuilder()
                                                        .setVolume(volume)
                                                        .setFileId(file.value())
                                                        .setOffset(offset)
                                                        .setMaxExtents(maxExtents)))
                        .getListExtents();
        return read(
                () ->
                        new ExtentListing(
                                Wire.extents(page.getExtentsList()),
                                page.hasNextOffset()
                                        ? OptionalLong.of(page.getNextOffset())
                                        : OptionalLong.empty(),
                                Wire.attributes(page.getAttributes())));
    }

    // ---- common

    /** Enters what a request took back. */
    private void returned(String volume, List<dev.outlay.v1.ReturnedLayout> returned) {
        layouts.returned(volume, returned);
        returned.forEach(each -> onAnswer.accept(volume, new FileId(each.getFileId())));
    }

    private Reply query(Request.Builder request) throws OutlayException {
        return session.await(session.query(request));
    }

    private Reply mutate(
            String volume,
            Function<OperationHeader, Request.Builder> request,
            Consumer<Reply> onReply)
            throws OutlayException {
        return session.await(session.mutate(volume, request, onReply));
    }

    private static FileAttributes attributes(dev.outlay.v1.FileAttributes attributes)
            throws OutlayException {
        return read(() -> Wire.attributes(attributes));
    }

    /** Turns an answer with values out of their range into the failure it is. */
    private static <T> T read(Supplier<T> decode) throws OutlayException {
        try {
            return decode.get();
        } catch (IllegalArgumentException e) {
            OutlayException senseless =
                    OutlayException.of(
                            Reason.INTERNAL,
                            "the answer of the server makes no sense: " + e.getMessage());
            senseless.initCause(e);
            throw senseless;
        }
    }

    private static ChildName child(FileId parent, String name) {
        return ChildName.newBuilder().setParentId(parent.value()).setName(name).build();
    }
}
