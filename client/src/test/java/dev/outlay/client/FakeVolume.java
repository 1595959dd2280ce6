package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.outlay.client.device.DeviceException;
import dev.outlay.client.device.MemoryDevice;
import dev.outlay.client.session.FakeServer;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.space.RangeMap;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import dev.outlay.v1.AllocateRequest;
import dev.outlay.v1.AllocateResponse;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.CreateResponse;
import dev.outlay.v1.DeallocateRequest;
import dev.outlay.v1.DeallocateResponse;
import dev.outlay.v1.DeviceInfo;
import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.FileAttributes;
import dev.outlay.v1.FileKind;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.GetAttributesResponse;
import dev.outlay.v1.GetDevicesResponse;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.LayoutRange;
import dev.outlay.v1.LookupResponse;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Recall;
import dev.outlay.v1.RemoveResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.ReturnLayoutResponse;
import dev.outlay.v1.ReturnedLayout;
import dev.outlay.v1.Stateid;
import dev.outlay.v1.TruncateRequest;
import dev.outlay.v1.TruncateResponse;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A volume with one file and one client, that hands out scattered blocks of a device full of 0xCD,
 * a random number of them at a time, and checks what a client owes: a block that is committed holds
 * no 0xCD any more, lies where it was granted, and was granted.
 *
 * <p>It answers each operation id once and the same way again. Now and then it asks to come later.
 */
final class FakeVolume extends FakeServer {

    static final String NAME = "v";
    static final String PATH = "/f";
    static final long FILE = 2;
    static final int BLOCK = 4096;
    static final byte STALE = (byte) 0xCD;
    static final UUID DEVICE = new UUID(1, 2);

    private static final int DEVICE_BLOCKS = 2048;

    private record Block(int onDevice, boolean written, boolean kept) {
        long offset() {
            return (long) onDevice * BLOCK;
        }
    }

    private final Random random;
    private final MemoryDevice device;
    private final TreeMap<Long, Block> blocks = new TreeMap<>();

    /** Blocks of the device that are to take the place of committed ones. */
    private final TreeMap<Long, Integer> copies = new TreeMap<>();

    private final List<Integer> free = new ArrayList<>();
    private final RangeMap<IoMode> held = new RangeMap<>();
    private final Map<Long, Reply> answers = new HashMap<>();
    private final RangeSet ofOthers = new RangeSet();
    private final RangeSet unflushed = new RangeSet();
    private long size;
    private long epoch = 1;
    private long layouts;
    private int seqid;

    /** The newest that the client has used: older ones are refused. */
    private int usedSeqid;

    private boolean oldRefused;
    private boolean storesUnderWay;
    private int returnsLater;
    private int troublePercent;
    private long incarnation = 3;
    private long recallIds;
    private boolean grantsWhole;
    private boolean movedAway;
    private boolean removed;
    private boolean zeros;
    private boolean forgotten;
    private boolean full;
    private Reason commitRefusal = Reason.REASON_UNSPECIFIED;
    private Reason latePunchRefusal = Reason.REASON_UNSPECIFIED;

    FakeVolume(Random random) {
        this.random = random;
        this.device = new MemoryDevice(label(incarnation), Durability.FORCED, STALE);
        for (int block = 1; block < DEVICE_BLOCKS - 1; block++) {
            free.add(block);
        }
        Collections.shuffle(free, random);
    }

    static DeviceLabel label(long incarnation) {
        return new DeviceLabel(
                DEVICE, incarnation, (long) DEVICE_BLOCKS * BLOCK, BLOCK, "server", 1, true);
    }

    MemoryDevice device() {
        return device;
    }

    /** What the client has stored on the device and not flushed. */
    RangeSet unflushed() {
        return unflushed;
    }

    /** How often it asks to come later, of a hundred requests. */
    void trouble(int percent) {
        troublePercent = percent;
    }

    /** The client goes on storing to blocks whose commit is under way: not all is flushed then. */
    void expectStoresUnderWay() {
        storesUnderWay = true;
    }

    /** So many returns are asked to come later. */
    void returnsLater(int count) {
        returnsLater = count;
    }

    /** It remembers a seqid as used that the client does not know of, or not any more. */
    void useNewerSeqid() {
        usedSeqid = ++seqid;
    }

    /** Punches end the client's grants and are refused all the same, for this reason. */
    void refusePunchesLate(Reason reason) {
        latePunchRefusal = reason;
    }

    /**
     * It hands out zeros: what a client holds for RW it is told to be written, and what others are
     * told to be unwritten is zeroed before that.
     */
    void handOutZeros() {
        zeros = true;
    }

    /** Fresh blocks lie beside each other from now on. */
    void handOutInOrder() {
        free.sort(Comparator.reverseOrder());
    }

    /** All that is asked for is granted at once, by one extent where blocks lie in order. */
    void grantWhole() {
        grantsWhole = true;
    }

    /** The next commit is refused for this reason. */
    void refuseNextCommit(Reason reason) {
        commitRefusal = reason;
    }

    /** Another client moves the file just before this one's request to remove it by its name. */
    void moveBeforeRemoval() {
        movedAway = true;
    }

    /** The server believes the device to be in this life. */
    void incarnation(long now) {
        incarnation = now;
    }

    /** Nothing fresh is granted any more. */
    void full() {
        full = true;
    }

    /** Another client holds RW there: nothing of it is granted. */
    void heldByOthers(ByteRange range) {
        ofOthers.add(range);
    }

    void othersReturn() {
        ofOthers.remove(new ByteRange(0, Long.MAX_VALUE));
    }

    /** It forgets what it granted, as after an end of the lease. */
    void forgetGrants() {
        release(0, Long.MAX_VALUE);
        seqid = 0;
        forgotten = true;
    }

    long size() {
        return size;
    }

    int freeBlocks() {
        return free.size();
    }

    boolean holdsAnything() {
        return !held.isEmpty();
    }

    /** What any other client would read now. */
    byte[] committedBytes() throws DeviceException {
        byte[] bytes = new byte[Math.toIntExact(size)];
        for (Map.Entry<Long, Block> entry : blocks.entrySet()) {
            long at = entry.getKey() * BLOCK;
            if (entry.getValue().written() && at < size) {
                byte[] block = load(entry.getValue());
                System.arraycopy(block, 0, bytes, (int) at, (int) Math.min(BLOCK, size - at));
            }
        }
        return bytes;
    }

    /** Bytes past end of file in its last block are zero where the block is committed. */
    void checkTail() throws DeviceException {
        Block last = blocks.get(size / BLOCK);
        if (last != null && last.written() && size % BLOCK != 0) {
            byte[] block = load(last);
            for (int i = (int) (size % BLOCK); i < BLOCK; i++) {
                assertEquals(0, block[i], "past end of file, at " + i);
            }
        }
    }

    private byte[] load(Block block) throws DeviceException {
        byte[] bytes = new byte[BLOCK];
        device.read(block.offset(), MemorySegment.ofArray(bytes));
        return bytes;
    }

    // ---- requests

    @Override
    protected Optional<Reply.Builder> answer(Request request) {
        return switch (request.getBodyCase()) {
            case LOOKUP ->
                    Optional.of(
                            Reply.newBuilder()
                                    .setLookup(
                                            LookupResponse.newBuilder()
                                                    .setAttributes(attributes())));
            case GET_ATTRIBUTES ->
                    Optional.of(
                            removed
                                    ? error(Reason.REASON_STALE_FILE, 0)
                                    : Reply.newBuilder()
                                            .setGetAttributes(
                                                    GetAttributesResponse.newBuilder()
                                                            .setAttributes(attributes())));
            case REMOVE -> {
                removed = !movedAway;
                yield Optional.of(
                        Reply.newBuilder().setRemove(RemoveResponse.getDefaultInstance()));
            }
            case GET_DEVICES -> Optional.of(Reply.newBuilder().setGetDevices(devices()));
            case CREATE ->
                    Optional.of(
                            Reply.newBuilder()
                                    .setCreate(
                                            CreateResponse.newBuilder()
                                                    .setAttributes(attributes())));
            case MAP_BLOCKS ->
                    once(
                            request.getMapBlocks().getOperation().getOperationId(),
                            () -> map(request.getMapBlocks()));
            case COMMIT_BLOCKS ->
                    once(
                            request.getCommitBlocks().getOperation().getOperationId(),
                            () -> commit(request.getCommitBlocks()));
            case RETURN_LAYOUT ->
                    once(
                            request.getReturnLayout().getOperation().getOperationId(),
                            () -> giveBack(request.getReturnLayout()));
            case TRUNCATE ->
                    once(
                            request.getTruncate().getOperation().getOperationId(),
                            () -> truncate(request.getTruncate()));
            case ALLOCATE ->
                    once(
                            request.getAllocate().getOperation().getOperationId(),
                            () -> allocate(request.getAllocate()));
            case DEALLOCATE ->
                    once(
                            request.getDeallocate().getOperation().getOperationId(),
                            () -> punch(request.getDeallocate()));
            default -> throw new AssertionError("unexpected " + request);
        };
    }

    private interface Operation {
        Reply.Builder run() throws DeviceException;
    }

    private Optional<Reply.Builder> once(long id, Operation operation) {
        Reply known = answers.get(id);
        if (known != null) {
            return Optional.of(known.toBuilder());
        }
        if (random.nextInt(100) < troublePercent) {
            return Optional.of(error(Reason.REASON_TRY_LATER, random.nextInt(20)));
        }
        try {
            Reply.Builder reply = operation.run();
            if (!reply.hasError()) {
                answers.put(id, reply.build());
            }
            return Optional.of(reply);
        } catch (DeviceException e) {
            throw new AssertionError(e);
        }
    }

    // ---- layouts

    private Reply.Builder map(MapBlocksRequest ask) throws DeviceException {
        assertEquals(0, ask.getOffset() % BLOCK);
        assertEquals(0, ask.getLength() % BLOCK);
        assertTrue(recallIds != 0 || oldRefused || forgotten || ask.hasStateid() == (seqid != 0));
        if (ask.hasStateid() && !isCurrent(ask.getStateid())) {
            return error(Reason.REASON_BAD_STATEID, 0);
        }
        if (ask.hasStateid() && isOld(ask.getStateid())) {
            return error(Reason.REASON_OLD_STATEID, 0);
        }
        ByteRange asked = ByteRange.ofLength(ask.getOffset(), ask.getLength());
        for (Recall recall : recalls()) {
            if (scope(recall).overlaps(asked)) {
                boolean acknowledged =
                        seen(Request.BodyCase.ACKNOWLEDGE_RECALL).stream()
                                .anyMatch(
                                        r ->
                                                r.getAcknowledgeRecall().getRecallId()
                                                        == recall.getRecallId());
                return error(
                        acknowledged
                                ? Reason.REASON_RETURN_CONFLICT
                                : Reason.REASON_RECALL_CONFLICT,
                        0);
            }
        }
        boolean rw = ask.getIomode() == IoMode.IO_MODE_RW;
        long first = ask.getOffset() / BLOCK;
        long end = first + ask.getLength() / BLOCK;
        if (!rw) {
            end = Math.min(end, Math.ceilDiv(size, BLOCK));
        } else {
            for (long b = first; b < end; b++) {
                if (ofOthers.overlaps(ByteRange.ofLength(b * BLOCK, BLOCK))) {
                    end = b;
                }
            }
            if (end <= first) {
                return error(Reason.REASON_TRY_LATER, 50);
            }
            if (full && !blocks.containsKey(first)) {
                return error(Reason.REASON_NO_SPACE, 0);
            }
        }
        MapBlocksResponse.Builder answer =
                MapBlocksResponse.newBuilder().setSizeBytes(size).setMapEpoch(epoch);
        int pieces = 1 + random.nextInt(8);
        long at = first;
        while (at < end && pieces-- > 0) {
            long length = grantsWhole ? end - at : Math.min(end - at, 1 + random.nextInt(6));
            for (long b = at; rw && b < at + length; b++) {
                if (!blocks.containsKey(b)) {
                    blocks.put(b, new Block(free.removeLast(), false, false));
                    epoch++;
                }
                zero(b);
            }
            if (ask.getAtomic() && isWritten(at, true)) {
                tellPair(at++, answer);
            } else {
                at = tell(at, at + length, rw, answer);
            }
        }
        answer.setMapEpoch(epoch).setNextOffset(at * BLOCK);
        if (answer.getRangesCount() > 0) {
            layouts += seqid == 0 ? 1 : 0;
            seqid++;
        }
        if (seqid != 0) {
            answer.setStateid(stateid());
        }
        return Reply.newBuilder().setMapBlocks(answer);
    }

    /**
     * What nobody has committed and nobody may have stored to, on a volume that hands out zeros.
     */
    private void zero(long block) throws DeviceException {
        Block granted = Objects.requireNonNull(blocks.get(block));
        if (zeros && !granted.written() && held.get(block * BLOCK) != IoMode.IO_MODE_RW) {
            device.zero(granted.offset(), BLOCK);
            device.flush(granted.offset(), BLOCK);
        }
    }

    /** Whether the client is told that the block is written. */
    private boolean isWritten(long at, boolean rw) {
        Block block = blocks.get(at);
        return block != null
                && (block.written()
                        || (zeros && (rw || held.get(at * BLOCK) == IoMode.IO_MODE_RW)));
    }

    /** Tells the blocks from {@code at} on that have one state and one place; returns their end. */
    private long tell(long at, long end, boolean rw, MapBlocksResponse.Builder answer) {
        Block block = blocks.get(at);
        long next = at + 1;
        while (next < end
                && follows(block, blocks.get(next), next - at)
                && isWritten(next, rw) == isWritten(at, rw)) {
            next++;
        }
        ByteRange range = new ByteRange(at * BLOCK, next * BLOCK);
        Extent.Builder extent =
                Extent.newBuilder().setFileOffset(range.start()).setLength(range.length());
        if (block == null) {
            extent.setState(ExtentState.EXTENT_STATE_HOLE);
        } else {
            extent.setState(
                    isWritten(at, rw)
                            ? ExtentState.EXTENT_STATE_WRITTEN
                            : ExtentState.EXTENT_STATE_UNWRITTEN);
            if (rw || isWritten(at, rw)) {
                extent.setDevice(0).setDeviceOffset(block.offset());
            }
        }
        answer.addExtents(extent);
        if (rw || !ofOthers.overlaps(range)) {
            IoMode mode = rw ? IoMode.IO_MODE_RW : IoMode.IO_MODE_READ;
            hold(range, mode);
            answer.addRanges(
                    LayoutRange.newBuilder()
                            .setOffset(range.start())
                            .setLength(range.length())
                            .setIomode(mode));
        }
        return next;
    }

    /** What is committed, and what is to be stored to in its place. */
    private void tellPair(long at, MapBlocksResponse.Builder answer) {
        Block source = Objects.requireNonNull(blocks.get(at));
        int copy = copies.computeIfAbsent(at, _ -> free.removeLast());
        ByteRange range = ByteRange.ofLength(at * BLOCK, BLOCK);
        Extent.Builder extent =
                Extent.newBuilder().setFileOffset(range.start()).setLength(BLOCK).setDevice(0);
        answer.addExtents(
                extent.setState(ExtentState.EXTENT_STATE_WRITTEN)
                        .setDeviceOffset(source.offset())
                        .build());
        answer.addExtents(
                extent.setState(ExtentState.EXTENT_STATE_UNWRITTEN)
                        .setDeviceOffset((long) copy * BLOCK)
                        .build());
        hold(range, IoMode.IO_MODE_RW);
        answer.addRanges(
                LayoutRange.newBuilder()
                        .setOffset(range.start())
                        .setLength(BLOCK)
                        .setIomode(IoMode.IO_MODE_RW)
                        .setAtomic(true));
    }

    private void hold(ByteRange range, IoMode mode) {
        RangeSet stronger = new RangeSet();
        held.within(range).stream()
                .filter(e -> e.value() == IoMode.IO_MODE_RW)
                .forEach(e -> stronger.add(e.range()));
        stronger.gapsWithin(range).forEach(gap -> held.put(gap, mode));
    }

    private static boolean follows(@Nullable Block first, @Nullable Block next, long distance) {
        if (first == null || next == null) {
            return first == null && next == null;
        }
        return first.written() == next.written() && next.onDevice() == first.onDevice() + distance;
    }

    private Reply.Builder commit(CommitBlocksRequest ask) throws DeviceException {
        assertTrue(ask.getRangesCount() <= limits().getRangesPerCommit());
        assertEquals(dev.outlay.v1.Durability.DURABILITY_FORCED, ask.getDurability());
        assertEquals(incarnation, ask.getDevices(0).getIncarnation());
        if (commitRefusal != Reason.REASON_UNSPECIFIED) {
            Reason refusal = commitRefusal;
            commitRefusal = Reason.REASON_UNSPECIFIED;
            return error(refusal, 0);
        }
        if (seqid == 0 || !isCurrent(ask.getStateid())) {
            return error(Reason.REASON_BAD_STATEID, 0);
        }
        long end = 0;
        for (CommitRange range : ask.getRangesList()) {
            assertTrue(range.getFileOffset() >= end, "sorted and disjoint");
            end = range.getFileOffset() + range.getLength();
            for (long at = range.getFileOffset(); at < end; at += BLOCK) {
                if (held.get(at) != IoMode.IO_MODE_RW) {
                    return error(Reason.REASON_BAD_LAYOUT, 0);
                }
                Integer copy = copies.remove(at / BLOCK);
                if (copy != null) {
                    free(at / BLOCK);
                    blocks.put(at / BLOCK, new Block(copy, true, false));
                }
                Block block = Objects.requireNonNull(blocks.get(at / BLOCK));
                assertEquals(
                        block.offset(),
                        range.getDeviceOffset() + at - range.getFileOffset(),
                        "address");
                assertFalse(
                        !storesUnderWay
                                && unflushed.overlaps(ByteRange.ofLength(block.offset(), BLOCK)),
                        "committed without a flush at " + at);
                for (byte b : load(block)) {
                    assertFalse(b == STALE, "committed with stale bytes at " + at);
                }
                blocks.put(at / BLOCK, new Block(block.onDevice(), true, false));
            }
        }
        epoch++;
        CommitBlocksResponse.Builder answer = CommitBlocksResponse.newBuilder();
        if (ask.hasLastWriteOffset() && ask.getLastWriteOffset() >= size) {
            size = ask.getLastWriteOffset() + 1;
            answer.setNewSizeBytes(size);
        }
        return Reply.newBuilder()
                .setCommitBlocks(answer.setMapEpoch(epoch).setAttributes(attributes()));
    }

    private Reply.Builder giveBack(ReturnLayoutRequest ask) throws DeviceException {
        ReturnLayoutRequest.File file = ask.getFile();
        RangeSet returned = new RangeSet();
        if (ask.hasFile() && file.getRangesCount() > 0) {
            file.getRangesList().forEach(r -> returned.add(range(r)));
        } else {
            returned.add(new ByteRange(0, Long.MAX_VALUE));
        }
        if (ask.hasFile() && file.hasStateid() && seqid != 0 && !isCurrent(file.getStateid())) {
            return error(Reason.REASON_BAD_STATEID, 0);
        }
        if (returnsLater > 0) {
            returnsLater--;
            return error(Reason.REASON_TRY_LATER, 50);
        }
        if (ask.hasFile() && file.hasStateid() && seqid != 0 && isOld(file.getStateid())) {
            return error(Reason.REASON_OLD_STATEID, 0);
        }
        ReturnLayoutResponse.Builder answer = ReturnLayoutResponse.newBuilder();
        for (ByteRange range : returned.ranges()) {
            release(range.start(), range.end()).forEach(answer::addReturned);
        }
        boolean heldAfterAll = answer.getReturnedCount() > 0 && isMapHeldBack();
        assertTrue(
                troublePercent > 0 || !ask.hasFile() || file.hasStateid() || !heldAfterAll,
                "nothing held, it says, of what a MapBlocks grants that is unanswered");
        List<Recall> over = recalls().stream().filter(r -> returned.containsAll(scope(r))).toList();
        recalls().removeAll(over);
        for (Recall recall : over) {
            relocate(scope(recall));
        }
        return Reply.newBuilder().setReturnLayout(answer);
    }

    private boolean isCurrent(Stateid asked) {
        return seqid != 0 && asked.getId().equals(stateid().getId());
    }

    /** As the server: from the newest on that was used. */
    private boolean isOld(Stateid asked) {
        if (asked.getSeqid() < usedSeqid) {
            oldRefused = true;
            return true;
        }
        usedSeqid = asked.getSeqid();
        return false;
    }

    // ---- recalls

    /** Recalls a range of the file; the client may hold nothing there. */
    void recallRange(ByteRange range, boolean changed) {
        seqid += seqid == 0 ? 0 : 1;
        Stateid named = seqid == 0 ? stateid().toBuilder().setSeqid(1).build() : stateid();
        recall(
                Recall.newBuilder()
                        .setRecallId(++recallIds)
                        .setVolume(NAME)
                        .setFile(
                                Recall.File.newBuilder()
                                        .setFileId(FILE)
                                        .setStateid(named)
                                        .addRanges(
                                                FileRange.newBuilder()
                                                        .setOffset(range.start())
                                                        .setLength(range.length())))
                        .setChanged(changed)
                        .build());
    }

    /** Recalls everything, on the volume or on its one device. */
    void recallAll(boolean device) {
        Recall.Builder recall = Recall.newBuilder().setRecallId(++recallIds).setVolume(NAME);
        recall(
                device
                        ? recall.setDevice(Recall.Device.getDefaultInstance()).build()
                        : recall.setWholeVolume(Recall.Volume.getDefaultInstance()).build());
    }

    private static ByteRange scope(Recall recall) {
        return recall.hasFile()
                ? range(recall.getFile().getRanges(0))
                : new ByteRange(0, Long.MAX_VALUE);
    }

    private static ByteRange range(FileRange range) {
        return ByteRange.ofLength(range.getOffset(), range.getLength());
    }

    /**
     * Somebody else has had the range: its blocks are others now. Whoever looks for them in the old
     * places finds stale bytes.
     */
    private void relocate(ByteRange range) throws DeviceException {
        long first = range.start() / BLOCK;
        long end = Math.ceilDiv(range.end(), BLOCK);
        for (long at : List.copyOf(blocks.subMap(first, end).keySet())) {
            Block old = Objects.requireNonNull(blocks.get(at));
            if (held.get(at * BLOCK) != null || free.isEmpty()) {
                continue;
            }
            Block fresh = new Block(free.removeLast(), old.written(), old.kept());
            device.write(fresh.offset(), MemorySegment.ofArray(load(old)));
            device.flush(fresh.offset(), BLOCK);
            free(at);
            blocks.put(at, fresh);
        }
    }

    /** Whether the client may store there now. */
    boolean isGrantedForStores(long deviceOffset) {
        int block = (int) (deviceOffset / BLOCK);
        return blocks.entrySet().stream()
                .anyMatch(
                        e ->
                                e.getValue().onDevice() == block
                                        && held.get(e.getKey() * BLOCK) == IoMode.IO_MODE_RW);
    }

    /** Writes through the server, where nothing is held. */
    dev.outlay.core.value.FileAttributes write(long offset, MemorySegment bytes) {
        ByteRange range = ByteRange.ofLength(offset, bytes.byteSize());
        assertFalse(
                held.within(range).stream().anyMatch(e -> e.value() == IoMode.IO_MODE_RW),
                "written through the server and held by layout");
        try {
            for (long b = offset / BLOCK; b < Math.ceilDiv(range.end(), BLOCK); b++) {
                Block block = blocks.get(b);
                Block fresh = new Block(free.removeLast(), true, false);
                byte[] old = block != null && block.written() ? load(block) : new byte[BLOCK];
                ByteRange part = range.intersect(ByteRange.ofLength(b * BLOCK, BLOCK));
                MemorySegment.copy(
                        bytes,
                        part.start() - offset,
                        MemorySegment.ofArray(old),
                        part.start() - b * BLOCK,
                        part.length());
                device.write(fresh.offset(), MemorySegment.ofArray(old));
                device.flush(fresh.offset(), BLOCK);
                if (block != null) {
                    free(b);
                }
                blocks.put(b, fresh);
            }
        } catch (DeviceException e) {
            throw new AssertionError(e);
        }
        size = Math.max(size, range.end());
        epoch++;
        return Wire.attributes(attributes());
    }

    /** Ends the grants on whole blocks of a range, frees what was not committed. */
    private List<ReturnedLayout> release(long start, long end) {
        List<ReturnedLayout> returned = new ArrayList<>();
        ByteRange range = new ByteRange(start, end);
        List<RangeMap.Entry<IoMode>> ended = held.within(range);
        if (ended.isEmpty()) {
            return returned;
        }
        seqid++;
        held.remove(range);
        ReturnedLayout.Builder layout = ReturnedLayout.newBuilder().setFileId(FILE);
        for (RangeMap.Entry<IoMode> entry : ended) {
            layout.addRanges(
                    FileRange.newBuilder()
                            .setOffset(entry.range().start())
                            .setLength(entry.range().length()));
            if (entry.value() == IoMode.IO_MODE_RW) {
                copies.subMap(
                                entry.range().start() / BLOCK,
                                Math.ceilDiv(entry.range().end(), BLOCK))
                        .clear();
                new ArrayList<>(
                                blocks.subMap(
                                                entry.range().start() / BLOCK,
                                                Math.ceilDiv(entry.range().end(), BLOCK))
                                        .entrySet())
                        .stream()
                                .filter(e -> !e.getValue().written() && !e.getValue().kept())
                                .forEach(e -> free(e.getKey()));
            }
        }
        if (held.isEmpty()) {
            seqid = 0;
            usedSeqid = 0;
        } else {
            layout.setStateid(stateid());
        }
        returned.add(layout.build());
        return returned;
    }

    /** A freed block is somebody else's: its bytes are stale from then on. */
    private void free(long block) {
        Block freed = Objects.requireNonNull(blocks.remove(block));
        byte[] stale = new byte[BLOCK];
        Arrays.fill(stale, STALE);
        try {
            device.write(freed.offset(), MemorySegment.ofArray(stale));
            device.flush(freed.offset(), BLOCK);
        } catch (DeviceException e) {
            throw new AssertionError(e);
        }
        free.addFirst(freed.onDevice());
        epoch++;
    }

    // ---- space

    private Reply.Builder truncate(TruncateRequest ask) throws DeviceException {
        long old = size;
        long from = Math.min(ask.getNewSizeBytes(), old);
        List<ReturnedLayout> returned = release(from - from % BLOCK, Long.MAX_VALUE);
        size = ask.getNewSizeBytes();
        long keep = Math.ceilDiv(from, BLOCK);
        new ArrayList<>(blocks.tailMap(keep, true).keySet()).forEach(this::free);
        Block last = blocks.get(from / BLOCK);
        if (last != null && last.written() && from % BLOCK != 0) {
            device.zero(last.offset() + from % BLOCK, BLOCK - from % BLOCK);
            device.flush(last.offset(), BLOCK);
        }
        return Reply.newBuilder()
                .setTruncate(
                        TruncateResponse.newBuilder()
                                .setAttributes(attributes())
                                .addAllReturned(returned));
    }

    private Reply.Builder allocate(AllocateRequest ask) {
        long end = (ask.getOffset() + ask.getLength()) / BLOCK;
        for (long b = ask.getOffset() / BLOCK; b < end; b++) {
            Block block = blocks.get(b);
            if (block == null) {
                blocks.put(b, new Block(free.removeLast(), false, true));
            } else if (!block.written()) {
                blocks.put(b, new Block(block.onDevice(), false, true));
            }
        }
        epoch++;
        return Reply.newBuilder()
                .setAllocate(AllocateResponse.newBuilder().setAttributes(attributes()));
    }

    private Reply.Builder punch(DeallocateRequest ask) throws DeviceException {
        long start = ask.getOffset();
        long end = start + ask.getLength();
        List<ReturnedLayout> returned =
                release(start - start % BLOCK, Math.ceilDiv(end, BLOCK) * BLOCK);
        if (latePunchRefusal != Reason.REASON_UNSPECIFIED) {
            return error(latePunchRefusal, 0);
        }
        for (long b = start / BLOCK; b < Math.ceilDiv(end, BLOCK); b++) {
            Block block = blocks.get(b);
            long from = Math.max(start, b * BLOCK);
            long to = Math.min(end, (b + 1) * BLOCK);
            if (block == null) {
                continue;
            }
            if (to - from == BLOCK) {
                free(b);
            } else if (block.written()) {
                device.zero(block.offset() + from % BLOCK, to - from);
                device.flush(block.offset(), BLOCK);
            }
        }
        return Reply.newBuilder()
                .setDeallocate(
                        DeallocateResponse.newBuilder()
                                .setAttributes(attributes())
                                .addAllReturned(returned));
    }

    // ---- values

    private Stateid stateid() {
        return Stateid.newBuilder()
                .setId(
                        ByteString.copyFrom(
                                ByteBuffer.allocate(16).putLong(layouts).flip().limit(16)))
                .setSeqid(seqid)
                .build();
    }

    private FileAttributes attributes() {
        return FileAttributes.newBuilder()
                .setFileId(FILE)
                .setKind(FileKind.FILE_KIND_FILE)
                .setSizeBytes(size)
                .setMapEpoch(epoch)
                .setOwner("test")
                .setParentId(1)
                .setName("f")
                .build();
    }

    private GetDevicesResponse devices() {
        return GetDevicesResponse.newBuilder()
                .setBlockSizeBytes(BLOCK)
                .setLeastDurability(dev.outlay.v1.Durability.DURABILITY_FORCED)
                .addDevices(
                        DeviceInfo.newBuilder()
                                .setIndex(0)
                                .setUuid(
                                        ByteString.copyFrom(
                                                ByteBuffer.allocate(16)
                                                        .putLong(DEVICE.getMostSignificantBits())
                                                        .putLong(DEVICE.getLeastSignificantBits())
                                                        .flip()))
                                .setIncarnation(incarnation)
                                .setPathHint("/dev/fake")
                                .setSizeBytes((long) DEVICE_BLOCKS * BLOCK)
                                .setBlockSizeBytes(BLOCK)
                                .setSliceStart(BLOCK)
                                .setSliceLength((long) (DEVICE_BLOCKS - 2) * BLOCK)
                                .setCoherent(true))
                .build();
    }
}
