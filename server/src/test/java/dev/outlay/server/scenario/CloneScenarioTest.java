package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.RW;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.WriteMode;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.v1.Extent;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Clones, and overwrites that are seen whole or not at all. */
class CloneScenarioTest extends ScenarioTest {
    private static final String VOLUME = ScenarioServer.VOLUME;

    private LayoutClient connect(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000));
    }

    private static byte[] read(BlockFile file, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        while (target.hasRemaining() && file.read(target, target.position()) >= 0) {
            // Until all of it is there, or the end of the file.
        }
        return Arrays.copyOf(target.array(), target.position());
    }

    private MapBlocksResponse mapAtomic(TestClient client, long file, long length) {
        return client.map(
                client.mapping(file, RW, 0, length)
                        .setAtomic(true)
                        .setOperation(client.nextOperation())
                        .build());
    }

    @Test
    void scenario46HalfABlockOfACloneIsWritten() throws Exception {
        serve();
        TestClient observer = client("observer");
        byte[] bytes = pattern(46, 3 * BLOCK + 100);
        long source;
        long clone;
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b")) {
            try (BlockFile file = a.open(VOLUME, "/source", WRITE, CREATE_NEW)) {
                file.write(ByteBuffer.wrap(bytes), 0);
            }
            source = a.lookup(VOLUME, "/source").file().value();
            clone = a.clone(VOLUME, "/source", "/clone").file().value();
            List<Extent> shared = observer.extents(source);
            assertTrue(shared.stream().allMatch(Extent::getShared));
            assertEquals(shared, observer.extents(clone), "not a byte is copied");

            byte[] half = pattern(1, BLOCK / 2);
            byte[] merged = bytes.clone();
            System.arraycopy(half, 0, merged, BLOCK + 700, half.length);
            try (BlockFile file = b.open(VOLUME, "/clone", READ, WRITE)) {
                file.write(ByteBuffer.wrap(half), BLOCK + 700);
                assertArrayEquals(merged, read(file, merged.length), "it sees its own at once");
                assertArrayEquals(bytes, observer.read(source), "the source");
            }
            assertArrayEquals(merged, observer.read(clone), "the clone shows the merge");
            assertArrayEquals(bytes, observer.read(source), "the source is unchanged");
            assertEquals(
                    shared.getFirst().getDeviceOffset(),
                    observer.extents(source).getFirst().getDeviceOffset());

            // The other way round, and past the end of file.
            try (BlockFile file = a.open(VOLUME, "/source", READ, WRITE)) {
                file.write(ByteBuffer.wrap(half), 3 * BLOCK + 50);
            }
            assertArrayEquals(merged, observer.read(clone));
            byte[] longer = Arrays.copyOf(bytes, 3 * BLOCK + 50 + half.length);
            System.arraycopy(half, 0, longer, 3 * BLOCK + 50, half.length);
            assertArrayEquals(longer, observer.read(source));
        }
    }

    @Test
    void scenario46ASnapshotStaysAsItWas() throws Exception {
        serve();
        TestClient observer = client("observer");
        byte[] bytes = pattern(46, 2 * BLOCK);
        try (LayoutClient a = connect("a")) {
            try (BlockFile file = a.open(VOLUME, "/f", WRITE, CREATE_NEW)) {
                file.write(ByteBuffer.wrap(bytes), 0);
                // Open meanwhile: what was written is committed, and in the snapshot.
                FileAttributes kept = a.snapshot(VOLUME, "/f", "/f.kept");
                assertTrue(kept.has(FileAttributes.READ_ONLY));
                file.write(ByteBuffer.wrap(pattern(2, BLOCK)), 0);
            }
        }
        long kept = observer.lookup("f.kept").getFileId();
        assertArrayEquals(bytes, observer.read(kept));
        assertRefused(Reason.REASON_PERMISSION_DENIED, () -> observer.map(kept, RW, 0, BLOCK));
        assertRefused(Reason.REASON_PERMISSION_DENIED, () -> observer.truncate(kept, 0));
        var _ = observer.remove("f.kept");
    }

    @Test
    void scenario49TheOldBytesOrTheNewWhateverCrashes() throws Exception {
        ScenarioServer server = serveFromProcess();
        TestClient a = client("a");
        long file = a.create("f");
        byte[] old = pattern(49, 4 * BLOCK);
        byte[] replacing = pattern(50, 4 * BLOCK);
        var _ = a.write(file, 0, old);
        var _ = a.giveBack(file);

        MapBlocksResponse mapped = mapAtomic(a, file, 4 * BLOCK);
        assertEquals(2, mapped.getExtentsCount());
        server.crashAndRestart();
        TestClient b = client("b");
        assertArrayEquals(old, b.read(file), "granted");
        var _ = a.reattach(atomic(a.layout(file, TestClient.range(RW, 0, 4 * BLOCK))));
        a.store(TestClient.stored(mapped), 0, replacing);
        assertArrayEquals(old, b.read(file), "stored; others read on beside it");
        server.crashAndRestart();
        var _ = a.reattach(atomic(a.layout(file, TestClient.range(RW, 0, 4 * BLOCK))));
        var _ = b.reattach();
        assertArrayEquals(old, b.read(file), "stored and crashed");
        var _ =
                a.committing(file)
                        .extents(TestClient.stored(mapped))
                        .epoch(mapped.getMapEpoch())
                        .send();
        server.crashAndRestart();
        var _ = a.reattach(atomic(a.layout(file, TestClient.range(RW, 0, 4 * BLOCK))));
        var _ = b.reattach();
        assertArrayEquals(replacing, b.read(file), "committed");
        assertEquals(4 * BLOCK, server.space().getMappedBytes(), "the old blocks are free");
    }

    private static dev.outlay.v1.Layout atomic(dev.outlay.v1.Layout layout) {
        dev.outlay.v1.Layout.Builder restated = layout.toBuilder();
        restated.getRangesBuilderList().forEach(range -> range.setAtomic(true));
        return restated.build();
    }

    @Test
    void scenario49ByTheLibraryOthersSeeTheChangeWhole() throws Exception {
        serve();
        TestClient observer = client("observer");
        byte[] old = pattern(49, 3 * BLOCK);
        byte[] expected = old.clone();
        byte[] middle = pattern(50, BLOCK);
        System.arraycopy(middle, 0, expected, 100, BLOCK);
        System.arraycopy(middle, 0, expected, 2 * BLOCK, 1000);
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b")) {
            try (BlockFile file = a.open(VOLUME, "/f", WRITE, CREATE_NEW)) {
                file.write(ByteBuffer.wrap(old), 0);
            }
            long id = a.lookup(VOLUME, "/f").file().value();
            try (BlockFile file = a.open(VOLUME, "/f", READ, WRITE, WriteMode.ATOMIC);
                    BlockFile reader = b.open(VOLUME, "/f", READ)) {
                file.write(ByteBuffer.wrap(middle), 100);
                file.write(ByteBuffer.wrap(middle, 0, 1000), 2 * BLOCK);
                assertArrayEquals(expected, read(file, 3 * BLOCK));
                assertArrayEquals(old, read(reader, 3 * BLOCK), "not yet committed");
                file.commit();
                assertArrayEquals(expected, read(reader, 3 * BLOCK), "recalled, and mapped anew");
                // Another change of the same blocks goes to blocks of its own again.
                file.write(ByteBuffer.wrap(middle), 0);
                assertArrayEquals(expected, read(reader, 3 * BLOCK));
            }
            System.arraycopy(middle, 0, expected, 0, BLOCK);
            assertArrayEquals(expected, observer.read(id));
        }
    }
}
