package dev.outlay.server.sim;

import dev.outlay.v1.ChildName;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.Extent;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.Notice;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.List;
import java.util.stream.Collectors;

/** Messages as a line each that a person can read; empty for what tells nothing. */
final class Words {

    private Words() {}

    static String of(String client, Request request) {
        String what = of(request);
        if (what.isEmpty()) {
            return "";
        }
        String operation =
                Asked.header(request)
                        .map(h -> "  (operation " + h.getOperationId() + ")")
                        .orElse("");
        return client + " asks: " + what + operation;
    }

    private static String of(Request request) {
        return switch (request.getBodyCase()) {
            case RENEW, GET_DEVICES, GET_ATTRIBUTES, LOOKUP -> "";
            case MAP_BLOCKS -> map(request.getMapBlocks());
            case COMMIT_BLOCKS ->
                    (request.getCommitBlocks().getReclaim() ? "reclaim and commit " : "commit ")
                            + request.getCommitBlocks().getRangesList().stream()
                                    .map(Words::range)
                                    .collect(Collectors.joining(", "))
                            + " of file "
                            + request.getCommitBlocks().getFileId()
                            + (request.getCommitBlocks().hasLastWriteOffset()
                                    ? ", last byte written "
                                            + request.getCommitBlocks().getLastWriteOffset()
                                    : "");
            case RETURN_LAYOUT ->
                    "return "
                            + (request.getReturnLayout().hasFile()
                                    ? ranges(
                                                    request
                                                            .getReturnLayout()
                                                            .getFile()
                                                            .getRangesList()
                                                            .stream()
                                                            .map(
                                                                    r ->
                                                                            bytes(
                                                                                    r.getOffset(),
                                                                                    r.getLength()))
                                                            .toList())
                                            + " of file "
                                            + request.getReturnLayout().getFile().getFileId()
                                    : "all of a device or the volume");
            case CREATE -> "create " + name(request.getCreate().getAt());
            case REMOVE -> "remove " + name(request.getRemove().getAt());
            case RENAME ->
                    "rename "
                            + name(request.getRename().getFrom())
                            + " to "
                            + name(request.getRename().getTo());
            case TRUNCATE ->
                    "truncate file "
                            + request.getTruncate().getFileId()
                            + " to "
                            + request.getTruncate().getNewSizeBytes()
                            + " bytes";
            case ALLOCATE ->
                    "allocate "
                            + bytes(
                                    request.getAllocate().getOffset(),
                                    request.getAllocate().getLength())
                            + " of file "
                            + request.getAllocate().getFileId();
            case DEALLOCATE ->
                    "punch "
                            + bytes(
                                    request.getDeallocate().getOffset(),
                                    request.getDeallocate().getLength())
                            + " of file "
                            + request.getDeallocate().getFileId();
            case REATTACH -> "re-attach" + restated(request.getReattach());
            case ACKNOWLEDGE_RECALL ->
                    "acknowledge recall " + request.getAcknowledgeRecall().getRecallId();
            default -> plain(request.getBodyCase());
        };
    }

    private static String map(MapBlocksRequest request) {
        return "map "
                + bytes(request.getOffset(), request.getLength())
                + " of file "
                + request.getFileId()
                + " for "
                + mode(request.getIomode());
    }

    private static String restated(ReattachRequest request) {
        return request.getVolumesList().stream()
                .flatMap(v -> v.getLayoutsList().stream())
                .map(
                        layout ->
                                ", holding "
                                        + layout.getRangesList().stream()
                                                .map(
                                                        r ->
                                                                mode(r.getIomode())
                                                                        + " "
                                                                        + bytes(
                                                                                r.getOffset(),
                                                                                r.getLength()))
                                                .collect(Collectors.joining(" and "))
                                        + " of file "
                                        + layout.getFileId())
                .collect(Collectors.joining());
    }

    static String of(String client, Reply reply) {
        if (reply.hasError()) {
            ErrorDetail error = reply.getError();
            return client + " is refused: " + plain(error.getReason()) + ", " + error.getMessage();
        }
        return switch (reply.getBodyCase()) {
            case RENEW, GET_DEVICES, GET_ATTRIBUTES, LOOKUP, ACKNOWLEDGE_RECALL -> "";
            case MAP_BLOCKS ->
                    client
                            + " is granted: "
                            + ranges(
                                    reply.getMapBlocks().getRangesList().stream()
                                            .map(
                                                    r ->
                                                            mode(r.getIomode())
                                                                    + " "
                                                                    + bytes(
                                                                            r.getOffset(),
                                                                            r.getLength()))
                                            .toList())
                            + "; "
                            + reply.getMapBlocks().getExtentsList().stream()
                                    .map(Words::extent)
                                    .collect(Collectors.joining(", "));
            case COMMIT_BLOCKS ->
                    client
                            + " has it: committed, size "
                            + reply.getCommitBlocks().getAttributes().getSizeBytes();
            case CREATE ->
                    client + " has it: file " + reply.getCreate().getAttributes().getFileId();
            default -> client + " has it: " + plain(reply.getBodyCase());
        };
    }

    static String of(String client, Notice notice) {
        if (!notice.hasRecall()) {
            return client + " is told: " + plain(notice.getBodyCase());
        }
        return client
                + " is told: recall "
                + notice.getRecall().getRecallId()
                + (notice.getRecall().hasFile()
                        ? " of "
                                + ranges(
                                        notice.getRecall().getFile().getRangesList().stream()
                                                .map(r -> bytes(r.getOffset(), r.getLength()))
                                                .toList())
                                + " of file "
                                + notice.getRecall().getFile().getFileId()
                        : " of more than a file");
    }

    private static String extent(Extent extent) {
        return plain(extent.getState())
                + " "
                + bytes(extent.getFileOffset(), extent.getLength())
                + (extent.hasDeviceOffset()
                        ? " at block " + Picture.place(extent.getDevice(), extent.getDeviceOffset())
                        : "");
    }

    private static String range(CommitRange range) {
        return bytes(range.getFileOffset(), range.getLength())
                + " at block "
                + Picture.place(range.getDevice(), range.getDeviceOffset());
    }

    private static String mode(IoMode mode) {
        return mode == IoMode.IO_MODE_RW ? "RW" : "READ";
    }

    private static String ranges(List<String> ranges) {
        return ranges.isEmpty() ? "nothing more" : String.join(" and ", ranges);
    }

    private static String bytes(long offset, long length) {
        return "[" + offset + ", " + (offset + length) + ")";
    }

    private static String name(ChildName name) {
        return "/" + name.getName();
    }

    private static String plain(Enum<?> value) {
        return value.name()
                .replaceFirst("^(REASON|EXTENT_STATE)_", "")
                .toLowerCase(java.util.Locale.ROOT)
                .replace('_', ' ');
    }
}
