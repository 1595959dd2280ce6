package dev.outlay.client;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reply;
import dev.outlay.v1.ServerMessage;

/**
 * What a server sends, through the client's decoding: a value that makes no sense is an {@link
 * IllegalArgumentException}, which the library turns into an error of the call.
 */
public final class ServerAnswers {

    private ServerAnswers() {}

    /** Takes one message. */
    public static void take(byte[] input) {
        ServerMessage message;
        try {
            message = ServerMessage.parseFrom(input);
        } catch (InvalidProtocolBufferException e) {
            return;
        }
        for (Reply reply : message.getRepliesList()) {
            refusable(() -> decode(reply));
        }
        for (Notice notice : message.getNoticesList()) {
            refusable(() -> decode(notice));
        }
    }

    private static void refusable(Runnable decoding) {
        try {
            decoding.run();
        } catch (IllegalArgumentException e) {
            return;
        }
    }

    private static void decode(Reply reply) {
        switch (reply.getBodyCase()) {
            case ERROR -> {
                var _ = WireErrors.exception(reply.getError()).getMessage();
            }
            case MAP_BLOCKS -> {
                var _ = Wire.mapped(reply.getMapBlocks());
            }
            case COMMIT_BLOCKS -> {
                var _ = Wire.committed(reply.getCommitBlocks());
            }
            case RETURN_LAYOUT -> reply.getReturnLayout().getReturnedList().forEach(Wire::returned);
            case LIST_LAYOUTS -> reply.getListLayouts().getLayoutsList().forEach(Wire::layout);
            case GET_DEVICES -> {
                var _ = Wire.devices(reply.getGetDevices());
            }
            case LIST -> reply.getList().getEntriesList().forEach(Wire::entry);
            case LIST_EXTENTS -> {
                var _ = Wire.extents(reply.getListExtents().getExtentsList());
                var _ = Wire.attributes(reply.getListExtents().getAttributes());
            }
            case CREATE -> {
                var _ = Wire.attributes(reply.getCreate().getAttributes());
            }
            case LOOKUP -> {
                var _ = Wire.attributes(reply.getLookup().getAttributes());
            }
            case GET_ATTRIBUTES -> {
                var _ = Wire.attributes(reply.getGetAttributes().getAttributes());
            }
            case SET_ATTRIBUTES -> {
                var _ = Wire.attributes(reply.getSetAttributes().getAttributes());
            }
            case TRUNCATE -> {
                var _ = Wire.attributes(reply.getTruncate().getAttributes());
            }
            case ALLOCATE -> {
                var _ = Wire.attributes(reply.getAllocate().getAttributes());
            }
            case DEALLOCATE -> {
                var _ = Wire.attributes(reply.getDeallocate().getAttributes());
            }
            case CLONE -> {
                var _ = Wire.attributes(reply.getClone().getAttributes());
            }
            default -> {
                // Numbers and bytes alone.
            }
        }
    }

    private static void decode(Notice notice) {
        switch (notice.getBodyCase()) {
            case RECALL -> {
                var _ = Wire.recall(notice.getRecall());
            }
            case INVALIDATE -> {
                var _ = Wire.range(notice.getInvalidate().getRange());
            }
            default -> {
                // Names and numbers alone.
            }
        }
    }
}
