package dev.outlay.server.sim;

import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.Layout;
import dev.outlay.v1.LayoutRange;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.ReturnedLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What clients hold, block by block, as it follows from messages and from nothing else. */
final class Holdings {

    private static final Map<Long, Hold> NOTHING = Map.of();

    /** By client, file and block of the file. */
    private final Map<Long, Map<Long, Map<Long, Hold>>> all = new TreeMap<>();

    /**
     * One block of a file, held by one client.
     *
     * @param place where its holder may store or read, -1: nowhere
     * @param source where what that is to replace lies, -1: it replaces nothing
     */
    record Hold(boolean write, boolean atomic, boolean mapped, int place, int source) {
        private boolean mayLieOn(int device) {
            return mayLie(place, device) || (source >= 0 && mayLie(source, device));
        }

        private Hold replacingNothing() {
            return new Hold(write, atomic, mapped, place, -1);
        }
    }

    /** Whether the grant of a block, at this place if it has one, may have been given back. */
    interface Gone {
        boolean test(long index, int place);
    }

    /** Sees one hold. */
    interface Visitor {
        void held(long client, long file, long index, Hold hold);
    }

    // ---- what is held

    void forEach(Visitor visitor) {
        all.keySet().forEach(client -> forEach(client, visitor));
    }

    void forEach(long client, Visitor visitor) {
        all.getOrDefault(client, Map.of())
                .forEach(
                        (file, blocks) ->
                                blocks.forEach(
                                        (index, hold) -> visitor.held(client, file, index, hold)));
    }

    Iterable<Long> clients() {
        return all.keySet();
    }

    @Nullable Hold at(long client, long file, long index) {
        return of(client, file).get(index);
    }

    Map<Long, Hold> of(long client, long file) {
        return all.getOrDefault(client, Map.of()).getOrDefault(file, NOTHING);
    }

    // ---- how it changes

    /**
     * What a reply to MapBlocks grants; what is held as something stronger stays as it is.
     *
     * @param forReading whether it was asked where to read: that says nothing of where to write
     * @param gone blocks of which this grant may have been given back before it was heard of
     */
    void granted(long client, long file, boolean forReading, MapBlocksResponse reply, Gone gone) {
        for (LayoutRange range : reply.getRangesList()) {
            boolean elsewhere = forReading && range.getIomode() == IoMode.IO_MODE_RW;
            grant(client, file, range, elsewhere ? List.of() : reply.getExtentsList(), gone);
        }
    }

    private void grant(long client, long file, LayoutRange range, List<Extent> extents, Gone gone) {
        boolean write = range.getIomode() == IoMode.IO_MODE_RW;
        Map<Long, Hold> blocks =
                all.computeIfAbsent(client, _ -> new TreeMap<>())
                        .computeIfAbsent(file, _ -> new HashMap<>());
        for (long at = range.getOffset();
                at < range.getOffset() + range.getLength();
                at += SimServer.BLOCK) {
            long index = at / SimServer.BLOCK;
            Hold before = blocks.get(index);
            int place = place(extents, at, write);
            int source = write ? place(extents, at, false) : -1;
            if (source == place) {
                source = -1;
            }
            if (gone.test(index, place)
                    || (source >= 0 && gone.test(index, source))
                    || (before != null && before.write && !write)) {
                continue;
            }
            // What was read there says nothing of where it is written: there may be a copy beside.
            if (place < 0 && before != null && before.write == write) {
                place = before.place;
                source = before.source;
            }
            blocks.put(index, new Hold(write, range.getAtomic(), range.getMapped(), place, source));
        }
    }

    /** Where the holder may go: of a pair, a writer to the destination, which comes second. */
    private static int place(List<Extent> extents, long at, boolean write) {
        int place = -1;
        for (Extent extent : extents) {
            if (extent.getFileOffset() <= at
                    && at < extent.getFileOffset() + extent.getLength()
                    && extent.hasDeviceOffset()
                    && (write || extent.getState() == ExtentState.EXTENT_STATE_WRITTEN)) {
                place =
                        Picture.place(
                                extent.getDevice(),
                                extent.getDeviceOffset() + at - extent.getFileOffset());
            }
        }
        return place;
    }

    /** What a request returns. */
    void returned(long client, ReturnLayoutRequest request) {
        if (request.hasDevice()) {
            // A place that is not known may be there.
            all.getOrDefault(client, Map.of())
                    .values()
                    .forEach(
                            blocks ->
                                    blocks.values()
                                            .removeIf(
                                                    hold ->
                                                            hold.mayLieOn(
                                                                    request.getDevice()
                                                                            .getDevice())));
        } else if (!request.hasFile()) {
            all.remove(client);
        } else if (request.getFile().getRangesCount() == 0) {
            all.getOrDefault(client, new TreeMap<>()).remove(request.getFile().getFileId());
        } else {
            remove(client, request.getFile().getFileId(), request.getFile().getRangesList());
        }
    }

    /**
     * What was to be replaced has been: the holder goes on with what has taken its place, alone.
     */
    void committed(long client, CommitBlocksRequest commit) {
        Map<Long, Hold> blocks = of(client, commit.getFileId());
        if (blocks.isEmpty()) {
            return;
        }
        for (CommitRange range : commit.getRangesList()) {
            for (long at = 0; at < range.getLength(); at += SimServer.BLOCK) {
                int place = Picture.place(range.getDevice(), range.getDeviceOffset() + at);
                blocks.computeIfPresent(
                        (range.getFileOffset() + at) / SimServer.BLOCK,
                        (_, hold) -> hold.place == place ? hold.replacingNothing() : hold);
            }
        }
    }

    private static boolean mayLie(int place, int device) {
        return place < 0 || Units.at(place) == Units.of(device);
    }

    /** What a reply says that was taken back. */
    void takenBack(long client, List<ReturnedLayout> layouts) {
        layouts.forEach(each -> remove(client, each.getFileId(), each.getRangesList()));
    }

    void remove(long client, long file, List<FileRange> ranges) {
        Map<Long, Hold> blocks = of(client, file);
        if (!blocks.isEmpty()) {
            blocks.keySet().removeIf(index -> contains(ranges, index));
        }
    }

    /** Whether a request returns this block of a file, or may. */
    static boolean returns(ReturnLayoutRequest request, long file, long index, int place) {
        if (request.hasDevice()) {
            return mayLie(place, request.getDevice().getDevice());
        }
        return !request.hasFile()
                || (request.getFile().getFileId() == file
                        && (request.getFile().getRangesCount() == 0
                                || contains(request.getFile().getRangesList(), index)));
    }

    static boolean contains(List<FileRange> ranges, long index) {
        return ranges.stream().anyMatch(r -> contains(r, index * SimServer.BLOCK));
    }

    private static boolean contains(FileRange range, long offset) {
        return range.getOffset() <= offset && offset - range.getOffset() < range.getLength();
    }

    /**
     * A client says what it holds for reading: what it leaves out it knows nothing of, as the
     * process that goes on with another one's session does. The rest the server tells it.
     */
    void restates(long client, ReattachRequest request) {
        Map<Long, Map<Long, Hold>> files = all.getOrDefault(client, Map.of());
        files.forEach(
                (file, blocks) ->
                        blocks.entrySet()
                                .removeIf(
                                        block ->
                                                !block.getValue().write
                                                        && !block.getValue().mapped
                                                        && !states(request, file, block.getKey())));
    }

    private static boolean states(ReattachRequest request, long file, long index) {
        long offset = index * SimServer.BLOCK;
        return request.getVolumesList().stream()
                .flatMap(volume -> volume.getLayoutsList().stream())
                .filter(layout -> layout.getFileId() == file)
                .flatMap(layout -> layout.getRangesList().stream())
                .anyMatch(
                        range ->
                                range.getOffset() <= offset
                                        && offset - range.getOffset() < range.getLength());
    }

    /** A client is told what it holds, and that this is all. */
    void restated(long client, ReattachResponse reply) {
        Map<Long, Map<Long, Hold>> before = all.remove(client);
        for (ReattachResponse.VolumeResult volume : reply.getVolumesList()) {
            for (ReattachResponse.LayoutResult result : volume.getLayoutsList()) {
                Layout layout = result.getLayout();
                layout.getRangesList()
                        .forEach(
                                range ->
                                        grant(
                                                client,
                                                layout.getFileId(),
                                                range,
                                                List.of(),
                                                (_, _) -> false));
            }
        }
        if (before != null) {
            all.getOrDefault(client, Map.of())
                    .forEach(
                            (file, blocks) ->
                                    blocks.replaceAll(
                                            (index, hold) ->
                                                    placed(
                                                            hold,
                                                            before.getOrDefault(file, NOTHING)
                                                                    .get(index))));
        }
    }

    private static Hold placed(Hold hold, @Nullable Hold before) {
        return before == null
                ? hold
                : new Hold(hold.write, hold.atomic, hold.mapped, before.place, before.source);
    }

    /** Nothing is known of what the client holds of a file that the request may take from it. */
    void forgetFile(long client, Request request) {
        all.getOrDefault(client, Map.of()).keySet().removeIf(file -> takes(request, file));
    }

    void ended(long client) {
        all.remove(client);
    }

    /** What a reply to any request but MapBlocks says that it took from the caller. */
    static List<ReturnedLayout> taken(Reply reply) {
        return switch (reply.getBodyCase()) {
            case RETURN_LAYOUT -> reply.getReturnLayout().getReturnedList();
            case RENAME -> reply.getRename().getReturnedList();
            case REMOVE -> reply.getRemove().getReturnedList();
            case TRUNCATE -> reply.getTruncate().getReturnedList();
            case ALLOCATE -> reply.getAllocate().getReturnedList();
            case DEALLOCATE -> reply.getDeallocate().getReturnedList();
            case CLONE -> reply.getClone().getReturnedList();
            case WRITE -> reply.getWrite().getReturnedList();
            default -> List.of();
        };
    }

    /** Whether a request may take what its own sender holds, on one file or by a name. */
    static boolean takes(Request request, long file) {
        return switch (request.getBodyCase()) {
            case RENAME, REMOVE -> true;
            case TRUNCATE -> request.getTruncate().getFileId() == file;
            case ALLOCATE -> request.getAllocate().getFileId() == file;
            case DEALLOCATE -> request.getDeallocate().getFileId() == file;
            case WRITE -> request.getWrite().getFileId() == file;
            case CLONE ->
                    request.getClone().getSourceId() == file
                            || request.getClone().getDestinationId() == file;
            default -> false;
        };
    }
}
