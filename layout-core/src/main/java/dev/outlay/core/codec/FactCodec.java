package dev.outlay.core.codec;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Proof;
import java.util.List;

/**
 * Bytes of durable facts. A journal record is all durable facts of one command: a format version,
 * then each fact as a tag and its fields, to the end of the record. Tags are never reused; a field
 * is added by a new tag.
 */
public final class FactCodec {

    static final int VERSION = 1;

    private static final byte[] NO_RECORD = {};

    /** As much as most records need. */
    private static final int RECORD_BYTES = 512;

    private static final int VOLUME_CREATED = 1;
    private static final int DEVICE_ADDED = 2;
    private static final int CLIENT_JOINED = 3;
    private static final int CLIENT_ENDED = 4;
    private static final int CLIENT_FORGOTTEN = 5;
    private static final int FILE_CREATED = 6;
    private static final int FILE_RENAMED = 7;
    private static final int FILE_UNLINKED = 8;
    private static final int FILE_FORGOTTEN = 9;
    private static final int ATTRIBUTES_SET = 10;
    private static final int EXTENTS_ALLOCATED = 11;
    private static final int EXTENTS_CONVERTED = 12;
    private static final int EXTENTS_FREED = 13;
    private static final int EXTENTS_QUARANTINED = 14;
    private static final int EXTENTS_AT_RISK = 15;
    private static final int LAYOUT_GRANTED = 16;
    private static final int LAYOUT_RETURNED = 17;
    private static final int ANSWERED = 18;
    private static final int WORK_INTENDED = 19;
    private static final int WORK_COMPLETED = 20;
    private static final int CLIENT_PROVEN = 21;
    private static final int EXTENTS_PROVEN = 22;

    private static final int EXTENTS_REPLACED = 33;
    private static final int UNCOMMITTED_FREED = 44;

    private static final int DEVICE_RETIRING = 41;
    private static final int DEVICE_RETIRED = 42;
    private static final int DEVICE_RELEASED = 43;

    private static final int THEN_NOTHING = 0;
    private static final int THEN_RESIZE = 1;
    private static final int THEN_PUNCH = 2;
    private static final int THEN_CLONE = 10;

    private static final List<EndCause> CAUSES =
            List.of(EndCause.OWN_WORD, EndCause.SUPERSEDED, EndCause.EXPIRED, EndCause.REVOKED);
    private static final List<Proof> PROOFS =
            List.of(Proof.OWN_WORD, Proof.OPERATOR, Proof.FENCE_DRIVER, Proof.TIME);

    private FactCodec() {}

    /** The record of the durable ones among {@code facts}; empty if there are none. */
    public static byte[] record(List<Fact> facts) {
        return record(new ByteWriter(RECORD_BYTES), facts);
    }

    /**
     * As {@link #record(List)}.
     *
     * @param out to write it in first, whatever it holds: for one record after the other
     */
    public static byte[] record(ByteWriter out, List<Fact> facts) {
        out.clear();
        for (Fact fact : facts) {
            if (!fact.isDurable()) {
                continue;
            }
            if (out.size() == 0) {
                out.writeByte(VERSION);
            }
            write(out, fact);
        }
        return out.size() == 0 ? NO_RECORD : out.toByteArray();
    }

    /** The facts of a record; damage is a {@link CorruptDataException}. */
    public static List<Fact> facts(byte[] record) {
        ByteReader in = new ByteReader(record);
        int version = in.readByte();
        if (version != VERSION) {
            throw new CorruptDataException(
                    "a record of format version " + version + ", this program reads " + VERSION);
        }
        List<Fact> facts = new java.util.ArrayList<>();
        try {
            while (!in.atEnd()) {
                facts.add(read(in));
            }
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new CorruptDataException(
                    "a fact that contradicts itself: " + String.valueOf(e.getMessage()));
        }
        return facts;
    }

    static void write(ByteWriter out, Fact fact) {
        switch (fact) {
            case Fact.VolumeCreated f -> {
                out.writeByte(VOLUME_CREATED);
                ValueCodec.settings(out, f.settings());
            }
            case Fact.DeviceAdded f -> {
                out.writeByte(DEVICE_ADDED);
                ValueCodec.device(out, f.device());
            }
            case Fact.DeviceRetiring f -> device(out, DEVICE_RETIRING, f.device());
            case Fact.DeviceRetired f -> device(out, DEVICE_RETIRED, f.device());
            case Fact.DeviceReleased f -> device(out, DEVICE_RELEASED, f.device());
            case Fact.ClientJoined f -> {
                out.writeByte(CLIENT_JOINED);
                ValueCodec.clientRecord(out, f.client());
            }
            case Fact.ClientEnded f -> {
                out.writeByte(CLIENT_ENDED);
                ValueCodec.client(out, f.client());
                cause(out, f.cause());
            }
            case Fact.ClientForgotten f -> {
                out.writeByte(CLIENT_FORGOTTEN);
                ValueCodec.client(out, f.client());
            }
            case Fact.ClientProven f -> {
                out.writeByte(CLIENT_PROVEN);
                ValueCodec.client(out, f.client());
                proof(out, f.proof());
            }
            case Fact.ExtentsProven f -> {
                out.writeByte(EXTENTS_PROVEN);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.ranges(), ValueCodec::range);
                ValueCodec.client(out, f.holder());
            }
            case Fact.FileCreated f -> {
                out.writeByte(FILE_CREATED);
                ValueCodec.file(out, f.file());
                ValueCodec.file(out, f.parent());
                out.writeString(f.name());
                ValueCodec.fileKind(out, f.kind());
                out.writeVar(f.mode());
                out.writeString(f.owner());
                out.writeLong(f.nowMillis());
            }
            case Fact.FileRenamed f -> {
                out.writeByte(FILE_RENAMED);
                ValueCodec.file(out, f.file());
                ValueCodec.file(out, f.newParent());
                out.writeString(f.newName());
                out.writeLong(f.nowMillis());
            }
            case Fact.FileUnlinked f -> {
                out.writeByte(FILE_UNLINKED);
                ValueCodec.file(out, f.file());
                out.writeLong(f.nowMillis());
            }
            case Fact.FileForgotten f -> {
                out.writeByte(FILE_FORGOTTEN);
                ValueCodec.file(out, f.file());
            }
            case Fact.AttributesSet f -> {
                out.writeByte(ATTRIBUTES_SET);
                ValueCodec.file(out, f.file());
                out.writeVar(f.sizeBytes());
                out.writeVar(f.mode());
                out.writeString(f.owner());
                out.writeLong(f.modifiedMillis());
                out.writeLong(f.changedMillis());
                out.writeLong(f.accessedMillis());
            }
            case Fact.ExtentsAllocated f -> {
                out.writeByte(EXTENTS_ALLOCATED);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.extents(), ValueCodec::extent);
                out.writeLong(f.by());
            }
            case Fact.ExtentsConverted f -> {
                out.writeByte(EXTENTS_CONVERTED);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.ranges(), ValueCodec::range);
                ValueCodec.extentState(out, f.state());
                out.writeVar(f.flags());
                out.writeLong(f.by());
            }
            case Fact.ExtentsFreed f -> {
                out.writeByte(EXTENTS_FREED);
                ValueCodec.file(out, f.file());
                ValueCodec.range(out, f.range());
                out.writeLong(f.by());
            }
            case Fact.UncommittedFreed f -> {
                out.writeByte(UNCOMMITTED_FREED);
                ValueCodec.file(out, f.file());
                ValueCodec.range(out, f.range());
                out.writeLong(f.by());
            }
            case Fact.ExtentsQuarantined f -> {
                out.writeByte(EXTENTS_QUARANTINED);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.ranges(), ValueCodec::range);
                ValueCodec.client(out, f.holder());
            }
            case Fact.ExtentsReplaced f -> {
                out.writeByte(EXTENTS_REPLACED);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.extents(), ValueCodec::extent);
                out.writeLong(f.by());
            }
            case Fact.ExtentsAtRisk f -> {
                out.writeByte(EXTENTS_AT_RISK);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.ranges(), ValueCodec::range);
                ValueCodec.client(out, f.holder());
            }
            case Fact.Copying f -> CopyFactCodec.write(out, f);
            case Fact.LayoutGranted f -> {
                out.writeByte(LAYOUT_GRANTED);
                ValueCodec.client(out, f.client());
                ValueCodec.file(out, f.file());
                ValueCodec.layoutId(out, f.layout());
                out.writeInt(f.seqid());
                // A call may grant READ beside what is durable; the READ ends with the server.
                List<LayoutRange> durable = durable(f.ranges());
                out.writeVar(durable.size());
                for (LayoutRange range : durable) {
                    ValueCodec.layoutRange(out, range);
                }
            }
            case Fact.LayoutReturned f -> {
                out.writeByte(LAYOUT_RETURNED);
                ValueCodec.client(out, f.client());
                ValueCodec.file(out, f.file());
                out.writeInt(f.seqid());
                ValueCodec.list(out, f.ranges(), ValueCodec::range);
            }
            case Fact.Answered f -> {
                out.writeByte(ANSWERED);
                ValueCodec.client(out, f.client());
                out.writeVar(f.operationId());
                out.writeVar(f.answeredThrough());
                ReplyCodec.write(out, f.reply());
            }
            case Fact.WorkIntended f -> {
                out.writeByte(WORK_INTENDED);
                work(out, f.work());
            }
            case Fact.WorkCompleted f -> {
                out.writeByte(WORK_COMPLETED);
                out.writeVar(f.work());
            }
            case Fact.LeaseLapsed f -> throw notDurable(f);
            case Fact.GraceChanged f -> throw notDurable(f);
            case Fact.ClientReattached f -> throw notDurable(f);
            case Fact.SeqidSeen f -> throw notDurable(f);
            case Fact.RecallBegan f -> throw notDurable(f);
            case Fact.RecallAcknowledged f -> throw notDurable(f);
            case Fact.RecallOverdue f -> throw notDurable(f);
            case Fact.RecallEnded f -> throw notDurable(f);
            case Fact.WaitBegan f -> throw notDurable(f);
            case Fact.WaitMoved f -> throw notDurable(f);
            case Fact.WaitEnded f -> throw notDurable(f);
            case Fact.InterestNoted f -> throw notDurable(f);
        }
    }

    private static List<LayoutRange> durable(List<LayoutRange> ranges) {
        for (LayoutRange range : ranges) {
            if (!range.kind().isDurable()) {
                return ranges.stream().filter(r -> r.kind().isDurable()).toList();
            }
        }
        return ranges;
    }

    private static void device(ByteWriter out, int tag, int device) {
        out.writeByte(tag);
        out.writeVar(device);
    }

    private static IllegalStateException notDurable(Fact fact) {
        return new IllegalStateException(fact + " is never journaled");
    }

    static Fact read(ByteReader in) {
        int at = in.position();
        int tag = in.readByte();
        return switch (tag) {
            case VOLUME_CREATED -> new Fact.VolumeCreated(ValueCodec.settings(in));
            case DEVICE_ADDED -> new Fact.DeviceAdded(ValueCodec.device(in));
            case DEVICE_RETIRING -> new Fact.DeviceRetiring(ValueCodec.smallInt(in));
            case DEVICE_RETIRED -> new Fact.DeviceRetired(ValueCodec.smallInt(in));
            case DEVICE_RELEASED -> new Fact.DeviceReleased(ValueCodec.smallInt(in));
            case CLIENT_JOINED -> new Fact.ClientJoined(ValueCodec.clientRecord(in));
            case CLIENT_ENDED -> new Fact.ClientEnded(ValueCodec.client(in), cause(in));
            case CLIENT_FORGOTTEN -> new Fact.ClientForgotten(ValueCodec.client(in));
            case FILE_CREATED ->
                    new Fact.FileCreated(
                            ValueCodec.file(in),
                            ValueCodec.file(in),
                            ValueCodec.text(in),
                            ValueCodec.fileKind(in),
                            ValueCodec.smallInt(in),
                            ValueCodec.text(in),
                            in.readLong());
            case FILE_RENAMED ->
                    new Fact.FileRenamed(
                            ValueCodec.file(in),
                            ValueCodec.file(in),
                            ValueCodec.text(in),
                            in.readLong());
            case FILE_UNLINKED -> new Fact.FileUnlinked(ValueCodec.file(in), in.readLong());
            case FILE_FORGOTTEN -> new Fact.FileForgotten(ValueCodec.file(in));
            case ATTRIBUTES_SET ->
                    new Fact.AttributesSet(
                            ValueCodec.file(in),
                            in.readVar(),
                            ValueCodec.smallInt(in),
                            ValueCodec.text(in),
                            in.readLong(),
                            in.readLong(),
                            in.readLong());
            case EXTENTS_ALLOCATED ->
                    new Fact.ExtentsAllocated(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::extent),
                            in.readLong());
            case EXTENTS_CONVERTED ->
                    new Fact.ExtentsConverted(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::range),
                            ValueCodec.extentState(in),
                            ValueCodec.smallInt(in),
                            in.readLong());
            case EXTENTS_FREED ->
                    new Fact.ExtentsFreed(ValueCodec.file(in), ValueCodec.range(in), in.readLong());
            case UNCOMMITTED_FREED ->
                    new Fact.UncommittedFreed(
                            ValueCodec.file(in), ValueCodec.range(in), in.readLong());
            case EXTENTS_QUARANTINED ->
                    new Fact.ExtentsQuarantined(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::range),
                            ValueCodec.client(in));
            case EXTENTS_REPLACED ->
                    new Fact.ExtentsReplaced(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::extent),
                            in.readLong());
            case EXTENTS_AT_RISK ->
                    new Fact.ExtentsAtRisk(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::range),
                            ValueCodec.client(in));
            case LAYOUT_GRANTED -> layoutGranted(in);
            case LAYOUT_RETURNED ->
                    new Fact.LayoutReturned(
                            ValueCodec.client(in),
                            ValueCodec.file(in),
                            in.readInt(),
                            ValueCodec.list(in, ValueCodec::range),
                            true);
            case ANSWERED ->
                    new Fact.Answered(
                            ValueCodec.client(in),
                            in.readVar(),
                            in.readVar(),
                            ReplyCodec.read(in),
                            true);
            case WORK_INTENDED -> new Fact.WorkIntended(work(in));
            case CLIENT_PROVEN -> new Fact.ClientProven(ValueCodec.client(in), proof(in));
            case EXTENTS_PROVEN ->
                    new Fact.ExtentsProven(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::range),
                            ValueCodec.client(in));
            case WORK_COMPLETED -> new Fact.WorkCompleted(in.readVar(), true);
            default -> {
                Fact copying = CopyFactCodec.read(tag, in);
                if (copying == null) {
                    throw new CorruptDataException(
                            "kind of fact " + tag + " at byte " + at + " of the record");
                }
                yield copying;
            }
        };
    }

    private static Fact.LayoutGranted layoutGranted(ByteReader in) {
        Fact.LayoutGranted fact =
                new Fact.LayoutGranted(
                        ValueCodec.client(in),
                        ValueCodec.file(in),
                        ValueCodec.layoutId(in),
                        in.readInt(),
                        ValueCodec.list(in, ValueCodec::layoutRange));
        if (fact.ranges().isEmpty()
                || !fact.ranges().stream().allMatch(r -> r.kind().isDurable())) {
            throw new CorruptDataException("a grant that is never journaled: " + fact);
        }
        return fact;
    }

    public static void cause(ByteWriter out, EndCause cause) {
        ValueCodec.oneOf(out, CAUSES, cause);
    }

    public static EndCause cause(ByteReader in) {
        return ValueCodec.oneOf(in, CAUSES);
    }

    static void proof(ByteWriter out, Proof proof) {
        ValueCodec.oneOf(out, PROOFS, proof);
    }

    static Proof proof(ByteReader in) {
        return ValueCodec.oneOf(in, PROOFS);
    }

    public static void work(ByteWriter out, Work work) {
        out.writeVar(work.id());
        ValueCodec.file(out, work.file());
        ValueCodec.range(out, work.blocked());
        ValueCodec.list(out, work.zero(), ValueCodec::deviceRange);
        switch (work.then()) {
            case Continuation.Nothing then -> out.writeByte(THEN_NOTHING);
            case Continuation.Resize then -> {
                out.writeByte(THEN_RESIZE);
                ValueCodec.origin(out, then.origin());
                out.writeVar(then.newSize());
                ReplyCodec.returned(out, then.returned());
            }
            case Continuation.Clone then -> {
                out.writeByte(THEN_CLONE);
                ValueCodec.origin(out, then.origin());
                ValueCodec.file(out, then.source());
                ValueCodec.range(out, then.range());
                out.writeVar(then.offset());
                out.writeBoolean(then.seals());
                ReplyCodec.returned(out, then.returned());
            }
            case Continuation.Punch then -> {
                out.writeByte(THEN_PUNCH);
                ValueCodec.origin(out, then.origin());
                ValueCodec.range(out, then.range());
                ReplyCodec.returned(out, then.returned());
            }
            case Continuation.Grant then ->
                    throw new IllegalStateException(then + " is never journaled");
            case Continuation.Wrote then ->
                    throw new IllegalStateException(then + " is never journaled");
        }
    }

    public static Work work(ByteReader in) {
        return new Work(
                in.readVar(),
                ValueCodec.file(in),
                ValueCodec.range(in),
                ValueCodec.list(in, ValueCodec::deviceRange),
                continuation(in));
    }

    private static Continuation continuation(ByteReader in) {
        int tag = in.readByte();
        return switch (tag) {
            case THEN_NOTHING -> new Continuation.Nothing();
            case THEN_RESIZE ->
                    new Continuation.Resize(
                            ValueCodec.origin(in), in.readVar(), ReplyCodec.returned(in));
            case THEN_CLONE ->
                    new Continuation.Clone(
                            ValueCodec.origin(in),
                            ValueCodec.file(in),
                            ValueCodec.range(in),
                            in.readVar(),
                            in.readBoolean(),
                            ReplyCodec.returned(in));
            case THEN_PUNCH ->
                    new Continuation.Punch(
                            ValueCodec.origin(in), ValueCodec.range(in), ReplyCodec.returned(in));
            default ->
                    throw new CorruptDataException(
                            "kind of continuation " + tag + " at byte " + in.position());
        };
    }
}
