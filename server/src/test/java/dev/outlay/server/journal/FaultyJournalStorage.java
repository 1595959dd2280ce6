package dev.outlay.server.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * A disk in memory that behaves as badly as a real one may, by a seed.
 *
 * <ul>
 *   <li>A crash keeps of what was not forced any set of 512-byte sectors, and of the directory's
 *       changes since its last sync any first part.
 *   <li>A force that fails keeps any set of sectors and forgets that the others are dirty: reads go
 *       on showing them, a second force succeeds without writing them, a crash takes them away.
 *   <li>It can crash inside any operation, fail any, and be full.
 * </ul>
 */
public final class FaultyJournalStorage implements JournalStorage {

    /** The machine stopped; nothing works before {@link #restart}. */
    public static final class Crash extends Error {
        private static final long serialVersionUID = 1;

        Crash() {
            super("the machine stopped");
        }
    }

    private static final int TEAR_BYTES = 512;

    private final RandomGenerator random;
    private Map<String, Node> names = new TreeMap<>();
    private final List<Map<String, Node>> unsynced = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private long capacityBytes = Long.MAX_VALUE;
    private long operationsToCrash = Long.MAX_VALUE;
    private long operationsToFailure = Long.MAX_VALUE;
    private boolean durableWrites;
    private boolean crashed;

    /** Content as reads see it and as the disk has it. */
    private static final class Node {
        byte[] seen = new byte[0];
        byte[] durable = new byte[0];
        final TreeSet<Integer> dirty = new TreeSet<>();
    }

    public FaultyJournalStorage(RandomGenerator random) {
        this.random = random;
        unsynced.add(new HashMap<>());
    }

    /** Writes are durable when they return, as with O_DSYNC; a crash inside one still tears it. */
    public void setDurableWrites(boolean durable) {
        durableWrites = durable;
    }

    /** All files together get no larger than this. */
    public void setCapacityBytes(long bytes) {
        capacityBytes = bytes;
    }

    /** The machine stops inside the {@code operations}-th change from now. */
    public void crashAfter(long operations) {
        operationsToCrash = operations;
    }

    /** The {@code operations}-th write or force from now fails. */
    public void failAfter(long operations) {
        operationsToFailure = operations;
    }

    /**
     * Something else on this disk is changed: it counts as one change, and may fail, also for want
     * of room.
     */
    public void changeElsewhere() throws IOException {
        requireUp();
        step();
        maybeFail("change elsewhere");
        if (names.values().stream().mapToLong(node -> node.seen.length).sum() >= capacityBytes) {
            throw new JournalFullException("no space for a change elsewhere");
        }
    }

    public boolean hasCrashed() {
        return crashed;
    }

    /**
     * Stops the machine, unless it has stopped, and starts it again with what the disk has kept.
     */
    public void restart() {
        int kept = random.nextInt(unsynced.size());
        names = new TreeMap<>(unsynced.get(kept));
        unsynced.clear();
        unsynced.add(new HashMap<>(names));
        for (Node node : nodes) {
            keepSome(node);
            node.seen = node.durable.clone();
        }
        nodes.retainAll(names.values());
        crashed = false;
        operationsToCrash = Long.MAX_VALUE;
        operationsToFailure = Long.MAX_VALUE;
    }

    /** Another disk, with what this one would keep in a crash if it kept nothing unforced. */
    public FaultyJournalStorage copyOfWhatIsForced(RandomGenerator dice) {
        FaultyJournalStorage copy = new FaultyJournalStorage(dice);
        unsynced.getFirst()
                .forEach(
                        (name, node) -> {
                            Node twin = new Node();
                            twin.durable = node.durable.clone();
                            twin.seen = node.durable.clone();
                            copy.nodes.add(twin);
                            copy.names.put(name, twin);
                        });
        copy.unsynced.clear();
        copy.unsynced.add(new HashMap<>(copy.names));
        return copy;
    }

    /** Content of a file, to be read or damaged; what is done to it is on the disk at once. */
    public byte[] content(String name) throws IOException {
        return node(name).seen.clone();
    }

    public void setContent(String name, byte[] content) throws IOException {
        Node node = node(name);
        node.seen = content.clone();
        node.durable = content.clone();
        node.dirty.clear();
    }

    @Override
    public List<String> list() {
        requireUp();
        return List.copyOf(names.keySet());
    }

    @Override
    public JournalFile create(String name, long lengthBytes) throws IOException {
        requireUp();
        if (names.containsKey(name)) {
            throw new FileAlreadyExistsException(name);
        }
        long used = names.values().stream().mapToLong(node -> node.seen.length).sum();
        if (lengthBytes > capacityBytes - used) {
            throw new JournalFullException("no space for " + name);
        }
        Node node = new Node();
        node.seen = new byte[(int) lengthBytes];
        nodes.add(node);
        changeNames(copy -> copy.put(name, node));
        node.durable = node.seen.clone();
        return new File(node);
    }

    @Override
    public JournalFile open(String name) throws IOException {
        return new File(node(name));
    }

    @Override
    public long length(String name) throws IOException {
        return node(name).seen.length;
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Node node = node(from);
        changeNames(
                copy -> {
                    copy.remove(from);
                    copy.put(to, node);
                });
    }

    @Override
    public void delete(String name) {
        requireUp();
        changeNames(copy -> copy.remove(name));
    }

    @Override
    public void truncate(String name, long lengthBytes) throws IOException {
        Node node = node(name);
        step();
        node.seen = Arrays.copyOf(node.seen, (int) lengthBytes);
        node.dirty.removeIf(sector -> (long) sector * TEAR_BYTES >= lengthBytes);
        if (random.nextBoolean()) {
            node.durable = Arrays.copyOf(node.durable, (int) lengthBytes);
        }
    }

    @Override
    public void syncDirectory() throws IOException {
        requireUp();
        step();
        maybeFail("directory sync");
        unsynced.clear();
        unsynced.add(new HashMap<>(names));
    }

    @Override
    public String describe(String name) {
        return "mem:/" + name;
    }

    private void changeNames(Consumer<Map<String, Node>> change) {
        step();
        change.accept(names);
        unsynced.add(new HashMap<>(names));
    }

    private Node node(String name) throws IOException {
        requireUp();
        Node node = names.get(name);
        if (node == null) {
            throw new NoSuchFileException(name);
        }
        return node;
    }

    private void requireUp() {
        if (crashed) {
            throw new Crash();
        }
    }

    private boolean crashesNow() {
        crashed |= --operationsToCrash <= 0;
        return crashed;
    }

    private void step() {
        if (crashesNow()) {
            throw new Crash();
        }
    }

    private void maybeFail(String what) throws IOException {
        if (--operationsToFailure == 0) {
            throw new IOException("injected failure of a " + what);
        }
    }

    private void keepSome(Node node) {
        if (node.dirty.isEmpty()) {
            return;
        }
        int style = random.nextInt(4);
        for (int sector : node.dirty) {
            if (style == 0 || (style > 1 && random.nextBoolean())) {
                persist(node, sector);
            }
        }
        node.dirty.clear();
    }

    private static void persist(Node node, int sector) {
        int from = sector * TEAR_BYTES;
        int to = Math.min(from + TEAR_BYTES, node.seen.length);
        if (to > node.durable.length) {
            node.durable = Arrays.copyOf(node.durable, to);
        }
        System.arraycopy(node.seen, from, node.durable, from, to - from);
    }

    private final class File implements JournalFile {
        private final Node node;

        File(Node node) {
            this.node = node;
        }

        @Override
        public long length() {
            requireUp();
            return node.seen.length;
        }

        @Override
        public int read(ByteBuffer target, long offset) {
            requireUp();
            requireAligned(target, offset);
            int count = (int) Math.min(target.remaining(), node.seen.length - offset);
            if (count <= 0) {
                return 0;
            }
            target.put(node.seen, (int) offset, count);
            return count;
        }

        @Override
        public void write(ByteBuffer source, long offset) throws IOException {
            requireUp();
            requireAligned(source, offset);
            boolean crash = crashesNow();
            int end = (int) offset + source.remaining();
            if (end > node.seen.length) {
                node.seen = Arrays.copyOf(node.seen, end);
            }
            source.get(node.seen, (int) offset, source.remaining());
            for (int sector = (int) offset / TEAR_BYTES; sector * TEAR_BYTES < end; sector++) {
                node.dirty.add(sector);
            }
            if (crash) {
                throw new Crash();
            }
            if (operationsToFailure == 1) {
                keepSome(node);
            }
            maybeFail("write");
            if (durableWrites) {
                persistAll();
            }
        }

        @Override
        public void force() throws IOException {
            requireUp();
            step();
            if (operationsToFailure == 1) {
                keepSome(node);
            }
            maybeFail("force");
            persistAll();
        }

        private void persistAll() {
            for (int sector : node.dirty) {
                persist(node, sector);
            }
            node.dirty.clear();
        }

        private static void requireAligned(ByteBuffer buffer, long offset) {
            if (!Sectors.isAligned(offset)
                    || !Sectors.isAligned(buffer.remaining())
                    || buffer.alignmentOffset(buffer.position(), Sectors.BYTES) != 0) {
                throw new IllegalArgumentException("direct I/O would refuse this");
            }
        }

        @Override
        public void close() {}
    }
}
