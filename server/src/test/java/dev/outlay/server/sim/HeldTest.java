package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.google.protobuf.ByteString;
import dev.outlay.v1.AttachSessionRequest;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.FileAttributes;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.Layout;
import dev.outlay.v1.LayoutRange;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.Stateid;
import org.junit.jupiter.api.Test;

/**
 * What a client holds: when one of its MapBlocks is answered long after others were, and when it
 * comes back.
 */
class HeldTest {

    private static final long CLIENT = 7;
    private static final long FILE = 3;
    private static final long OTHER_FILE = 2;

    private final Held held = new Held();

    @Test
    void aGrantIsGoneIfItsBlocksWereReturnedBeforeItsAnswer() {
        Request late = map(1, FILE);
        held.asks(CLIENT, late);
        held.asks(CLIENT, returned(2, FILE));
        held.answered(CLIENT, late, granted());
        assertNull(held.holdings().at(CLIENT, FILE, 0));
    }

    @Test
    void aLateAnswerLeavesWhatWasGrantedSinceTheReturn() {
        for (long waitedFor : new long[] {OTHER_FILE, FILE}) {
            Request late = map(1, waitedFor);
            held.asks(CLIENT, late);
            held.asks(CLIENT, returned(2, FILE));
            Request again = map(3, FILE);
            held.asks(CLIENT, again);
            held.answered(CLIENT, again, granted());
            held.answered(CLIENT, late, granted());
            assertNotNull(held.holdings().at(CLIENT, FILE, 0), "waited for file " + waitedFor);
        }
    }

    @Test
    void aLateReturnOfALayoutThatHasEndedTakesNothing() {
        held.asks(CLIENT, map(1, FILE));
        held.answered(CLIENT, map(1, FILE), granted("first"));
        held.asks(CLIENT, returned(2, FILE, "first"));
        assertNull(held.holdings().at(CLIENT, FILE, 0));
        held.asks(CLIENT, map(3, FILE));
        held.answered(CLIENT, map(3, FILE), granted("second"));
        held.asks(CLIENT, returned(2, FILE, "first"));
        assertNotNull(held.holdings().at(CLIENT, FILE, 0), "it is refused");
    }

    private static Reply granted(String layout) {
        Reply.Builder reply = granted().toBuilder();
        reply.getMapBlocksBuilder().setStateid(stateid(layout));
        return reply.build();
    }

    private static Request returned(long operation, long file, String layout) {
        Request.Builder request = returned(operation, file).toBuilder();
        request.getReturnLayoutBuilder().getFileBuilder().setStateid(stateid(layout));
        return request.build();
    }

    private static Stateid stateid(String layout) {
        return Stateid.newBuilder().setId(ByteString.copyFromUtf8(layout)).setSeqid(1).build();
    }

    @Test
    void aReattachLeavesOnlyWhatItNamesForReading() {
        held.asks(CLIENT, map(1, FILE));
        held.answered(CLIENT, map(1, FILE), granted(IoMode.IO_MODE_READ));
        held.asks(CLIENT, reattach(FILE));
        assertNotNull(held.holdings().at(CLIENT, FILE, 0), "it is named");
        held.asks(CLIENT, reattach(OTHER_FILE));
        assertNull(held.holdings().at(CLIENT, FILE, 0), "who took the session over knows nothing");
    }

    @Test
    void aReattachNeedNotNameWhatIsHeldForWriting() {
        held.asks(CLIENT, map(1, FILE));
        held.answered(CLIENT, map(1, FILE), granted());
        held.asks(CLIENT, reattach(OTHER_FILE));
        assertNotNull(held.holdings().at(CLIENT, FILE, 0), "the server has it in its journal");
    }

    @Test
    void aReattachSaysNothingOfWhatIsGrantedAfterIt() {
        Request waiting = map(1, FILE);
        held.asks(CLIENT, waiting);
        held.asks(CLIENT, reattach(OTHER_FILE));
        held.answered(CLIENT, reattach(OTHER_FILE), reattached());
        held.answered(CLIENT, waiting, granted());
        assertNotNull(held.holdings().at(CLIENT, FILE, 0), "seeds 11516, 16576");
    }

    @Test
    void anAnswerOfAnOldConnectionGrantsNothing() {
        Request waiting = map(1, FILE);
        held.asks(CLIENT, waiting);
        held.asks(
                CLIENT,
                Request.newBuilder()
                        .setAttachSession(AttachSessionRequest.getDefaultInstance())
                        .build());
        held.answered(CLIENT, waiting, granted());
        assertNull(held.holdings().at(CLIENT, FILE, 0));
        held.asks(CLIENT, waiting);
        held.answered(CLIENT, waiting, granted());
        assertNotNull(held.holdings().at(CLIENT, FILE, 0), "it was asked for anew");
    }

    private static Reply reattached() {
        return Reply.newBuilder().setReattach(ReattachResponse.getDefaultInstance()).build();
    }

    private static Request reattach(long file) {
        return Request.newBuilder()
                .setReattach(
                        ReattachRequest.newBuilder()
                                .addVolumes(
                                        ReattachRequest.Volume.newBuilder()
                                                .addLayouts(
                                                        Layout.newBuilder()
                                                                .setFileId(file)
                                                                .addRanges(
                                                                        range(
                                                                                IoMode
                                                                                        .IO_MODE_READ)))))
                .build();
    }

    private static OperationHeader header(long operation) {
        return OperationHeader.newBuilder().setOperationId(operation).build();
    }

    /** Of a pair that it stores to it is told the source, under its own RW. */
    @Test
    void whereItReadsUnderItsOwnRwSaysNothingOfWhereItWrites() {
        held.asks(CLIENT, map(1, FILE));
        held.answered(CLIENT, map(1, FILE), lyingAt(2));
        Request.Builder asked = map(2, FILE).toBuilder();
        asked.getMapBlocksBuilder().setIomode(IoMode.IO_MODE_READ);
        Request read = asked.build();
        held.asks(CLIENT, read);
        held.answered(CLIENT, read, lyingAt(1));
        Holdings.Hold hold = held.holdings().at(CLIENT, FILE, 0);
        assertNotNull(hold);
        assertEquals(2, hold.place());
    }

    @Test
    void whoHasCommittedAPairKeepsItWhenTheDeviceOfTheSourceIsGivenUp() {
        for (boolean isRemoving : new boolean[] {false, true}) {
            Held pair = heldPair();
            pair.asks(CLIENT, committing(2));
            pair.answered(CLIENT, committing(2), committed(isRemoving));
            pair.asks(CLIENT, returnedDevice(3, 0));
            if (isRemoving) {
                assertNull(pair.holdings().at(CLIENT, FILE, 0), "it was dropped");
            } else {
                assertNotNull(pair.holdings().at(CLIENT, FILE, 0), "seeds 15410, 30657");
                pair.asks(CLIENT, returnedDevice(4, 1));
                assertNull(pair.holdings().at(CLIENT, FILE, 0));
            }
        }
    }

    @Test
    void whoHasNotCommittedAPairGivesItUpWithTheDeviceOfTheSource() {
        Held pair = heldPair();
        pair.asks(CLIENT, returnedDevice(2, 0));
        assertNull(pair.holdings().at(CLIENT, FILE, 0));
    }

    @Test
    void theAnswerToALateCopyOfACommitLeavesTheNextPair() {
        Held pair = heldPair();
        pair.asks(CLIENT, committing(2));
        pair.answered(CLIENT, committing(2), committed(false));
        pair.asks(CLIENT, map(3, FILE));
        pair.answered(CLIENT, map(3, FILE), pair());
        pair.asks(CLIENT, committing(2));
        pair.answered(CLIENT, committing(2), committed(false));
        pair.asks(CLIENT, returnedDevice(4, 0));
        assertNull(pair.holdings().at(CLIENT, FILE, 0));
    }

    /** The source is the first block of device 0, what is to replace it that of device 1. */
    private static Held heldPair() {
        Held held = new Held();
        held.asks(CLIENT, map(1, FILE));
        held.answered(CLIENT, map(1, FILE), pair());
        return held;
    }

    private static Reply pair() {
        Reply.Builder reply = granted().toBuilder();
        Extent.Builder extent = Extent.newBuilder().setLength(SimServer.BLOCK).setDeviceOffset(0);
        reply.getMapBlocksBuilder()
                .addExtents(extent.setState(ExtentState.EXTENT_STATE_WRITTEN).setDevice(0))
                .addExtents(extent.setState(ExtentState.EXTENT_STATE_UNWRITTEN).setDevice(1));
        return reply.build();
    }

    private static Request committing(long operation) {
        return Request.newBuilder()
                .setCommitBlocks(
                        CommitBlocksRequest.newBuilder()
                                .setOperation(header(operation))
                                .setFileId(FILE)
                                .addRanges(
                                        CommitRange.newBuilder()
                                                .setLength(SimServer.BLOCK)
                                                .setDevice(1)))
                .build();
    }

    private static Reply committed(boolean isRemoving) {
        return Reply.newBuilder()
                .setCommitBlocks(
                        CommitBlocksResponse.newBuilder()
                                .setAttributes(
                                        FileAttributes.newBuilder()
                                                .setParentId(isRemoving ? 0 : 1)))
                .build();
    }

    private static Request returnedDevice(long operation, int device) {
        return Request.newBuilder()
                .setReturnLayout(
                        ReturnLayoutRequest.newBuilder()
                                .setOperation(header(operation))
                                .setDevice(
                                        ReturnLayoutRequest.Device.newBuilder().setDevice(device)))
                .build();
    }

    /** Told as RW, and where it lies. */
    private static Reply lyingAt(int place) {
        Reply.Builder reply = granted().toBuilder();
        reply.getMapBlocksBuilder()
                .addExtents(
                        Extent.newBuilder()
                                .setLength(SimServer.BLOCK)
                                .setState(ExtentState.EXTENT_STATE_WRITTEN)
                                .setDevice(0)
                                .setDeviceOffset((long) place * SimServer.BLOCK));
        return reply.build();
    }

    private static Request map(long operation, long file) {
        return Request.newBuilder()
                .setMapBlocks(
                        MapBlocksRequest.newBuilder()
                                .setOperation(header(operation))
                                .setFileId(file))
                .build();
    }

    private static Request returned(long operation, long file) {
        return Request.newBuilder()
                .setReturnLayout(
                        ReturnLayoutRequest.newBuilder()
                                .setOperation(header(operation))
                                .setFile(
                                        ReturnLayoutRequest.File.newBuilder()
                                                .setFileId(file)
                                                .addRanges(
                                                        FileRange.newBuilder()
                                                                .setLength(SimServer.BLOCK))))
                .build();
    }

    private static Reply granted() {
        return granted(IoMode.IO_MODE_RW);
    }

    private static Reply granted(IoMode iomode) {
        return Reply.newBuilder()
                .setMapBlocks(MapBlocksResponse.newBuilder().addRanges(range(iomode)))
                .build();
    }

    private static LayoutRange range(IoMode iomode) {
        return LayoutRange.newBuilder().setLength(SimServer.BLOCK).setIomode(iomode).build();
    }
}
