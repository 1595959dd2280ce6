package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.state.KeyRange;
import dev.outlay.core.state.Row;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.server.OutlayServer;
import dev.outlay.server.StartException;
import dev.outlay.server.checkpoint.CheckpointStore;
import dev.outlay.server.checkpoint.FaultyCheckpoints;
import dev.outlay.server.checkpoint.RocksCheckpoints;
import dev.outlay.server.engine.VolumeStore;
import dev.outlay.server.journal.FaultyJournalStorage;
import dev.outlay.server.journal.JournalFile;
import dev.outlay.server.journal.JournalOptions;
import dev.outlay.v1.MapBlocksResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Scenario 41: what becomes of a killed server's journal that is cut, or damaged. */
class JournalTailTest extends ScenarioTest {
    private static final int SECTOR = 4096;

    /** Of what is written at the opening: small, for it is opened some ten thousand times. */
    private static final int SEGMENT_BYTES = 128 << 10;

    private static final String SEGMENT_SUFFIX = ".seg";
    private static final int FLIPPED_ROUNDS = 400;

    private @Nullable FaultyCheckpoints checkpoint;

    /** A journal whose last batch holds one operation that nobody was answered. */
    private record Killed(long file, long answered, long end, Path segment, long segmentStart) {
        /** Where a position of the journal lies in the segment. */
        int offset(long position) {
            return Math.toIntExact(SECTOR + position - segmentStart);
        }
    }

    /** Works a while, is killed, and leaves its journal: four blocks committed, then two more. */
    private Killed killed(ScenarioServer server) throws Exception {
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(41, 4 * BLOCK));
        MapBlocksResponse mapped = a.map(file, RW, 4 * BLOCK, 2 * BLOCK);
        a.store(mapped.getExtentsList(), 4 * BLOCK, pattern(42, 2 * BLOCK));
        long answered = server.status().getJournalPosition();
        var _ = a.committing(file).all(mapped).last(6 * BLOCK - 1).send();
        long end = server.status().getJournalPosition();
        server.crash();
        Path segment = newestSegment(server.volumeDirectory());
        String name = segment.getFileName().toString();
        long start = Long.parseLong(name.substring(name.lastIndexOf('-') + 1, name.length() - 4));
        assertTrue(start <= answered && answered < end);
        return new Killed(file, answered, end, segment, start);
    }

    private static Path newestSegment(Path volume) throws IOException {
        try (Stream<Path> all = Files.list(volume)) {
            return all.filter(path -> path.toString().endsWith(SEGMENT_SUFFIX))
                    .max(Path::compareTo)
                    .orElseThrow();
        }
    }

    @Test
    void scenario41CutAtEveryByteOfTheTail() throws Exception {
        Killed killed = killed(serveFromProcess());
        int tail = killed.offset(killed.answered());
        int end = killed.offset(killed.end());
        byte[] whole = Arrays.copyOf(Files.readAllBytes(killed.segment()), end + 4 * SECTOR);
        for (int cut = tail; cut <= end; cut++) {
            byte[] start = Arrays.copyOf(whole, cut);
            byte[] torn = Arrays.copyOf(start, whole.length);
            // The batch ends with zeros up to a whole sector: they are as good as the ones cut off.
            boolean complete = Arrays.equals(torn, whole);
            assertOpens(killed, start, complete, "cut at " + cut);
            assertOpens(killed, torn, complete, "torn at " + cut);
        }
    }

    private void assertOpens(Killed killed, byte[] segment, boolean complete, String what)
            throws IOException {
        VolumeState state;
        try {
            state = load(killed, segment);
        } catch (IOException e) {
            throw new AssertionError(what + ": it must open", e);
        }
        assertEquals(List.of(), StateChecker.check(state.tables()), what);
        var file = state.tables().file(new FileId(killed.file()));
        assertTrue(file != null, what);
        assertEquals((complete ? 6L : 4L) * BLOCK, file.sizeBytes(), what);
        long written =
                file.extents().all().stream()
                        .filter(e -> e.state() == ExtentState.WRITTEN)
                        .mapToLong(e -> e.length())
                        .sum();
        assertEquals(file.sizeBytes(), written, what);
    }

    /** Opens the folder in memory with another content of the newest segment. */
    private VolumeState load(Killed killed, byte[] segment) throws IOException {
        return load(Map.of(killed.segment().getFileName().toString(), segment));
    }

    private VolumeState load(Map<String, byte[]> contents) throws IOException {
        FaultyJournalStorage disk = new FaultyJournalStorage(new Random(41));
        UUID uuid = new UUID(0, 0);
        try (Stream<Path> files = Files.list(server().volumeDirectory())) {
            for (Path path : files.toList()) {
                String name = path.getFileName().toString();
                if (Files.isDirectory(path)) {
                    continue;
                }
                if (name.equals("volume-uuid")) {
                    uuid = UUID.fromString(Files.readString(path).strip());
                } else if (contents.containsKey(name)) {
                    put(disk, name, contents.getOrDefault(name, new byte[0]));
                } else if (!name.endsWith(".tmp") && Files.size(path) > 0) {
                    put(disk, name, Files.readAllBytes(path));
                }
            }
        }
        JournalOptions options =
                new JournalOptions(
                        uuid,
                        SEGMENT_BYTES,
                        SEGMENT_BYTES / 4,
                        1 << 16,
                        new Random(41)::nextLong,
                        Runnable::run);
        VolumeStore.Loaded loaded =
                new VolumeStore(disk, options, Limits.DEFAULT, checkpoints(uuid)).load();
        loaded.journal().close();
        return loaded.state();
    }

    /** What the server's checkpoint holds, in memory. */
    private CheckpointStore.Place checkpoints(UUID uuid) throws IOException {
        FaultyCheckpoints read = checkpoint;
        if (read == null) {
            read = new FaultyCheckpoints(new Random(41));
            List<Row> rows = new ArrayList<>();
            try (CheckpointStore there =
                            new RocksCheckpoints(server().volumeDirectory(), uuid).inspect();
                    CheckpointStore copy = read.open()) {
                there.read(KeyRange.all(), (key, value) -> rows.add(new Row.Put(key, value)));
                copy.write(there.position(), rows);
                copy.flush();
            }
            checkpoint = read;
        }
        return read.copyOfWhatIsFlushed(new Random(41));
    }

    private static void put(FaultyJournalStorage disk, String name, byte[] content)
            throws IOException {
        try (JournalFile file = disk.create(name, 0)) {
            assertEquals(0, file.length());
        }
        disk.setContent(name, content);
    }

    /** The same with the server itself, on disk, at a few of the bytes; then the answered bytes. */
    @Test
    void scenario41ServerStartsOverACutTail() throws Exception {
        ScenarioServer server = serveFromProcess();
        Killed killed = killed(server);
        int tail = killed.offset(killed.answered());
        byte[] whole = Files.readAllBytes(killed.segment());
        Files.write(killed.segment(), Arrays.copyOf(whole, tail + 100));
        server.start();
        TestClient b = client("b");
        assertEquals(4 * BLOCK, b.attributes(killed.file()).getSizeBytes());
        assertEquals(List.of(), server.findings());
        server.restart();
        TestClient c = client("c");
        assertEquals(4 * BLOCK, c.attributes(killed.file()).getSizeBytes());
        assertArrayEquals(
                pattern(41, 4 * BLOCK),
                server.device()
                        .load(c.extents(killed.file()).getFirst().getDeviceOffset(), 4 * BLOCK));
    }

    /** A bit that flipped in what a later header proves to be forced: no guess, no start. */
    @Test
    void scenario41FlippedBitBeforeTheTail() throws Exception {
        Killed killed = killed(serveFromProcess());
        int tail = killed.offset(killed.answered());
        byte[] whole =
                Arrays.copyOf(
                        Files.readAllBytes(killed.segment()), killed.offset(killed.end()) + SECTOR);
        Random random = new Random(41);
        for (int at = SECTOR; at < tail; at += 1 + random.nextInt(61)) {
            byte[] damaged = whole.clone();
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            String where = "flipped at " + at;
            IOException refused =
                    assertThrows(IOException.class, () -> load(killed, damaged), where);
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains(killed.segment().getFileName().toString()), message);
            int named = namedByte(message);
            assertTrue(named <= at && at - named < 16 * SECTOR, where + ": " + message);
        }
    }

    /**
     * Some bits anywhere in segments. In the tail: it opens, with what was answered. Before it: it
     * refuses and names the file, unless the place is of no use to anybody, as what lies before the
     * checkpoint is; then nothing is missing.
     */
    @Test
    void scenario41RandomBitsAnywhere() throws Exception {
        ScenarioServer server = serveFromProcess();
        TestClient other = client("other");
        for (int i = 0; i < 2; i++) {
            var _ = other.create("before-" + i);
            var _ = server.takeSnapshot();
        }
        other.end();
        Killed killed = killed(server);
        int tail = killed.offset(killed.answered());
        int end = killed.offset(killed.end());
        Map<Path, byte[]> whole = new TreeMap<>();
        try (Stream<Path> files = Files.list(server.volumeDirectory())) {
            for (Path path : files.toList()) {
                String name = path.getFileName().toString();
                if (name.endsWith(SEGMENT_SUFFIX)) {
                    whole.put(path, Files.readAllBytes(path));
                }
            }
        }
        whole.computeIfPresent(killed.segment(), (_, bytes) -> Arrays.copyOf(bytes, end + SECTOR));
        List<Path> paths = List.copyOf(whole.keySet());
        long seed = Long.getLong("outlay.seed", 41);
        Random random = new Random(seed);
        int opened = 0;
        for (int round = 0; round < FLIPPED_ROUNDS; round++) {
            Path path =
                    random.nextInt(3) == 0
                            ? killed.segment()
                            : paths.get(random.nextInt(paths.size()));
            boolean newest = path.equals(killed.segment());
            byte[] damaged = whole.getOrDefault(path, new byte[0]).clone();
            int from = newest && random.nextBoolean() ? tail : 0;
            boolean inTail = newest;
            StringBuilder where =
                    new StringBuilder("seed " + seed + ", round " + round + ", " + path);
            // All in one place: where an answered batch and the one behind it that says so are both
            // damaged, nobody can tell it from a torn tail.
            int place = from + random.nextInt(damaged.length - from);
            int low = Math.max(from, place - place % SECTOR);
            int high = Math.min(damaged.length, place - place % SECTOR + SECTOR);
            for (int bits = 1 + random.nextInt(4); bits > 0; bits--) {
                int at = low + random.nextInt(high - low);
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                inTail &= at >= tail;
                where.append(", byte ").append(at);
            }
            VolumeState state;
            try {
                state = load(Map.of(path.getFileName().toString(), damaged));
            } catch (IOException refused) {
                assertTrue(!inTail, () -> where + " is in the tail: " + refused);
                String message = String.valueOf(refused.getMessage());
                assertTrue(message.contains("" + path.getFileName()), () -> where + ": " + message);
                continue;
            }
            opened++;
            assertEquals(List.of(), StateChecker.check(state.tables()), where::toString);
            var file = state.tables().file(new FileId(killed.file()));
            assertTrue(file != null, where::toString);
            long blocks = file.sizeBytes() / BLOCK;
            // Of what was under way, all or nothing; before the tail nothing may be missing.
            assertTrue(blocks == 6 || (inTail && blocks == 4), () -> where + ": " + blocks);
        }
        assertTrue(opened > 0 && opened < FLIPPED_ROUNDS, "both happen: " + opened);
    }

    private static int namedByte(String message) {
        String after = message.substring(message.indexOf("at byte ") + "at byte ".length());
        return Integer.parseInt(after.substring(0, after.indexOf(' ')));
    }

    @Test
    void scenario41ServerRefusesToStartOverDamage() throws Exception {
        ScenarioServer server = serveFromProcess();
        Killed killed = killed(server);
        byte[] damaged = Files.readAllBytes(killed.segment());
        damaged[SECTOR + 100] ^= 4;
        Files.write(killed.segment(), damaged);
        StartException refused =
                assertThrows(
                        StartException.class,
                        () -> OutlayServer.start(server.config(Map.of("require-volumes", "true"))));
        String message = String.valueOf(refused.getMessage());
        assertTrue(message.contains("volume 'v'"), message);
        assertTrue(message.contains(killed.segment().toString()), message);
        assertTrue(message.contains("at byte " + SECTOR), message);
        ScenarioServer.Fsck fsck = server.fsck();
        assertTrue(fsck.exitCode() != 0, fsck::output);
        assertTrue(fsck.output().contains(killed.segment().getFileName().toString()), fsck::output);
        assertArrayEquals(damaged, Files.readAllBytes(killed.segment()), "nothing was changed");

        // The good bytes back, and it goes on as if nothing had been.
        damaged[SECTOR + 100] ^= 4;
        Files.write(killed.segment(), damaged);
        server.start();
        assertEquals(6 * BLOCK, client("b").attributes(killed.file()).getSizeBytes());
    }
}
