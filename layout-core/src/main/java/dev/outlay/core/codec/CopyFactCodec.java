package dev.outlay.core.codec;

import dev.outlay.core.fact.Fact;
import org.jspecify.annotations.Nullable;

/** Bytes of the facts about copy-on-write and clones; the tags are those of {@link FactCodec}. */
final class CopyFactCodec {

    private static final int COPIES_ALLOCATED = 25;
    private static final int EXTENTS_SWAPPED = 26;
    private static final int COPIES_FREED = 27;
    private static final int COPIES_QUARANTINED = 28;
    private static final int EXTENTS_RETAINED = 29;
    private static final int EXTENTS_CLONED = 30;
    private static final int FLAGS_SET = 31;

    private CopyFactCodec() {}

    static void write(ByteWriter out, Fact.Copying fact) {
        switch (fact) {
            case Fact.CopiesAllocated f -> {
                out.writeByte(COPIES_ALLOCATED);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.extents(), ValueCodec::extent);
                out.writeLong(f.by());
            }
            case Fact.ExtentsSwapped f -> {
                out.writeByte(EXTENTS_SWAPPED);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.ranges(), ValueCodec::range);
                out.writeLong(f.by());
            }
            case Fact.CopiesFreed f -> {
                out.writeByte(COPIES_FREED);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.ranges(), ValueCodec::range);
            }
            case Fact.CopiesQuarantined f -> {
                out.writeByte(COPIES_QUARANTINED);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.ranges(), ValueCodec::range);
                ValueCodec.client(out, f.holder());
            }
            case Fact.ExtentsRetained f -> {
                out.writeByte(EXTENTS_RETAINED);
                ValueCodec.file(out, f.file());
                ValueCodec.list(out, f.ranges(), ValueCodec::range);
                ValueCodec.client(out, f.holder());
            }
            case Fact.ExtentsCloned f -> {
                out.writeByte(EXTENTS_CLONED);
                ValueCodec.file(out, f.source());
                ValueCodec.range(out, f.range());
                ValueCodec.file(out, f.destination());
                out.writeVar(f.offset());
                out.writeLong(f.by());
            }
            case Fact.FlagsSet f -> {
                out.writeByte(FLAGS_SET);
                ValueCodec.file(out, f.file());
                out.writeVar(f.flags());
            }
        }
    }

    /** The fact of this tag; null if the tag is none of these. */
    static Fact.@Nullable Copying read(int tag, ByteReader in) {
        return switch (tag) {
            case COPIES_ALLOCATED ->
                    new Fact.CopiesAllocated(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::extent),
                            in.readLong());
            case EXTENTS_SWAPPED ->
                    new Fact.ExtentsSwapped(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::range),
                            in.readLong());
            case COPIES_FREED ->
                    new Fact.CopiesFreed(
                            ValueCodec.file(in), ValueCodec.list(in, ValueCodec::range));
            case COPIES_QUARANTINED ->
                    new Fact.CopiesQuarantined(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::range),
                            ValueCodec.client(in));
            case EXTENTS_RETAINED ->
                    new Fact.ExtentsRetained(
                            ValueCodec.file(in),
                            ValueCodec.list(in, ValueCodec::range),
                            ValueCodec.client(in));
            case EXTENTS_CLONED ->
                    new Fact.ExtentsCloned(
                            ValueCodec.file(in),
                            ValueCodec.range(in),
                            ValueCodec.file(in),
                            in.readVar(),
                            in.readLong());
            case FLAGS_SET -> new Fact.FlagsSet(ValueCodec.file(in), ValueCodec.fileFlags(in));
            default -> null;
        };
    }
}
