package dev.outlay.core.space;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Spreads bytes of a file over the devices of a volume and changes nothing.
 *
 * <p>First each stripe unit gets its device: the one whose turn it is, or the next in the rotation
 * with room for all of it, or what is left on several. Then each device is planned once for all
 * that fell to it, so that plans of several units never meet; then the units take their pieces in
 * the order of the file.
 */
final class StripePlanner {

    private final NavigableMap<Integer, FreeExtents> free;
    private final List<Integer> devices;
    private final Map<Integer, Long> room = new TreeMap<>();
    private final long stripeBytes;
    private final long inode;
    private final long blockSize;

    /** So many bytes of the file, on this device. */
    private record Share(int device, long fileOffset, long length) {}

    StripePlanner(
            NavigableMap<Integer, FreeExtents> free, long stripeBytes, long inode, long blockSize) {
        this.free = free;
        this.devices = List.copyOf(free.keySet());
        this.stripeBytes = stripeBytes;
        this.inode = inode;
        this.blockSize = blockSize;
        free.forEach((device, extents) -> room.put(device, extents.bytes()));
    }

    List<DeviceRange> plan(
            List<ByteRange> pieces,
            StripeGoals goals,
            Function<DeviceGoal, @Nullable ByteRange> groupOf,
            int maxPieces) {
        List<Share> shares = new ArrayList<>();
        for (ByteRange piece : pieces) {
            for (long at = piece.start(); at < piece.end(); ) {
                long end = Math.min(piece.end(), (at / stripeBytes + 1) * stripeBytes);
                if (!assign(at, end - at, shares)) {
                    return List.of();
                }
                at = end;
            }
        }
        Map<Integer, Deque<DeviceRange>> planned = new TreeMap<>();
        for (int device : devices) {
            List<Share> mine = shares.stream().filter(s -> s.device == device).toList();
            if (mine.isEmpty()) {
                continue;
            }
            DeviceGoal goal = goals.of(device, mine.getFirst().fileOffset, devices.size());
            List<DeviceRange> found =
                    new SpacePlanner(
                                    freeOf(device),
                                    mine.stream().mapToLong(Share::length).sum(),
                                    goal,
                                    blockSize,
                                    maxPieces)
                            .plan(blockSize, groupOf);
            if (found.isEmpty()) {
                return List.of();
            }
            planned.put(device, new ArrayDeque<>(found));
        }
        List<DeviceRange> laid = new ArrayList<>();
        for (Share share : shares) {
            lay(share, Objects.requireNonNull(planned.get(share.device)), laid);
        }
        return laid.size() <= maxPieces ? laid : List.of();
    }

    /** Finds a place for one stripe unit, or a part of one; false if the volume is full. */
    private boolean assign(long fileOffset, long length, List<Share> shares) {
        if (devices.isEmpty()) {
            return false;
        }
        int turn = Math.floorMod(inode + fileOffset / stripeBytes, devices.size());
        for (int i = 0; i < devices.size(); i++) {
            int device = devices.get((turn + i) % devices.size());
            if (roomOn(device) >= length) {
                give(device, fileOffset, length, shares);
                return true;
            }
        }
        long left = length;
        for (int i = 0; i < devices.size() && left > 0; i++) {
            int device = devices.get((turn + i) % devices.size());
            long part = Math.min(left, roomOn(device));
            if (part > 0) {
                give(device, fileOffset + length - left, part, shares);
                left -= part;
            }
        }
        return left == 0;
    }

    private void give(int device, long fileOffset, long length, List<Share> shares) {
        room.put(device, roomOn(device) - length);
        shares.add(new Share(device, fileOffset, length));
    }

    private long roomOn(int device) {
        return Objects.requireNonNull(room.get(device));
    }

    private FreeExtents freeOf(int device) {
        return Objects.requireNonNull(free.get(device));
    }

    /**
     * The next bytes planned on the share's device, joined to the piece before where they touch.
     */
    private static void lay(Share share, Deque<DeviceRange> planned, List<DeviceRange> laid) {
        for (long left = share.length; left > 0; ) {
            DeviceRange next = planned.removeFirst();
            long length = Math.min(left, next.length());
            if (length < next.length()) {
                planned.addFirst(next.slice(length, next.length() - length));
            }
            DeviceRange piece = next.slice(0, length);
            DeviceRange last = laid.isEmpty() ? null : laid.getLast();
            if (last != null && last.device() == piece.device() && last.end() == piece.start()) {
                laid.set(
                        laid.size() - 1,
                        new DeviceRange(
                                last.device(), last.start(), last.length() + piece.length()));
            } else {
                laid.add(piece);
            }
            left -= length;
        }
    }
}
