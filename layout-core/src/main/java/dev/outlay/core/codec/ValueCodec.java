package dev.outlay.core.codec;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.ProcessIdentity;
import dev.outlay.core.value.Stateid;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.core.value.VolumeSettings.Allocation;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import dev.outlay.core.value.VolumeSettings.Placement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Bytes of the values that facts, answers and images are made of. An enum is its position in the
 * list here, never its ordinal.
 */
public final class ValueCodec {

    /** Most elements of any list; a larger count is damage. */
    static final int MAX_LIST = 1 << 24;

    static final int MAX_TEXT_BYTES = 1 << 16;

    /** Permission bits; the flags of a file stand above them in the same number. */
    private static final int MODE_BITS = 12;

    /** In the place of a file id where there is no file. */
    private static final long NO_FILE = 0;

    private static final List<FileKind> FILE_KINDS = List.of(FileKind.FILE, FileKind.DIRECTORY);
    private static final List<ExtentState> EXTENT_STATES =
            List.of(ExtentState.HOLE, ExtentState.UNWRITTEN, ExtentState.WRITTEN);
    private static final List<GrantKind> GRANT_KINDS =
            List.of(GrantKind.READ, GrantKind.READ_MAPPED, GrantKind.RW, GrantKind.RW_ATOMIC);
    private static final List<Durability> DURABILITIES =
            List.of(
                    Durability.VISIBLE,
                    Durability.FORCED,
                    Durability.DEVICE_FLUSHED,
                    Durability.SYNC_MAPPED);
    private static final List<FencePolicy> FENCES = List.of(FencePolicy.STRICT, FencePolicy.TIMED);
    private static final List<Allocation> ALLOCATIONS =
            List.of(Allocation.UNWRITTEN, Allocation.ZEROED);
    private static final List<Placement> PLACEMENTS = List.of(Placement.LINEAR, Placement.STRIPED);

    private ValueCodec() {}

    public static <T> void list(ByteWriter out, List<T> values, BiConsumer<ByteWriter, T> each) {
        out.writeVar(values.size());
        for (T value : values) {
            each.accept(out, value);
        }
    }

    public static <T> List<T> list(ByteReader in, Function<ByteReader, T> each) {
        int count = in.readCount(MAX_LIST);
        List<T> values = new ArrayList<>(Math.min(count, 1024));
        for (int i = 0; i < count; i++) {
            values.add(each.apply(in));
        }
        return values;
    }

    public static <T> void optional(
            ByteWriter out, Optional<T> value, BiConsumer<ByteWriter, T> each) {
        out.writeBoolean(value.isPresent());
        value.ifPresent(v -> each.accept(out, v));
    }

    public static <T> Optional<T> optional(ByteReader in, Function<ByteReader, T> each) {
        return in.readBoolean() ? Optional.of(each.apply(in)) : Optional.empty();
    }

    /** One of {@code known}, by its position there. */
    public static <E extends Enum<E>> void oneOf(ByteWriter out, List<E> known, E value) {
        int index = known.indexOf(value);
        if (index < 0) {
            throw new IllegalStateException(value + " has no place in the format");
        }
        out.writeByte(index);
    }

    public static <E extends Enum<E>> E oneOf(ByteReader in, List<E> known) {
        int index = in.readByte() & 0xff;
        if (index >= known.size()) {
            throw new CorruptDataException(
                    "value "
                            + index
                            + " of an enumeration of "
                            + known.size()
                            + " at byte "
                            + in.position());
        }
        return known.get(index);
    }

    public static String text(ByteReader in) {
        return in.readString(MAX_TEXT_BYTES);
    }

    public static void file(ByteWriter out, FileId id) {
        out.writeVar(id.value());
    }

    public static FileId file(ByteReader in) {
        return checked(() -> new FileId(in.readVar()));
    }

    public static void client(ByteWriter out, ClientId id) {
        out.writeLong(id.value());
    }

    public static ClientId client(ByteReader in) {
        return checked(() -> new ClientId(in.readLong()));
    }

    public static void layoutId(ByteWriter out, LayoutId id) {
        out.writeLong(id.high());
        out.writeLong(id.low());
    }

    public static LayoutId layoutId(ByteReader in) {
        return new LayoutId(in.readLong(), in.readLong());
    }

    public static void stateid(ByteWriter out, Stateid stateid) {
        layoutId(out, stateid.id());
        out.writeInt(stateid.seqid());
    }

    public static Stateid stateid(ByteReader in) {
        return new Stateid(layoutId(in), in.readInt());
    }

    public static void range(ByteWriter out, ByteRange range) {
        out.writeVar(range.start());
        out.writeVar(range.length());
    }

    public static ByteRange range(ByteReader in) {
        return checked(() -> ByteRange.ofLength(in.readVar(), in.readVar()));
    }

    public static void layoutRange(ByteWriter out, LayoutRange range) {
        range(out, range.range());
        oneOf(out, GRANT_KINDS, range.kind());
    }

    public static LayoutRange layoutRange(ByteReader in) {
        return new LayoutRange(range(in), oneOf(in, GRANT_KINDS));
    }

    public static void grantKind(ByteWriter out, GrantKind kind) {
        oneOf(out, GRANT_KINDS, kind);
    }

    public static GrantKind grantKind(ByteReader in) {
        return oneOf(in, GRANT_KINDS);
    }

    public static void deviceRange(ByteWriter out, DeviceRange range) {
        out.writeVar(range.device());
        out.writeVar(range.start());
        out.writeVar(range.length());
    }

    public static DeviceRange deviceRange(ByteReader in) {
        return checked(() -> new DeviceRange(smallInt(in), in.readVar(), in.readVar()));
    }

    public static void fileKind(ByteWriter out, FileKind kind) {
        oneOf(out, FILE_KINDS, kind);
    }

    public static FileKind fileKind(ByteReader in) {
        return oneOf(in, FILE_KINDS);
    }

    public static void extentState(ByteWriter out, ExtentState state) {
        oneOf(out, EXTENT_STATES, state);
    }

    public static ExtentState extentState(ByteReader in) {
        return oneOf(in, EXTENT_STATES);
    }

    public static void extent(ByteWriter out, Extent extent) {
        out.writeVar(extent.fileOffset());
        out.writeVar(extent.length());
        extentState(out, extent.state());
        out.writeByte(extent.flags());
        out.writeBoolean(extent.hasAddress());
        if (extent.hasAddress()) {
            out.writeVar(extent.device());
            out.writeVar(extent.deviceOffset());
        }
    }

    public static Extent extent(ByteReader in) {
        return checked(
                () -> {
                    long offset = in.readVar();
                    long length = in.readVar();
                    ExtentState state = extentState(in);
                    int flags = in.readByte() & 0xff;
                    return in.readBoolean()
                            ? new Extent(offset, length, state, smallInt(in), in.readVar(), flags)
                            : new Extent(offset, length, state, Extent.NO_DEVICE, 0, flags);
                });
    }

    public static void origin(ByteWriter out, Origin origin) {
        client(out, origin.client());
        out.writeVar(origin.operationId());
        out.writeVar(origin.answeredThrough());
    }

    public static Origin origin(ByteReader in) {
        return new Origin(client(in), in.readVar(), in.readVar());
    }

    public static void uuid(ByteWriter out, UUID uuid) {
        out.writeLong(uuid.getMostSignificantBits());
        out.writeLong(uuid.getLeastSignificantBits());
    }

    public static UUID uuid(ByteReader in) {
        return new UUID(in.readLong(), in.readLong());
    }

    public static void settings(ByteWriter out, VolumeSettings settings) {
        uuid(out, settings.uuid());
        out.writeString(settings.name());
        out.writeVar(settings.blockSize());
        oneOf(out, DURABILITIES, settings.leastDurability());
        out.writeLong(settings.createdMillis());
        oneOf(out, FENCES, settings.fence());
        oneOf(out, ALLOCATIONS, settings.allocation());
        oneOf(out, PLACEMENTS, settings.placement());
        out.writeVar(settings.stripeBytes());
    }

    public static VolumeSettings settings(ByteReader in) {
        return new VolumeSettings(
                uuid(in),
                text(in),
                smallInt(in),
                oneOf(in, DURABILITIES),
                in.readLong(),
                oneOf(in, FENCES),
                oneOf(in, ALLOCATIONS),
                oneOf(in, PLACEMENTS),
                in.readVar());
    }

    public static void device(ByteWriter out, VolumeDevice device) {
        out.writeVar(device.index());
        uuid(out, device.uuid());
        out.writeVar(device.incarnation());
        out.writeVar(device.sizeBytes());
        out.writeVar(device.startBytes());
        out.writeVar(device.lengthBytes());
        out.writeString(device.path());
        out.writeBoolean(device.coherent());
    }

    public static VolumeDevice device(ByteReader in) {
        return new VolumeDevice(
                smallInt(in),
                uuid(in),
                in.readVar(),
                in.readVar(),
                in.readVar(),
                in.readVar(),
                text(in),
                in.readBoolean());
    }

    public static void clientRecord(ByteWriter out, ClientRecord client) {
        client(out, client.id());
        out.writeString(client.principal());
        out.writeString(client.owner());
        out.writeLong(client.incarnation());
        out.writeLong(client.secretHigh());
        out.writeLong(client.secretLow());
        out.writeVar(client.leaseMillis());
        out.writeVar(client.maxIoMillis());
        out.writeBoolean(client.process().isPresent());
        client.process().ifPresent(process -> process(out, process));
    }

    public static ClientRecord clientRecord(ByteReader in) {
        return new ClientRecord(
                client(in),
                text(in),
                text(in),
                in.readLong(),
                in.readLong(),
                in.readLong(),
                in.readVar(),
                in.readVar(),
                in.readBoolean() ? Optional.of(process(in)) : Optional.empty());
    }

    private static void process(ByteWriter out, ProcessIdentity process) {
        out.writeString(process.host());
        out.writeString(process.bootId());
        out.writeVar(process.pidNamespace());
        out.writeVar(process.pid());
        out.writeVar(process.startTicks());
    }

    private static ProcessIdentity process(ByteReader in) {
        return checked(
                () ->
                        new ProcessIdentity(
                                text(in), text(in), in.readVar(), in.readVar(), in.readVar()));
    }

    public static void attributes(ByteWriter out, FileAttributes a) {
        file(out, a.file());
        fileKind(out, a.kind());
        out.writeVar(a.sizeBytes());
        out.writeVar(a.changeCounter());
        out.writeVar(a.mapEpoch());
        out.writeVar(a.mode() | (long) a.flags() << MODE_BITS);
        out.writeString(a.owner());
        out.writeLong(a.createdMillis());
        out.writeLong(a.modifiedMillis());
        out.writeLong(a.changedMillis());
        out.writeLong(a.accessedMillis());
        out.writeVar(a.allocatedBytes());
        out.writeVar(a.parent().map(FileId::value).orElse(NO_FILE));
        out.writeString(a.name());
    }

    public static FileAttributes attributes(ByteReader in) {
        FileId id = file(in);
        FileKind kind = fileKind(in);
        long size = in.readVar();
        long counter = in.readVar();
        long epoch = in.readVar();
        int modeAndFlags = smallInt(in);
        return checked(
                () ->
                        new FileAttributes(
                                id,
                                kind,
                                size,
                                counter,
                                epoch,
                                modeAndFlags & (1 << MODE_BITS) - 1,
                                text(in),
                                in.readLong(),
                                in.readLong(),
                                in.readLong(),
                                in.readLong(),
                                in.readVar(),
                                parent(in),
                                text(in),
                                modeAndFlags >>> MODE_BITS));
    }

    private static Optional<FileId> parent(ByteReader in) {
        long value = in.readVar();
        return value == NO_FILE ? Optional.empty() : Optional.of(new FileId(value));
    }

    /** Flags of a file, none of them unknown. */
    public static int fileFlags(ByteReader in) {
        int flags = smallInt(in);
        return checked(() -> FileAttributes.checkedFlags(flags));
    }

    /** A number that is kept as an int. */
    public static int smallInt(ByteReader in) {
        long value = in.readVar();
        if (value > Integer.MAX_VALUE) {
            throw new CorruptDataException(value + " does not fit an int, before " + in.position());
        }
        return (int) value;
    }

    /**
     * A value whose own check fails while it is read is damage in the bytes, not a fault in the
     * program.
     */
    private static <T> T checked(java.util.function.Supplier<T> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException e) {
            throw new CorruptDataException(String.valueOf(e.getMessage()));
        }
    }
}
