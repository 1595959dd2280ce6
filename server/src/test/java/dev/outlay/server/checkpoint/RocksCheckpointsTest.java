package dev.outlay.server.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.state.KeyRange;
import dev.outlay.core.state.Row;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksCheckpointsTest {

    private static final UUID VOLUME = new UUID(1, 2);

    @TempDir private Path folder;

    private RocksCheckpoints place() {
        return new RocksCheckpoints(folder, VOLUME);
    }

    private static Row put(String key, String value) {
        return new Row.Put(bytes(key), bytes(value));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> rows(CheckpointStore store) throws IOException {
        List<String> rows = new ArrayList<>();
        store.read(KeyRange.all(), (key, value) -> rows.add(text(key) + "=" + text(value)));
        return rows;
    }

    @Test
    void rowsComeBackInOrder() throws IOException {
        try (CheckpointStore store = place().open()) {
            assertEquals(0, store.position());
            assertEquals(List.of(), rows(store));
            store.write(4096, List.of(put("b", "2"), put("a", "1"), put("c", "3")));
            store.write(8192, List.of(new Row.Delete(bytes("a")), put("b", "4"), put("d", "5")));
            assertEquals(8192, store.position());
            assertEquals(List.of("b=4", "c=3", "d=5"), rows(store));
            store.flush();
        }
        try (CheckpointStore store = place().open()) {
            assertEquals(8192, store.position());
            assertEquals(List.of("b=4", "c=3", "d=5"), rows(store));
            store.write(
                    12288,
                    List.of(
                            new Row.DeleteRange(new KeyRange(bytes("b"), bytes("d"))),
                            put("bb", "6")));
            assertEquals(List.of("bb=6", "d=5"), rows(store));
            store.write(16384, List.of(new Row.DeleteRange(KeyRange.all()), put("z", "7")));
            assertEquals(List.of("z=7"), rows(store));
            assertEquals(16384, store.position());
        }
    }

    @Test
    void singleRowsAndRangesAreFound() throws IOException {
        try (CheckpointStore store = place().open()) {
            store.write(4096, List.of(put("a", "1"), put("b", "2"), put("c", "3"), put("d", "4")));
            KeyRange middle = new KeyRange(bytes("b"), bytes("d"));
            for (boolean flushed : new boolean[] {false, true}) {
                if (flushed) {
                    store.flush();
                }
                assertEquals("2", text(store.row(bytes("b"))));
                assertNull(store.row(bytes("bb")));
                List<String> keys = new ArrayList<>();
                store.keys(middle, key -> keys.add(text(key)));
                store.keys(KeyRange.all(), key -> keys.add(text(key)));
                assertEquals(List.of("b", "c", "a", "b", "c", "d"), keys);
                store.read(middle, (key, value) -> keys.add(text(key) + "=" + text(value)));
                assertEquals(List.of("b=2", "c=3"), keys.subList(6, keys.size()));
            }
        }
        try (CheckpointStore store = place().openToRead()) {
            assertEquals(4096, store.position());
            assertEquals("3", text(store.row(bytes("c"))));
            assertThrows(IOException.class, () -> store.write(8192, List.of(put("a", "5"))));
            assertEquals("1", text(store.row(bytes("a"))));
        }
    }

    private static String text(byte @Nullable [] bytes) {
        return new String(Objects.requireNonNull(bytes), StandardCharsets.UTF_8);
    }

    /** What was not flushed is gone with the process, whole writes at a time. */
    @Test
    void whatIsFlushedOutlivesTheProcess() throws IOException {
        Path copy = folder.resolve("copy");
        try (CheckpointStore store = place().open()) {
            store.write(4096, List.of(put("a", "1")));
            store.flush();
            store.write(8192, List.of(put("a", "2"), put("b", "3")));
            copyTree(folder.resolve(RocksCheckpoints.FOLDER), copy.resolve("checkpoint"));
        }
        try (CheckpointStore store = new RocksCheckpoints(copy, VOLUME).open()) {
            assertEquals(4096, store.position());
            assertEquals(List.of("a=1"), rows(store));
        }
    }

    @Test
    void anotherVolumesIsRefused() throws IOException {
        try (CheckpointStore store = place().open()) {
            store.write(4096, List.of(put("a", "1")));
            store.flush();
        }
        RocksCheckpoints other = new RocksCheckpoints(folder, new UUID(3, 4));
        String message =
                assertThrows(CheckpointDamagedException.class, () -> other.open().close())
                        .getMessage();
        assertTrue(String.valueOf(message).contains(VOLUME.toString()), message);
        other.discard();
        try (CheckpointStore store = other.open()) {
            assertEquals(0, store.position());
        }
    }

    @Test
    void inspectionChangesNothing() throws IOException {
        try (CheckpointStore store = place().inspect()) {
            assertEquals(0, store.position());
            assertEquals(List.of(), rows(store));
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
        try (CheckpointStore store = place().open()) {
            store.write(4096, List.of(put("a", "1")));
            store.flush();
        }
        Map<Path, Integer> before = contents();
        try (CheckpointStore store = place().inspect()) {
            assertEquals(4096, store.position());
            assertEquals(List.of("a=1"), rows(store));
        }
        assertEquals(before, contents());
    }

    /** A bit flipped in the rows is found by an inspection, and the folder named. */
    @Test
    void aFlippedBitIsFound() throws IOException {
        List<Row> rows = new ArrayList<>();
        Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            rows.add(put("key-" + i, Long.toHexString(random.nextLong())));
        }
        try (CheckpointStore store = place().open()) {
            store.write(4096, rows);
            store.flush();
        }
        Path file;
        try (Stream<Path> files = Files.list(folder.resolve(RocksCheckpoints.FOLDER))) {
            file = files.filter(path -> path.toString().endsWith(".sst")).findFirst().orElseThrow();
        }
        byte[] sound = Files.readAllBytes(file);
        for (int round = 0; round < 20; round++) {
            byte[] damaged = sound.clone();
            int at = random.nextInt(sound.length / 2);
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            String message =
                    assertThrows(
                                    CheckpointDamagedException.class,
                                    () -> place().inspect().close(),
                                    "byte " + at)
                            .getMessage();
            assertTrue(String.valueOf(message).contains(folder.toString()), message);
        }
    }

    private Map<Path, Integer> contents() throws IOException {
        Map<Path, Integer> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(file, java.util.Arrays.hashCode(Files.readAllBytes(file)));
            }
        }
        return contents;
    }

    private static void copyTree(Path from, Path to) throws IOException {
        Files.walkFileTree(
                from,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Path target = to.resolve(from.relativize(file));
                        Files.createDirectories(target.getParent());
                        Files.copy(file, target);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
