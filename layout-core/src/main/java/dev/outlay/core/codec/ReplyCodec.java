package dev.outlay.core.codec;

import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.reply.Reply.Kept;
import dev.outlay.core.reply.Reply.ReturnedLayout;
import dev.outlay.core.value.Reason;
import java.util.List;
import java.util.OptionalLong;

/** Bytes of the answers that are kept for retries. */
public final class ReplyCodec {

    private static final int MAPPED = 1;
    private static final int COMMITTED = 2;
    private static final int RETURNED = 3;
    private static final int FILE_CHANGED = 4;
    private static final int FAILURE = 5;

    /** The order is the format: new reasons go to the end. */
    private static final List<Reason> REASONS =
            List.of(
                    Reason.INVALID_ARGUMENT,
                    Reason.NOT_FOUND,
                    Reason.ALREADY_EXISTS,
                    Reason.NOT_DIRECTORY,
                    Reason.IS_DIRECTORY,
                    Reason.NOT_EMPTY,
                    Reason.BAD_LAYOUT,
                    Reason.BAD_IOMODE,
                    Reason.BAD_STATEID,
                    Reason.OLD_STATEID,
                    Reason.STALE_FILE,
                    Reason.STALE_MAP,
                    Reason.DEVICE_MISMATCH,
                    Reason.PERMISSION_DENIED,
                    Reason.TOO_SMALL,
                    Reason.TOO_LARGE,
                    Reason.UNSUPPORTED,
                    Reason.TRY_LATER,
                    Reason.GRACE,
                    Reason.RETURN_CONFLICT,
                    Reason.NO_SPACE,
                    Reason.RESOURCE_EXHAUSTED,
                    Reason.READ_ONLY,
                    Reason.SHUTTING_DOWN,
                    Reason.NO_SESSION,
                    Reason.EXPIRED,
                    Reason.FENCED,
                    Reason.NO_GRACE,
                    Reason.RECLAIM_BAD,
                    Reason.INTERNAL,
                    Reason.RECALL_CONFLICT);

    private ReplyCodec() {}

    public static void write(ByteWriter out, Kept reply) {
        switch (reply) {
            case Reply.Mapped r -> {
                out.writeByte(MAPPED);
                ValueCodec.optional(out, r.stateid(), ValueCodec::stateid);
                ValueCodec.list(out, r.granted(), ValueCodec::layoutRange);
                ValueCodec.list(out, r.extents(), ValueCodec::extent);
                out.writeVar(r.mapEpoch());
                out.writeVar(r.nextOffset());
                out.writeVar(r.sizeBytes());
            }
            case Reply.Committed r -> {
                out.writeByte(COMMITTED);
                out.writeBoolean(r.newSize().isPresent());
                r.newSize().ifPresent(out::writeVar);
                ValueCodec.attributes(out, r.attributes());
            }
            case Reply.Returned r -> {
                out.writeByte(RETURNED);
                returned(out, r);
            }
            case Reply.FileChanged r -> {
                out.writeByte(FILE_CHANGED);
                ValueCodec.attributes(out, r.attributes());
                ValueCodec.list(out, r.returned(), ReplyCodec::returnedLayout);
            }
            case Failure r -> {
                out.writeByte(FAILURE);
                ValueCodec.oneOf(out, REASONS, r.reason());
                out.writeString(r.message());
                out.writeVar(r.retryAfterMillis());
            }
        }
    }

    public static Kept read(ByteReader in) {
        int tag = in.readByte();
        return switch (tag) {
            case MAPPED ->
                    new Reply.Mapped(
                            ValueCodec.optional(in, ValueCodec::stateid),
                            ValueCodec.list(in, ValueCodec::layoutRange),
                            ValueCodec.list(in, ValueCodec::extent),
                            in.readVar(),
                            in.readVar(),
                            in.readVar());
            case COMMITTED ->
                    new Reply.Committed(
                            in.readBoolean() ? OptionalLong.of(in.readVar()) : OptionalLong.empty(),
                            ValueCodec.attributes(in));
            case RETURNED -> returned(in);
            case FILE_CHANGED ->
                    new Reply.FileChanged(
                            ValueCodec.attributes(in),
                            ValueCodec.list(in, ReplyCodec::returnedLayout));
            case FAILURE ->
                    new Failure(ValueCodec.oneOf(in, REASONS), ValueCodec.text(in), in.readVar());
            default ->
                    throw new CorruptDataException(
                            "kind of answer " + tag + " at byte " + in.position());
        };
    }

    static void returned(ByteWriter out, Reply.Returned reply) {
        ValueCodec.list(out, reply.layouts(), ReplyCodec::returnedLayout);
    }

    static Reply.Returned returned(ByteReader in) {
        return new Reply.Returned(ValueCodec.list(in, ReplyCodec::returnedLayout));
    }

    private static void returnedLayout(ByteWriter out, ReturnedLayout layout) {
        ValueCodec.file(out, layout.file());
        ValueCodec.optional(out, layout.remaining(), ValueCodec::stateid);
        ValueCodec.list(out, layout.ranges(), ValueCodec::range);
    }

    private static ReturnedLayout returnedLayout(ByteReader in) {
        return new ReturnedLayout(
                ValueCodec.file(in),
                ValueCodec.optional(in, ValueCodec::stateid),
                ValueCodec.list(in, ValueCodec::range));
    }
}
