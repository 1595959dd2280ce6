package dev.outlay.core.history;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who could touch which bytes, as the lines of an exposure log add up to it: files with their
 * blocks, clients with what they hold, and for each block who uses it and which ended clients may
 * still touch it. A model of its own, as plain as can be, and as large as what is live.
 */
final class Exposure {

    /**
     * Where bytes of a file lie.
     *
     * @param shift device offset less file offset
     */
    record Place(int device, long shift, boolean written, boolean kept) {
        static Place of(Extent extent) {
            return new Place(
                    extent.device(),
                    extent.deviceOffset() - extent.fileOffset(),
                    extent.state() == ExtentState.WRITTEN,
                    extent.has(Extent.KEPT));
        }

        boolean isSamePlace(Place other) {
            return device == other.device && shift == other.shift;
        }
    }

    enum Use {
        MAPPED,
        FRESH,
        WORK
    }

    /**
     * What a block is used for.
     *
     * @param id of the file, or of the device work that keeps it
     * @param shift file offset less device offset
     */
    record Owner(Use use, long id, long shift) {}

    /** One device: what its blocks are used for, and which ended clients may still touch them. */
    static final class Device {
        final int index;
        final long start;
        final long length;
        final long incarnation;
        boolean retiring;
        final Spans<List<Owner>> uses = new Spans<>();
        final Spans<SortedSet<Long>> suspects = new Spans<>();

        Device(int index, long start, long length, long incarnation) {
            this.index = index;
            this.start = start;
            this.length = length;
            this.incarnation = incarnation;
        }

        boolean isIdle() {
            return uses.isEmpty() && suspects.isEmpty();
        }
    }

    /** What one client holds on one file. */
    static final class Held {
        int seqid;
        final Spans<GrantKind> ranges = new Spans<>();

        /** Held as READ when the server went away, and not restated yet. */
        final Spans<GrantKind> unrestated = new Spans<>();
    }

    static final class File {
        final long id;
        long parent;
        String name;
        boolean directory;
        boolean removing;
        boolean concurrent;
        long size;
        long change;
        long modified;
        long epoch;
        final Spans<Place> map = new Spans<>();
        final Spans<Place> fresh = new Spans<>();
        final Map<Long, Held> held = new TreeMap<>();

        File(long id, long parent, String name) {
            this.id = id;
            this.parent = parent;
            this.name = name;
        }

        Spans<Place> blocks(Use use) {
            return use == Use.FRESH ? fresh : map;
        }
    }

    static final class Client {
        final long id;
        final String owner;
        final String principal;
        @Nullable String ended;
        final TreeSet<Long> files = new TreeSet<>();

        Client(long id, String owner, String principal) {
            this.id = id;
            this.owner = owner;
            this.principal = principal;
        }

        boolean isSameOwner(Client other) {
            return owner.equals(other.owner) && principal.equals(other.principal);
        }
    }

    /**
     * Something the server does on devices; {@code reading} only keeps blocks in their place.
     *
     * @param client who asked for it; 0 if nobody did, or nobody remembers
     */
    record Work(
            long id,
            long file,
            ByteRange range,
            boolean reading,
            String what,
            long client,
            List<DeviceRange> kept) {

        static Work of(HistoryLine line, boolean reading) throws HistoryFormatException {
            return new Work(
                    line.number("work"),
                    line.number("file"),
                    line.ranges("range").getFirst(),
                    reading,
                    line.has("what") ? line.text("what") : "Read",
                    line.has("client") ? line.client("client") : 0,
                    line.places("keeps"));
        }

        /** It zeros the end of a last block where it lies, for nobody's request. */
        boolean isPastEndOfFile() {
            return what.equals("Nothing") && kept.isEmpty();
        }
    }

    final Map<Integer, Device> devices = new TreeMap<>();
    final Map<Long, File> files = new TreeMap<>();
    final Map<Long, Client> clients = new TreeMap<>();
    final Map<Long, Work> works = new TreeMap<>();
    boolean grace;

    // ---- finding

    Device device(int index) throws Contradiction {
        Device device = devices.get(index);
        if (device == null) {
            throw new Contradiction("I23", "there is no device " + index);
        }
        return device;
    }

    File file(long id) throws Contradiction {
        File file = files.get(id);
        if (file == null) {
            throw new Contradiction("I4", "there is no file " + id);
        }
        return file;
    }

    Client client(long id) throws Contradiction {
        Client client = clients.get(id);
        if (client == null) {
            throw new Contradiction("I10", "there is no client " + hex(id));
        }
        return client;
    }

    static String hex(long client) {
        return java.util.HexFormat.of().toHexDigits(client);
    }

    /** The path of a file by the names of this moment. */
    String path(long id) {
        StringBuilder path = new StringBuilder();
        File file = files.get(id);
        for (int depth = 0; file != null && file.id != file.parent && depth < 256; depth++) {
            path.insert(0, "/" + file.name);
            file = files.get(file.parent);
        }
        return path.isEmpty() ? "/" : path.toString();
    }

    // ---- blocks

    /** Ended clients that may still touch a part of these blocks. */
    SortedSet<Long> suspects(int device, long start, long end) throws Contradiction {
        TreeSet<Long> all = new TreeSet<>();
        device(device).suspects.within(start, end).forEach(span -> all.addAll(span.value()));
        return all;
    }

    void suspect(DeviceRange place, long client) throws Contradiction {
        Spans<SortedSet<Long>> suspects = device(place.device()).suspects;
        for (Spans.Span<Boolean> gap : suspects.gaps(place.start(), place.end())) {
            suspects.put(gap.start(), gap.end(), new TreeSet<>(List.of(client)));
        }
        suspects.change(
                place.start(),
                place.end(),
                before -> {
                    TreeSet<Long> more = new TreeSet<>(before);
                    more.add(client);
                    return more;
                });
    }

    /** It is proven that the client touches nothing any more. */
    void acquit(long client) {
        for (Device device : devices.values()) {
            for (Spans.Span<SortedSet<Long>> span : device.suspects.all()) {
                if (!span.value().contains(client)) {
                    continue;
                }
                TreeSet<Long> others = new TreeSet<>(span.value());
                others.remove(client);
                if (others.isEmpty()) {
                    device.suspects.remove(span.start(), span.end());
                } else {
                    device.suspects.put(span.start(), span.end(), others);
                }
            }
        }
    }

    boolean isSuspect(long client) {
        return devices.values().stream()
                .flatMap(device -> device.suspects.all().stream())
                .anyMatch(span -> span.value().contains(client));
    }

    /** Blocks get one more owner, whatever they have. */
    void use(int device, long start, long end, Owner owner) throws Contradiction {
        Spans<List<Owner>> uses = device(device).uses;
        for (Spans.Span<Boolean> gap : uses.gaps(start, end)) {
            uses.put(gap.start(), gap.end(), List.of());
        }
        uses.change(
                start,
                end,
                before -> {
                    List<Owner> more = new ArrayList<>(before);
                    more.add(owner);
                    return List.copyOf(more);
                });
    }

    /** Blocks lose an owner; without any they are nobody's. */
    void disuse(int device, long start, long end, Owner owner) throws Contradiction {
        Spans<List<Owner>> uses = device(device).uses;
        for (Spans.Span<List<Owner>> span : uses.within(start, end)) {
            List<Owner> left = new ArrayList<>(span.value());
            left.remove(owner);
            if (left.isEmpty()) {
                uses.remove(span.start(), span.end());
            } else {
                uses.put(span.start(), span.end(), List.copyOf(left));
            }
        }
    }

    /** Whether a part of what the file has in a range is in another map, too. */
    boolean isShared(Spans.Span<Place> piece) throws Contradiction {
        long shift = piece.value().shift();
        return device(piece.value().device())
                .uses
                .within(piece.start() + shift, piece.end() + shift)
                .stream()
                .anyMatch(span -> span.value().size() > 1);
    }

    /** Puts blocks into a file. */
    void insert(File file, Use use, Extent extent) throws Contradiction {
        file.blocks(use).put(extent.fileOffset(), extent.end(), Place.of(extent));
        use(
                extent.device(),
                extent.deviceOffset(),
                extent.deviceOffset() + extent.length(),
                new Owner(use, file.id, extent.fileOffset() - extent.deviceOffset()));
    }

    /** Takes blocks out of a file. */
    List<Spans.Span<Place>> remove(File file, Use use, ByteRange range) throws Contradiction {
        List<Spans.Span<Place>> taken = file.blocks(use).take(range.start(), range.end());
        for (Spans.Span<Place> piece : taken) {
            long shift = piece.value().shift();
            disuse(
                    piece.value().device(),
                    piece.start() + shift,
                    piece.end() + shift,
                    new Owner(use, file.id, -shift));
        }
        return taken;
    }
}
