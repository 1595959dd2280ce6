package dev.outlay.bench;

import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.DeallocateRequest;
import dev.outlay.v1.Durability;
import dev.outlay.v1.Extent;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.ReturnedLayout;
import dev.outlay.v1.Stateid;
import dev.outlay.v1.TruncateRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A file and the layout that a {@link Party} holds on it. */
final class OpenFile {

    private final Party party;
    private final OperationIds operations;
    private final long id;
    private @Nullable Stateid stateid;
    private long epoch;

    OpenFile(Party party, long id) {
        this.party = party;
        this.operations = party.operations();
        this.id = id;
    }

    long id() {
        return id;
    }

    Asked map(long offset, long length, IoMode mode, int waitMillis) {
        long operation = operations.begin();
        MapBlocksRequest.Builder map =
                MapBlocksRequest.newBuilder()
                        .setOperation(operations.header(operation))
                        .setFileId(id)
                        .setOffset(offset)
                        .setLength(length)
                        .setMinLength(length)
                        .setIomode(mode)
                        .setWaitMillis(waitMillis);
        if (stateid != null) {
            map.setStateid(stateid);
        }
        return new Asked(operation, Request.newBuilder().setMapBlocks(map));
    }

    /** Commits these pieces of what was mapped, the last of them to its end. */
    Asked commit(List<Extent> pieces) {
        long operation = operations.begin();
        CommitBlocksRequest.Builder commit =
                CommitBlocksRequest.newBuilder()
                        .setOperation(operations.header(operation))
                        .setFileId(id)
                        .setStateid(held())
                        .setMapEpoch(epoch)
                        .setDurability(Durability.DURABILITY_FORCED)
                        .addAllDevices(party.devices());
        for (Extent piece : pieces) {
            commit.addRanges(
                    CommitRange.newBuilder()
                            .setFileOffset(piece.getFileOffset())
                            .setLength(piece.getLength())
                            .setDevice(piece.getDevice())
                            .setDeviceOffset(piece.getDeviceOffset()));
        }
        Extent last = pieces.getLast();
        commit.setLastWriteOffset(last.getFileOffset() + last.getLength() - 1);
        return new Asked(operation, Request.newBuilder().setCommitBlocks(commit));
    }

    /** Gives everything back. */
    Asked giveBack() {
        long operation = operations.begin();
        return new Asked(
                operation,
                Request.newBuilder()
                        .setReturnLayout(
                                ReturnLayoutRequest.newBuilder()
                                        .setOperation(operations.header(operation))
                                        .setFile(
                                                ReturnLayoutRequest.File.newBuilder()
                                                        .setFileId(id)
                                                        .setStateid(held()))));
    }

    Asked truncate(long size) {
        long operation = operations.begin();
        return new Asked(
                operation,
                Request.newBuilder()
                        .setTruncate(
                                TruncateRequest.newBuilder()
                                        .setOperation(operations.header(operation))
                                        .setFileId(id)
                                        .setNewSizeBytes(size)));
    }

    /** Punches a hole. */
    Asked deallocate(long offset, long length) {
        long operation = operations.begin();
        return new Asked(
                operation,
                Request.newBuilder()
                        .setDeallocate(
                                DeallocateRequest.newBuilder()
                                        .setOperation(operations.header(operation))
                                        .setFileId(id)
                                        .setOffset(offset)
                                        .setLength(length)));
    }

    private Stateid held() {
        Stateid now = stateid;
        return now == null ? Stateid.getDefaultInstance() : now;
    }

    /** The server has raised the layout's seqid, by a recall. */
    void recalled(Stateid now) {
        stateid = now;
    }

    /** Takes an answer, and what it says about the layout. */
    Reply take(Asked asked, Reply reply) {
        operations.answered(asked.operation());
        if (reply.hasMapBlocks()) {
            MapBlocksResponse mapped = reply.getMapBlocks();
            if (mapped.hasStateid() && isNewer(mapped.getStateid())) {
                stateid = mapped.getStateid();
            }
            epoch = Math.max(epoch, mapped.getMapEpoch());
        } else if (reply.hasCommitBlocks()) {
            epoch = Math.max(epoch, reply.getCommitBlocks().getMapEpoch());
        } else if (reply.hasReturnLayout()) {
            stateid = null;
        } else if (reply.hasTruncate()) {
            ended(reply.getTruncate().getReturnedList());
        } else if (reply.hasDeallocate()) {
            ended(reply.getDeallocate().getReturnedList());
        }
        return reply;
    }

    private void ended(List<ReturnedLayout> layouts) {
        for (ReturnedLayout layout : layouts) {
            if (layout.getFileId() == id) {
                stateid = layout.hasStateid() ? layout.getStateid() : null;
            }
        }
    }

    private boolean isNewer(Stateid other) {
        Stateid now = stateid;
        return now == null
                || !now.getId().equals(other.getId())
                || other.getSeqid() - now.getSeqid() > 0;
    }

    /** Asks and waits. */
    Reply ask(Asked asked) throws Exception {
        return take(asked, party.driver().ask(asked.request()));
    }

    /** Maps a stretch of the file to fresh blocks, and waits. */
    List<Extent> mapped(long offset, long length) throws Exception {
        return ask(map(offset, length, IoMode.IO_MODE_RW, 0)).getMapBlocks().getExtentsList();
    }

    /**
     * Gives a stretch of the file blocks that count as written: what they hold is not looked at.
     */
    void write(long offset, long length) throws Exception {
        var _ = ask(commit(mapped(offset, length)));
    }
}
