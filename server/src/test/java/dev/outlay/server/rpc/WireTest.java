package dev.outlay.server.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.HeldLayout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import dev.outlay.v1.ChildName;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.LookupRequest;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.SetAttributesRequest;
import io.grpc.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** From the wire and back, and what is refused on the way in. */
class WireTest {
    private static final long NOW = 1_700_000_000_000L;
    private static final ClientId CLIENT = new ClientId(5);
    private static final Stateid STATEID = new Stateid(new LayoutId(-1, 7), -1);

    private final WireCommands wire =
            new WireCommands(
                    Limits.DEFAULT,
                    () -> Instant.ofEpochMilli(NOW),
                    RandomGenerator.of("L64X128MixRandom"));

    // ---- commands

    @Test
    void mapBlocksIsCarriedWhole() {
        Command.MapBlocks command =
                (Command.MapBlocks)
                        wire.mapBlocks(
                                CLIENT,
                                mapBlocks()
                                        .setOffset(4096)
                                        .setMinLength(4096)
                                        .setStateid(WireValues.toWire(STATEID))
                                        .setAlignHuge(true)
                                        .setMaxExtents(3)
                                        .setWaitMillis(60_000)
                                        .build());
        assertEquals(new Origin(CLIENT, 9, 8), command.origin());
        assertEquals(NOW, command.nowMillis());
        assertEquals(new FileId(2), command.file());
        assertEquals(4096, command.offset());
        assertEquals(8192, command.length());
        assertEquals(4096, command.minLength());
        assertEquals(IoMode.RW, command.iomode());
        assertEquals(Optional.of(STATEID), command.stateid());
        assertEquals(new Command.MapFlags(false, true, false), command.flags());
        assertEquals(3, command.maxExtents());
        assertEquals(60_000, command.waitMillis());
    }

    @Test
    void aPageIsBoundedAndIdsAreFresh() {
        var bounded =
                (Command.MapBlocks) wire.mapBlocks(CLIENT, mapBlocks().setMaxExtents(-1).build());
        var unset = (Command.MapBlocks) wire.mapBlocks(CLIENT, mapBlocks().build());
        assertEquals(Limits.DEFAULT.extentsPerReply(), bounded.maxExtents());
        assertEquals(Limits.DEFAULT.extentsPerReply(), unset.maxExtents());
        assertNotEquals(bounded.freshId(), unset.freshId());
    }

    @Test
    void mapBlocksRefusesWhatIsNoRequest() {
        refusedMap("iomode", request -> request.clearIomode());
        refusedMap("iomode", request -> request.setIomodeValue(99));
        refusedMap("file_id", request -> request.setFileId(0));
        refusedMap("file_id is 18446744073709551615", request -> request.setFileId(-1));
        refusedMap("offset", request -> request.setOffset(Long.MIN_VALUE));
        refusedMap("length", request -> request.setLength(-4096));
        refusedMap("min_length", request -> request.setMinLength(-1));
        refusedMap("wait_millis", request -> request.setWaitMillis(60_001));
        refusedMap("wait_millis is 4294967295", request -> request.setWaitMillis(-1));
        refusedMap(
                "stateid.id has 15 bytes",
                request ->
                        request.setStateid(
                                dev.outlay.v1.Stateid.newBuilder()
                                        .setId(ByteString.copyFrom(new byte[15]))
                                        .setSeqid(1)));
        refusedMap("operation_id", request -> request.clearOperation());
        refusedMap(
                "answered_through",
                request -> request.setOperation(operation().setAnsweredThrough(9)));
        refusedMap("operation_id", request -> request.setOperation(operation().setOperationId(-1)));
    }

    @Test
    void commitIsCarriedWhole() {
        Command.CommitBlocks command =
                (Command.CommitBlocks)
                        wire.commitBlocks(
                                CLIENT,
                                commit().setLastWriteOffset(8191).setModifiedMillis(5).build());
        assertEquals(List.of(new Command.CommitRange(4096, 4096, 1, 1L << 40)), command.ranges());
        assertEquals(List.of(new Command.DeviceIncarnation(1, 3)), command.devices());
        assertEquals(Durability.SYNC_MAPPED, command.durability());
        assertEquals(OptionalLong.of(8191), command.lastWriteOffset());
        assertEquals(OptionalLong.of(5), command.mtimeMillis());
        assertEquals(12, command.mapEpoch());
        assertTrue(
                ((Command.CommitBlocks) wire.commitBlocks(CLIENT, commit().build()))
                        .lastWriteOffset()
                        .isEmpty());
    }

    @Test
    void commitRefusesWhatIsNoRequest() {
        refusedCommit("ranges is missing", request -> request.clearRanges());
        refusedCommit("stateid is missing", request -> request.clearStateid());
        refusedCommit("durability", request -> request.clearDurability());
        refusedCommit("last_write_offset", request -> request.setLastWriteOffset(-1));
        refusedCommit("modified_millis", request -> request.setModifiedMillis(-1));
        refusedCommit("modified_millis", request -> request.setModifiedMillis(1L << 60));
        refusedCommit(
                "ranges[1].device is 65536",
                request -> request.addRanges(CommitRange.newBuilder().setDevice(65_536)));
        refusedCommit(
                "devices[1].incarnation",
                request ->
                        request.addDevices(
                                dev.outlay.v1.DeviceIncarnation.newBuilder().setDevice(2)));
    }

    @Test
    void tooManyRangesAreTooLarge() {
        CommitBlocksRequest.Builder many = commit().clearRanges();
        for (int i = 0; i <= Limits.DEFAULT.commitRanges(); i++) {
            many.addRanges(CommitRange.newBuilder().setFileOffset(i * 4096L).setLength(4096));
        }
        RequestRefused refused = refused(() -> wire.commitBlocks(CLIENT, many.build()));
        assertEquals(Reason.TOO_LARGE, refused.reason());
    }

    @Test
    void returnsKnowTheirScope() {
        var all = ReturnLayoutRequest.newBuilder().setOperation(operation());
        assertEquals(
                new ReturnScope.Everything(),
                scope(all.setVolume(ReturnLayoutRequest.Volume.getDefaultInstance())));
        assertEquals(
                new ReturnScope.WholeDevice(3),
                scope(all.setDevice(ReturnLayoutRequest.Device.newBuilder().setDevice(3))));
        var file = ReturnLayoutRequest.File.newBuilder().setFileId(2);
        assertEquals(
                new ReturnScope.WholeFile(new FileId(2), Optional.empty()),
                scope(all.setFile(file)));
        assertEquals(
                new ReturnScope.Ranges(
                        new FileId(2), Optional.empty(), List.of(new ByteRange(0, 4096))),
                scope(all.setFile(file.addRanges(FileRange.newBuilder().setLength(4096)))));
        assertTrue(
                refused(
                                () ->
                                        scope(
                                                all.setFile(
                                                        file.addRanges(
                                                                FileRange.newBuilder()
                                                                        .setLength(1)))))
                        .what()
                        .contains("sorted and disjoint"));
        assertTrue(
                refused(
                                () ->
                                        scope(
                                                all.setFile(
                                                        file.clearRanges()
                                                                .addRanges(
                                                                        FileRange.newBuilder()
                                                                                .setOffset(
                                                                                        Long
                                                                                                .MAX_VALUE)
                                                                                .setLength(1)))))
                        .what()
                        .contains("is no range"));
        assertTrue(refused(() -> scope(all.clearScope())).what().contains("scope"));
    }

    @Test
    void restatedLayoutsKnowTheirKinds() {
        var volume =
                ReattachRequest.Volume.newBuilder()
                        .setAnsweredThrough(4)
                        .addLayouts(
                                WireValues.layout(
                                        new FileId(2),
                                        STATEID,
                                        List.of(
                                                held(0, GrantKind.READ),
                                                held(4096, GrantKind.READ_MAPPED),
                                                held(8192, GrantKind.RW))));
        Command.ReattachClient command = wire.reattach(CLIENT, volume.build());
        assertEquals(4, command.answeredThrough());
        assertEquals(
                List.of(GrantKind.READ, GrantKind.READ_MAPPED, GrantKind.RW),
                command.layouts().getFirst().ranges().stream().map(LayoutRange::kind).toList());
        assertEquals(STATEID, command.layouts().getFirst().stateid());
        volume.getLayoutsBuilder(0).getRangesBuilder(2).setMapped(true);
        assertTrue(refused(() -> wire.reattach(CLIENT, volume.build())).what().contains("mapped"));
    }

    @Test
    void namesCannotBeTakenForPaths() {
        for (String bad : List.of("", ".", "..", "a/b", "a\0b", "n".repeat(256))) {
            ChildName at = ChildName.newBuilder().setParentId(1).setName(bad).build();
            refused(() -> wire.lookup(LookupRequest.newBuilder().setChild(at).build()));
            refused(
                    () ->
                            wire.create(
                                    CLIENT,
                                    "p",
                                    CreateRequest.newBuilder()
                                            .setOperation(operation())
                                            .setAt(at)
                                            .setKind(dev.outlay.v1.FileKind.FILE_KIND_FILE)
                                            .build()));
        }
        refused(() -> wire.lookup(LookupRequest.newBuilder().setPath("a/b").build()));
        refused(() -> wire.lookup(LookupRequest.getDefaultInstance()));
        assertEquals(
                new Command.Lookup(FileId.ROOT, "/a/b"),
                wire.lookup(LookupRequest.newBuilder().setPath("/a/b").build()));
    }

    @Test
    void createTakesThePrincipalWhereNoOwnerIsNamed() {
        CreateRequest.Builder request =
                CreateRequest.newBuilder()
                        .setOperation(operation())
                        .setAt(ChildName.newBuilder().setParentId(1).setName("f"))
                        .setKind(dev.outlay.v1.FileKind.FILE_KIND_DIRECTORY)
                        .setMode(0755);
        var command = (Command.CreateFile) wire.create(CLIENT, "p", request.build());
        assertEquals("p", command.owner());
        assertEquals(FileKind.DIRECTORY, command.kind());
        assertTrue(
                refused(() -> wire.create(CLIENT, "p", request.setMode(010000).build()))
                        .what()
                        .contains("mode"));
        assertTrue(
                refused(() -> wire.create(CLIENT, "p", request.setMode(0).clearKind().build()))
                        .what()
                        .contains("kind"));
    }

    @Test
    void attributesNeedOneToSet() {
        var request = SetAttributesRequest.newBuilder().setOperation(operation()).setFileId(1);
        refused(() -> wire.setAttributes(CLIENT, request.build()));
        var command =
                (Command.SetAttributes)
                        wire.setAttributes(CLIENT, request.setAccessedMillis(3).build());
        assertEquals(OptionalLong.of(3), command.accessedMillis());
        assertTrue(command.mode().isEmpty());
        refused(() -> wire.setAttributes(CLIENT, request.setOwner("").build()));
    }

    @Test
    void volumeNamesAreThoseOfTheApi() {
        assertEquals("v-1", Fields.volume("volume", "v-1"));
        for (String bad : List.of("", "V", "1v", "v/w", "v".repeat(65), "v.w")) {
            refused(() -> Fields.volume("volume", bad));
        }
    }

    // ---- replies

    @Test
    void extentsShowAddressesOnlyWhereTheyHaveOne() {
        Extent written = new Extent(0, 4096, ExtentState.WRITTEN, 0, 8192, Extent.AT_RISK);
        Extent fresh = new Extent(4096, 4096, ExtentState.UNWRITTEN, 2, 12_288, Extent.NEW);
        Extent hole = Extent.hole(new ByteRange(8192, 12_288));
        var answer =
                WireReplies.mapped(
                        new Reply.Mapped(
                                Optional.of(STATEID),
                                List.of(held(0, GrantKind.READ_MAPPED), held(4096, GrantKind.RW)),
                                List.of(written, fresh, hole),
                                3,
                                12_288,
                                9000));
        assertEquals(STATEID, WireValues.stateid("stateid", answer.getStateid()));
        assertTrue(answer.getExtents(0).getAtRisk());
        assertTrue(answer.getExtents(0).hasDevice(), "device 0 is a device");
        assertEquals(8192, answer.getExtents(0).getDeviceOffset());
        assertTrue(answer.getExtents(1).getIsNew());
        assertEquals(2, answer.getExtents(1).getDevice());
        assertFalse(answer.getExtents(2).hasDevice());
        assertFalse(answer.getExtents(2).hasDeviceOffset());
        assertTrue(answer.getRanges(0).getMapped());
        assertFalse(answer.getRanges(1).getMapped());
        assertEquals(9000, answer.getSizeBytes());
    }

    @Test
    void theSizeIsToldOnlyIfItChanged() {
        FileAttributes file = attributes(Optional.of(FileId.ROOT));
        assertFalse(
                WireReplies.committed(new Reply.Committed(OptionalLong.empty(), file))
                        .hasNewSizeBytes());
        var grown = WireReplies.committed(new Reply.Committed(OptionalLong.of(0), file));
        assertTrue(grown.hasNewSizeBytes());
        assertEquals(file.mapEpoch(), grown.getMapEpoch());
        assertEquals("f", grown.getAttributes().getName());
        assertEquals(1, grown.getAttributes().getParentId());
    }

    @Test
    void theAnswerToACommitThatIsDroppedNamesNoParent() {
        FileAttributes removed = attributes(Optional.empty());
        var dropped = WireReplies.committed(new Reply.Committed(OptionalLong.empty(), removed));
        assertEquals(0, dropped.getAttributes().getParentId());
    }

    @Test
    void failuresBecomeErrorsAndStrangersAreRefused() {
        RequestRefused later =
                refused(
                        () ->
                                WireReplies.mapped(
                                        new Reply.Failure(Reason.TRY_LATER, "in the way", 250)));
        assertEquals(Reason.TRY_LATER, later.reason());
        assertEquals(250, ErrorMapping.detail(later).getRetryAfterMillis());
        assertEquals(
                Reason.INVALID_ARGUMENT,
                refused(() -> WireReplies.mapped(new Reply.Returned(List.of()))).reason(),
                "another request's answer, kept under the same operation id");
        assertThrows(IllegalStateException.class, () -> WireReplies.mapped(new Reply.Done()));
    }

    @Test
    void layoutsArePagedByFile() {
        List<HeldLayout> all = new ArrayList<>();
        for (long file : new long[] {9, 3, 5}) {
            all.add(
                    new HeldLayout(
                            CLIENT,
                            "a",
                            new FileId(file),
                            STATEID,
                            List.of(held(0, GrantKind.RW))));
        }
        Reply reply = new Reply.Layouts(all);
        var first = WireReplies.layouts(reply, 0, 2, 1 << 20);
        assertEquals(5, first.getNextAfterFileId());
        assertEquals(3, first.getLayouts(0).getFileId());
        var rest = WireReplies.layouts(reply, 5, 2, 1 << 20);
        assertEquals(9, rest.getLayouts(0).getFileId());
        assertFalse(rest.hasNextAfterFileId());
        assertEquals(1, WireReplies.layouts(reply, 0, 10, 1).getLayoutsCount());
    }

    // ---- errors

    @Test
    void everyReasonHasItsNameAndACode() {
        for (Reason reason : Reason.values()) {
            var detail = ErrorMapping.detail(reason, "what", 0);
            assertEquals("REASON_" + reason, detail.getReason().name());
            assertFalse(detail.getWhatToDo().isEmpty());
            Status.Code code = ErrorMapping.status(detail).getStatus().getCode();
            assertNotEquals(Status.Code.UNKNOWN, code);
            assertEquals(reason == Reason.INTERNAL, code == Status.Code.INTERNAL);
        }
        assertEquals(
                Reason.values().length + 2,
                dev.outlay.v1.Reason.values().length,
                "all but UNSPECIFIED and UNRECOGNIZED");
    }

    // ---- helpers

    private static OperationHeader.Builder operation() {
        return OperationHeader.newBuilder().setVolume("v1").setOperationId(9).setAnsweredThrough(8);
    }

    private static MapBlocksRequest.Builder mapBlocks() {
        return MapBlocksRequest.newBuilder()
                .setOperation(operation())
                .setFileId(2)
                .setLength(8192)
                .setIomode(dev.outlay.v1.IoMode.IO_MODE_RW);
    }

    private static CommitBlocksRequest.Builder commit() {
        return CommitBlocksRequest.newBuilder()
                .setOperation(operation())
                .setFileId(2)
                .setStateid(WireValues.toWire(STATEID))
                .addRanges(
                        CommitRange.newBuilder()
                                .setFileOffset(4096)
                                .setLength(4096)
                                .setDevice(1)
                                .setDeviceOffset(1L << 40))
                .addDevices(
                        dev.outlay.v1.DeviceIncarnation.newBuilder().setDevice(1).setIncarnation(3))
                .setMapEpoch(12)
                .setDurability(dev.outlay.v1.Durability.DURABILITY_SYNC_MAPPED);
    }

    private static LayoutRange held(long offset, GrantKind kind) {
        return new LayoutRange(ByteRange.ofLength(offset, 4096), kind);
    }

    private static FileAttributes attributes(Optional<FileId> parent) {
        return new FileAttributes(
                new FileId(2), FileKind.FILE, 10, 3, 4, 0644, "o", 1, 2, 3, 4, 4096, parent, "f");
    }

    private ReturnScope scope(ReturnLayoutRequest.Builder request) {
        return ((Command.ReturnLayout) wire.returnLayout(CLIENT, request.build())).scope();
    }

    private void refusedMap(String why, Consumer<MapBlocksRequest.Builder> spoil) {
        MapBlocksRequest.Builder request = mapBlocks();
        spoil.accept(request);
        says(why, () -> wire.mapBlocks(CLIENT, request.build()));
    }

    private void refusedCommit(String why, Consumer<CommitBlocksRequest.Builder> spoil) {
        CommitBlocksRequest.Builder request = commit();
        spoil.accept(request);
        says(why, () -> wire.commitBlocks(CLIENT, request.build()));
    }

    private static void says(String why, Executable call) {
        RequestRefused refused = refused(call);
        assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
        assertTrue(refused.what().contains(why), refused.what());
    }

    private static RequestRefused refused(Executable call) {
        return assertThrows(RequestRefused.class, call);
    }
}
