package dev.outlay.core.space;

import dev.outlay.core.codec.ByteReader;
import dev.outlay.core.codec.ByteWriter;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The free bytes of all devices of a volume, by place and by size.
 *
 * <p>Planning and taking are apart, so that a decision can be made without a change: {@link #plan}
 * is pure, {@link #take} and {@link #release} apply. What {@code plan} answers depends on the free
 * bytes and the devices alone, not on the order of the calls that led there, so a state rebuilt
 * from a snapshot goes on with the same choices.
 *
 * <p>Devices are divided into allocation groups. They do not bound a free extent; they only spread
 * the first blocks of files, so that files written side by side do not interleave.
 *
 * <p>Takes about 24 bytes for each free extent, and half of it for one of many of the same length.
 * Each call costs O(log n) of the free extents, and {@code plan} a bounded number of steps more
 * besides one for each piece.
 */
public final class FreeSpace {

    /** A group is a sixteenth of its device, but no longer than this. */
    private static final long MAX_GROUP_BYTES = 1L << 30;

    private static final int GROUPS_PER_DEVICE = 16;

    /** A file begins in a group that has this part of it free in one piece. */
    private static final int GOOD_PART_OF_GROUP = 4;

    /** How many groups are looked at for one with enough free. */
    private static final int GROUP_TRIES = 16;

    /** Free space is saved in regions of so many blocks, or in so many of a device at most. */
    private static final long REGION_BLOCKS = 2048;

    private static final long MAX_REGIONS = 1 << 18;

    /** Hears what is free in a region of a device. */
    @FunctionalInterface
    public interface RegionChanges {
        /**
         * In the region that begins at {@code start} this is free now.
         *
         * @param bytes for {@link Saved#region}; null if all of it is
         */
        void region(int device, long start, byte @Nullable [] bytes);
    }

    /**
     * @param changed regions that have changed since they were saved
     */
    private record Device(DeviceRange whole, long groupBytes, long regionBytes, BitSet changed) {

        int groups() {
            return Math.toIntExact(Math.ceilDiv(whole.length(), groupBytes));
        }

        /** The bytes of the group that holds {@code offset}, which lies on the device. */
        ByteRange groupOf(long offset) {
            return group((int) ((offset - whole.start()) / groupBytes));
        }

        int regions() {
            return Math.toIntExact(Math.ceilDiv(whole.length(), regionBytes));
        }

        DeviceRange region(int index) {
            long from = index * regionBytes;
            return whole.slice(from, Math.min(regionBytes, whole.length() - from));
        }

        void changes(DeviceRange range) {
            changed.set(
                    (int) ((range.start() - whole.start()) / regionBytes),
                    (int) ((range.end() - 1 - whole.start()) / regionBytes) + 1);
        }

        ByteRange group(int index) {
            long start = whole.start() + index * groupBytes;
            return new ByteRange(start, Math.min(start + groupBytes, whole.end()));
        }
    }

    private final long blockSize;
    private final int blockShift;
    private final TreeMap<Integer, Device> devices = new TreeMap<>();

    /** Number of the first group of each device, in the order of the devices. */
    private final TreeMap<Long, Device> firstGroups = new TreeMap<>();

    private long groups;

    private final FreeExtents free = new FreeExtents();

    /** The free extents of each device by themselves; kept only where files rotate over devices. */
    private final TreeMap<Integer, FreeExtents> freeOf = new TreeMap<>();

    private final boolean byDevice;

    /** Devices of which nothing is handed out any more, and what is free on them. */
    private final TreeSet<Integer> withdrawn = new TreeSet<>();

    private final FreeExtents freeOnWithdrawn = new FreeExtents();

    /** Devices that were removed since what had changed was told. */
    private final List<Device> gone = new ArrayList<>();

    /** A volume without devices. {@code blockSize} is in bytes; all places are multiples of it. */
    public FreeSpace(long blockSize) {
        this(blockSize, false);
    }

    /**
     * A volume without devices.
     *
     * @param blockSize in bytes; all places are multiples of it
     * @param byDevice whether {@link #planStriped} will be asked for
     */
    public FreeSpace(long blockSize, boolean byDevice) {
        if (blockSize <= 0 || Long.bitCount(blockSize) != 1) {
            throw new IllegalArgumentException("block size " + blockSize + " is no power of two");
        }
        this.blockSize = blockSize;
        this.blockShift = Long.numberOfTrailingZeros(blockSize);
        this.byDevice = byDevice;
    }

    /** Adds a device, or the slice of it that belongs to the volume; all of it is free. */
    public void addDevice(DeviceRange whole) {
        requireAligned(whole);
        if (devices.containsKey(whole.device())) {
            throw new IllegalStateException("device " + whole.device() + " is there already");
        }
        Math.addExact(free.bytes(), whole.length());
        long sixteenth = Math.ceilDiv(whole.length(), GROUPS_PER_DEVICE);
        long groupBytes = Math.min(Math.ceilDiv(sixteenth, blockSize) * blockSize, MAX_GROUP_BYTES);
        devices.put(
                whole.device(), new Device(whole, groupBytes, regionBytes(whole), new BitSet()));
        add(whole);
        numberGroups();
    }

    private long regionBytes(DeviceRange whole) {
        long blocks = Math.ceilDiv(Math.ceilDiv(whole.length(), MAX_REGIONS), blockSize);
        return Math.max(REGION_BLOCKS, blocks) * blockSize;
    }

    private void numberGroups() {
        firstGroups.clear();
        groups = 0;
        for (Device device : devices.values()) {
            if (!withdrawn.contains(device.whole().device())) {
                firstGroups.put(groups, device);
                groups += device.groups();
            }
        }
    }

    /** Nothing of the device is planned any more; what is free on it, or will be, stays apart. */
    public void withdraw(int device) {
        if (!devices.containsKey(device) || withdrawn.contains(device)) {
            throw new IllegalStateException("device " + device + " cannot be withdrawn");
        }
        List<DeviceRange> extents = new ArrayList<>();
        free.startingWithin(device, 0, DeviceRange.MAX_OFFSET).forEach(extents::add);
        extents.forEach(this::remove);
        withdrawn.add(device);
        extents.forEach(this::add);
        freeOf.remove(device);
        numberGroups();
    }

    /** Forgets a device that was withdrawn and of which everything is free. */
    public void removeDevice(int device) {
        Device known = devices.get(device);
        if (known == null
                || !withdrawn.contains(device)
                || freeBytesOn(device) != known.whole().length()) {
            throw new IllegalStateException("device " + device + " is in use and cannot go");
        }
        freeOnWithdrawn.remove(known.whole());
        withdrawn.remove(device);
        devices.remove(device);
        gone.add(known);
        numberGroups();
    }

    /** The number of free bytes that may be handed out. */
    public long freeBytes() {
        return free.bytes();
    }

    /** The number of free bytes on devices that have been withdrawn. */
    public long withdrawnBytes() {
        return freeOnWithdrawn.bytes();
    }

    /** The number of free bytes on one device; costs a step for each of its free extents. */
    public long freeBytesOn(int device) {
        long bytes = 0;
        for (DeviceRange extent : of(device).startingWithin(device, 0, DeviceRange.MAX_OFFSET)) {
            bytes += extent.length();
        }
        return bytes;
    }

    private boolean isWithdrawn(int device) {
        return !withdrawn.isEmpty() && withdrawn.contains(device);
    }

    private FreeExtents of(int device) {
        return isWithdrawn(device) ? freeOnWithdrawn : free;
    }

    /** The length of the longest free extent in bytes, or 0. */
    public long largestFree() {
        return free.largest();
    }

    /**
     * Chooses {@code lengthBytes} of free space and changes nothing.
     *
     * @param lengthBytes a positive multiple of the block size
     * @param goal where the space would best begin, or null
     * @param alignment the multiple at which pieces should begin on the device, in bytes; the block
     *     size or less asks for nothing, otherwise a multiple of the block size. It is a wish
     * @param maxPieces the most pieces that will do, one or more
     * @return free, disjoint pieces which add up to the length, in the order they should follow
     *     each other in the file; empty when the space or {@code maxPieces} does not suffice
     */
    public List<DeviceRange> plan(
            long lengthBytes, @Nullable DeviceGoal goal, long alignment, int maxPieces) {
        if (lengthBytes <= 0 || lengthBytes % blockSize != 0) {
            throw new IllegalArgumentException(
                    "length " + lengthBytes + " is no positive multiple of " + blockSize);
        }
        if (alignment > DeviceRange.MAX_OFFSET
                || (alignment > blockSize && alignment % blockSize != 0)) {
            throw new IllegalArgumentException(
                    "alignment " + alignment + " is no multiple of block size " + blockSize);
        }
        if (maxPieces < 1) {
            throw new IllegalArgumentException("maxPieces " + maxPieces + " is below one");
        }
        SpacePlanner planner = new SpacePlanner(free, lengthBytes, goal, blockSize, maxPieces);
        return planner.plan(Math.max(alignment, blockSize), this::groupOf);
    }

    /**
     * A goal for a file that has no blocks yet: the first free place of the allocation group that
     * falls to the inode, or of a later one. Null if none of them has a good part of a group free
     * there in one piece: in what is left in small pieces by files that have gone, the piece that
     * fits best keeps the others whole.
     */
    public @Nullable DeviceGoal groupGoal(long inode) {
        if (groups == 0) {
            throw new IllegalStateException("the volume has no devices");
        }
        long first = Math.floorMod(inode, groups);
        for (int i = 0; i < Math.min(GROUP_TRIES, groups); i++) {
            long number = (first + i) % groups;
            DeviceGoal found = firstFree(number);
            if (found != null && hasRoom(found)) {
                return found;
            }
        }
        return null;
    }

    /**
     * Chooses space for bytes of a file that rotate over the devices, the next one with every
     * stripe unit, and changes nothing. Where a device is full the next that has room stands in.
     *
     * @param pieces whole blocks of the file, in order and disjoint
     * @param stripeBytes the stripe unit
     * @param inode decides on which device the file begins
     * @param goals where on a device the bytes at an offset of the file would best lie; null for
     *     anywhere
     * @param maxPieces the most pieces that will do, one or more
     * @return as {@link #plan}, for all pieces together
     */
    public List<DeviceRange> planStriped(
            List<ByteRange> pieces,
            long stripeBytes,
            long inode,
            StripeGoals goals,
            int maxPieces) {
        if (!byDevice) {
            throw new IllegalStateException("this volume does not keep its devices apart");
        }
        return new StripePlanner(freeOf, stripeBytes, inode, blockSize)
                .plan(pieces, goals, this::groupOf, maxPieces);
    }

    private void add(DeviceRange range) {
        of(range.device()).add(range);
        if (byDevice && !isWithdrawn(range.device())) {
            freeOf.computeIfAbsent(range.device(), _ -> new FreeExtents()).add(range);
        }
    }

    private void remove(DeviceRange extent) {
        of(extent.device()).remove(extent);
        if (byDevice && !isWithdrawn(extent.device())) {
            Objects.requireNonNull(freeOf.get(extent.device())).remove(extent);
        }
    }

    private void replace(DeviceRange extent, DeviceRange part) {
        of(extent.device()).replace(extent, part);
        if (byDevice && !isWithdrawn(extent.device())) {
            Objects.requireNonNull(freeOf.get(extent.device())).replace(extent, part);
        }
    }

    /** Marks a range as no longer free; all of it must be free. */
    public void take(DeviceRange range) {
        requireAligned(range);
        DeviceRange extent =
                of(range.device()).containing(new DeviceGoal(range.device(), range.start()));
        if (extent == null || extent.end() < range.end()) {
            throw new IllegalStateException(range + " is taken, but not all of it is free");
        }
        changes(range);
        long head = range.start() - extent.start();
        long tail = extent.end() - range.end();
        if (head > 0) {
            replace(extent, extent.slice(0, head));
            if (tail > 0) {
                add(extent.slice(extent.length() - tail, tail));
            }
        } else if (tail > 0) {
            replace(extent, extent.slice(extent.length() - tail, tail));
        } else {
            remove(extent);
        }
    }

    private void changes(DeviceRange range) {
        Device device = devices.get(range.device());
        if (device != null) {
            device.changes(range);
        }
    }

    /** As {@link #take} of each of these, on devices of which all is free. */
    public void takeAll(DeviceRanges taken) {
        taken.sort();
        DeviceRanges left = new DeviceRanges();
        int next = 0;
        for (Device device : devices.values()) {
            DeviceRange whole = device.whole();
            long free = whole.start();
            for (; next < taken.count() && taken.range(next).device() == whole.device(); next++) {
                DeviceRange range = taken.range(next);
                requireAligned(range);
                if (range.start() < free || range.end() > whole.end()) {
                    throw new IllegalStateException(range + " is taken, but not of this volume");
                }
                left.add(whole.device(), free, range.start());
                device.changes(range);
                free = range.end();
            }
            left.add(whole.device(), free, whole.end());
        }
        if (next < taken.count()) {
            throw new IllegalStateException(
                    taken.range(next) + " is taken, but of no device of this volume");
        }
        Filling filling = new Filling();
        for (int i = 0; i < left.count(); i++) {
            DeviceRange range = left.range(i);
            filling.add(range.device(), range.start(), range.end());
        }
        filling.end();
    }

    /**
     * Of devices of which all is free only this is from now on: added rising by place and joined.
     */
    private final class Filling {
        private final FreeExtents.Filling all;
        private final Map<Integer, FreeExtents.Filling> apart = new TreeMap<>();

        Filling() {
            for (Device device : devices.values()) {
                DeviceRange whole = device.whole();
                if (!isFree(whole)) {
                    throw new IllegalStateException("not all of device " + whole + " is free");
                }
                remove(whole);
            }
            all = free.filling();
            freeOf.forEach((device, extents) -> apart.put(device, extents.filling()));
        }

        void add(int device, long from, long until) {
            all.add(device, from, until - from);
            if (byDevice) {
                Objects.requireNonNull(apart.get(device)).add(device, from, until - from);
            }
        }

        void end() {
            all.end();
            apart.values().forEach(FreeExtents.Filling::end);
        }
    }

    // ---- saving

    /**
     * Tells what is free in the regions that have changed since this was asked last.
     *
     * @param alsoFree what is taken, but will not be after a restart
     */
    public void takeChanges(List<DeviceRange> alsoFree, RegionChanges to) {
        for (Device device : gone) {
            device.changed().stream()
                    .mapToObj(device::region)
                    .forEach(region -> to.region(region.device(), region.start(), null));
        }
        gone.clear();
        for (Device device : devices.values()) {
            BitSet changed = device.changed();
            for (int i = changed.nextSetBit(0); i >= 0; i = changed.nextSetBit(i + 1)) {
                DeviceRange region = device.region(i);
                to.region(region.device(), region.start(), encode(region, alsoFree));
            }
            changed.clear();
        }
    }

    /** As if nothing of what is taken had ever been told. */
    public void forgetSaved() {
        gone.clear();
        for (Device device : devices.values()) {
            device.changed().clear();
            for (int i = 0; i < device.regions(); i++) {
                device.changed().set(i, !isFree(device.region(i)));
            }
        }
    }

    /** Of each free piece the gap before it and its length, in blocks; null if all is free. */
    private byte @Nullable [] encode(DeviceRange region, List<DeviceRange> alsoFree) {
        if (isFree(region)) {
            return null;
        }
        List<ByteRange> pieces = freeWithin(region);
        if (alsoFree.stream().anyMatch(region::overlaps)) {
            RangeSet all = new RangeSet();
            pieces.forEach(all::add);
            ByteRange whole = new ByteRange(region.start(), region.end());
            for (DeviceRange range : alsoFree) {
                if (range.overlaps(region)) {
                    all.add(new ByteRange(range.start(), range.end()).intersect(whole));
                }
            }
            if (all.containsAll(whole)) {
                return null;
            }
            pieces = all.ranges();
        }
        ByteWriter out = new ByteWriter(2 * pieces.size());
        long at = region.start();
        for (ByteRange piece : pieces) {
            out.writeVar((piece.start() - at) / blockSize);
            out.writeVar(piece.length() / blockSize);
            at = piece.end();
        }
        return out.toByteArray();
    }

    private List<ByteRange> freeWithin(DeviceRange region) {
        List<ByteRange> pieces = new ArrayList<>();
        FreeExtents there = of(region.device());
        DeviceRange first = there.containing(new DeviceGoal(region.device(), region.start()));
        if (first != null && first.start() < region.start()) {
            pieces.add(new ByteRange(region.start(), Math.min(first.end(), region.end())));
        }
        for (DeviceRange extent :
                there.startingWithin(region.device(), region.start(), region.end())) {
            pieces.add(new ByteRange(extent.start(), Math.min(extent.end(), region.end())));
        }
        return pieces;
    }

    /**
     * Takes what was told of regions, rising by device and place, for devices all free as yet. What
     * is free may be asked for once it has come to its end, and never if that is not reached.
     */
    public Saved saved() {
        return new Saved();
    }

    /** What was saved, on its way back. Used once. */
    public final class Saved {
        private final Filling left = new Filling();
        private final Iterator<Device> coming = devices.values().iterator();
        private @Nullable Device device;

        /** Up to where it is known what is free, and from where all before that is. */
        private long known;

        private long freeFrom;

        private Saved() {}

        /**
         * Takes a region.
         *
         * @throws CorruptDataException if it is none, or does not come in its turn
         */
        public void region(int index, long start, byte[] bytes) {
            Device current = device;
            while (current == null || current.whole().device() != index) {
                current = nextDevice();
            }
            long offset = start - current.whole().start();
            if (start < known
                    || offset % current.regionBytes() != 0
                    || start >= current.whole().end()) {
                throw new CorruptDataException(
                        "no region of device " + index + " begins at " + start);
            }
            DeviceRange region = current.region((int) (offset / current.regionBytes()));
            if (known < start && freeFrom < 0) {
                freeFrom = known;
            }
            long at = region.start();
            ByteReader in = new ByteReader(bytes);
            while (!in.atEnd()) {
                long gap = blocks(in, region.end() - at);
                if (gap > 0) {
                    taken(at);
                }
                at += gap;
                long length = blocks(in, region.end() - at);
                if (freeFrom < 0 && length > 0) {
                    freeFrom = at;
                }
                at += length;
            }
            if (at < region.end()) {
                taken(at);
            }
            known = region.end();
        }

        private long blocks(ByteReader in, long mostBytes) {
            long blocks = in.readVar();
            if (blocks > mostBytes >> blockShift) {
                throw new CorruptDataException("a region with more free than it has");
            }
            return blocks << blockShift;
        }

        /** From here on something is taken. */
        private void taken(long at) {
            if (freeFrom >= 0) {
                left.add(Objects.requireNonNull(device).whole().device(), freeFrom, at);
                freeFrom = -1;
            }
        }

        private Device nextDevice() {
            finishDevice();
            if (!coming.hasNext()) {
                throw new CorruptDataException("a region of a device that is not there");
            }
            Device next = coming.next();
            device = next;
            known = next.whole().start();
            freeFrom = -1;
            return next;
        }

        private void finishDevice() {
            Device current = device;
            if (current != null) {
                if (known < current.whole().end() && freeFrom < 0) {
                    freeFrom = known;
                }
                taken(current.whole().end());
                device = null;
            }
        }

        /** What was not told of is free. */
        public void end() {
            while (coming.hasNext()) {
                device = nextDevice();
            }
            finishDevice();
            left.end();
            devices.values().forEach(each -> each.changed().clear());
        }
    }

    /** Marks a range of a device of this volume as free; none of it may be free yet. */
    public void release(DeviceRange range) {
        requireAligned(range);
        Device device = devices.get(range.device());
        if (device == null
                || range.start() < device.whole().start()
                || range.end() > device.whole().end()) {
            throw new IllegalStateException(range + " is released, but not of this volume");
        }
        FreeExtents there = of(range.device());
        if (there.overlaps(range)) {
            throw new IllegalStateException(range + " is released, but part of it is free already");
        }
        device.changes(range);
        long start = range.start();
        long end = range.end();
        DeviceRange before = there.endingAt(new DeviceGoal(range.device(), start));
        if (before != null) {
            remove(before);
            start = before.start();
        }
        DeviceRange after = there.containing(new DeviceGoal(range.device(), end));
        if (after != null) {
            remove(after);
            end = after.end();
        }
        add(new DeviceRange(range.device(), start, end - start));
    }

    /** Whether every byte of {@code range} is free. */
    public boolean isFree(DeviceRange range) {
        DeviceRange extent =
                of(range.device()).containing(new DeviceGoal(range.device(), range.start()));
        return extent != null && extent.end() >= range.end();
    }

    /** Shows every free extent, those of withdrawn devices last; no two of one device touch. */
    public void forEach(Consumer<DeviceRange> action) {
        free.all().forEach(action);
        freeOnWithdrawn.all().forEach(action);
    }

    private @Nullable ByteRange groupOf(DeviceGoal goal) {
        Device device = devices.get(goal.device());
        if (device == null) {
            return null;
        }
        DeviceRange whole = device.whole();
        // A goal right after the last block of the device belongs to the last group.
        long inside = Math.clamp(goal.offset(), whole.start(), whole.end() - 1);
        return inside == goal.offset() || goal.offset() == whole.end()
                ? device.groupOf(inside)
                : null;
    }

    private @Nullable DeviceGoal firstFree(long number) {
        DeviceGoal start = groupStart(number);
        if (free.containing(start) != null) {
            return start;
        }
        DeviceRange next = free.startingFrom(start);
        ByteRange group = groupOf(start);
        return next != null
                        && group != null
                        && next.device() == start.device()
                        && next.start() < group.end()
                ? new DeviceGoal(next.device(), next.start())
                : null;
    }

    private boolean hasRoom(DeviceGoal goal) {
        ByteRange group = Objects.requireNonNull(groupOf(goal));
        DeviceRange extent = Objects.requireNonNull(free.containing(goal));
        return extent.end() - goal.offset() >= group.length() / GOOD_PART_OF_GROUP;
    }

    private DeviceGoal groupStart(long number) {
        Map.Entry<Long, Device> entry = firstGroups.floorEntry(number);
        Device device = entry.getValue();
        int index = Math.toIntExact(number - entry.getKey());
        return new DeviceGoal(device.whole().device(), device.group(index).start());
    }

    private void requireAligned(DeviceRange range) {
        if (range.start() % blockSize != 0 || range.length() % blockSize != 0) {
            throw new IllegalArgumentException(
                    range + " is not of whole blocks of " + blockSize + " bytes");
        }
    }
}
