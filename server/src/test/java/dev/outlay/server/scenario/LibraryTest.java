package dev.outlay.server.scenario;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What the client library does so that no stale byte is exposed, seen on the raw device. */
class LibraryTest extends ScenarioTest {
    private static final String VOLUME = ScenarioServer.VOLUME;
    private static final int RIDE_BLOCKS = 240;
    private static final int RIDE_KILLS = 3;

    private LayoutClient connect(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000));
    }

    private static byte[] read(BlockFile file, long offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        while (target.hasRemaining()) {
            if (file.read(target, offset + target.position()) < 0) {
                break;
            }
        }
        return Arrays.copyOf(target.array(), target.position());
    }

    private byte[] rawBlock(TestClient observer, long file, long offset) {
        for (Extent extent : observer.extents(file)) {
            long within = offset - extent.getFileOffset();
            if (within >= 0 && within < extent.getLength()) {
                assertEquals(ExtentState.EXTENT_STATE_WRITTEN, extent.getState());
                return server().device().load(extent.getDeviceOffset() + within, BLOCK);
            }
        }
        throw new AssertionError("no block at " + offset);
    }

    @Test
    void scenario05PartOfANewBlockIsFilledWithZeros() throws Exception {
        serve();
        TestClient observer = client("observer");
        byte[] bytes = pattern(5, 100);
        for (int at : new int[] {0, 1000, BLOCK - 100}) {
            long id;
            try (LayoutClient a = connect("a")) {
                try (BlockFile file = a.open(VOLUME, "/f" + at, WRITE, CREATE_NEW)) {
                    file.write(ByteBuffer.wrap(bytes), at);
                    file.commit();
                    id = file.file().value();
                    byte[] expected = new byte[BLOCK];
                    System.arraycopy(bytes, 0, expected, at, 100);
                    assertArrayEquals(expected, rawBlock(observer, id, 0), "on the device");
                    file.truncate(BLOCK);
                }
            }
            byte[] whole = observer.read(id);
            assertEquals(BLOCK, whole.length);
            assertArrayEquals(bytes, Arrays.copyOfRange(whole, at, at + 100));
            assertZeros(Arrays.copyOf(whole, at));
            assertZeros(Arrays.copyOfRange(whole, at + 100, BLOCK));
        }
    }

    /** Partly overwritten, the rest of the block stays what it was. */
    @Test
    void scenario05PartOfAWrittenBlock() throws Exception {
        serve();
        TestClient observer = client("observer");
        byte[] expected = pattern(5, 3 * BLOCK);
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b")) {
            try (BlockFile file = a.open(VOLUME, "/f", WRITE, CREATE_NEW)) {
                file.write(ByteBuffer.wrap(expected), 0);
            }
            byte[] middle = pattern(6, BLOCK);
            try (BlockFile file = b.open(VOLUME, "/f", READ, WRITE)) {
                file.write(ByteBuffer.wrap(middle), 100);
                System.arraycopy(middle, 0, expected, 100, BLOCK);
                assertArrayEquals(expected, read(file, 0, 3 * BLOCK), "it sees its own at once");
            }
            try (BlockFile file = a.open(VOLUME, "/f", READ)) {
                assertArrayEquals(expected, read(file, 0, 3 * BLOCK));
            }
        }
        assertArrayEquals(expected, observer.read(observer.lookup("f").getFileId()));
    }

    @Test
    void scenario09EndOfFileInMidBlockThenExtended() throws Exception {
        serve();
        TestClient observer = client("observer");
        byte[] start = pattern(9, 100);
        byte[] far = pattern(10, 50);
        try (LayoutClient a = connect("a")) {
            try (BlockFile file = a.open(VOLUME, "/by-write", READ, WRITE, CREATE_NEW)) {
                file.write(ByteBuffer.wrap(start), 0);
                file.commit();
                file.write(ByteBuffer.wrap(far), 2 * BLOCK + 10);
                file.commit();
                assertEquals(2 * BLOCK + 60, file.size());
            }
            try (BlockFile file = a.open(VOLUME, "/by-truncate", READ, WRITE, CREATE_NEW)) {
                file.write(ByteBuffer.wrap(start), 0);
                file.truncate(2 * BLOCK + 60);
                assertZeros(read(file, 100, 2 * BLOCK - 40));
            }
        }
        byte[] written = observer.read(observer.lookup("by-write").getFileId());
        assertArrayEquals(start, Arrays.copyOf(written, 100));
        assertZeros(Arrays.copyOfRange(written, 100, 2 * BLOCK + 10));
        assertArrayEquals(far, Arrays.copyOfRange(written, 2 * BLOCK + 10, 2 * BLOCK + 60));
        byte[] extended = observer.read(observer.lookup("by-truncate").getFileId());
        assertEquals(2 * BLOCK + 60, extended.length);
        assertArrayEquals(start, Arrays.copyOf(extended, 100));
        assertZeros(Arrays.copyOfRange(extended, 100, 2 * BLOCK + 60));
    }

    @Test
    void scenario10ShrinkThenExtend() throws Exception {
        serve();
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b")) {
            byte[] bytes = pattern(10, 2 * BLOCK);
            try (BlockFile file = a.open(VOLUME, "/f", READ, WRITE, CREATE_NEW)) {
                file.write(ByteBuffer.wrap(bytes), 0);
                file.truncate(BLOCK + 7);
                file.truncate(2 * BLOCK);
                byte[] seen = read(file, 0, 2 * BLOCK);
                assertArrayEquals(Arrays.copyOf(bytes, BLOCK + 7), Arrays.copyOf(seen, BLOCK + 7));
                assertZeros(Arrays.copyOfRange(seen, BLOCK + 7, 2 * BLOCK));
            }
            try (BlockFile file = b.open(VOLUME, "/f", READ)) {
                byte[] seen = read(file, 0, 2 * BLOCK);
                assertArrayEquals(Arrays.copyOf(bytes, BLOCK + 7), Arrays.copyOf(seen, BLOCK + 7));
                assertZeros(Arrays.copyOfRange(seen, BLOCK + 7, 2 * BLOCK));
            }
        }
    }

    /** What one has written and not committed, no other reads, though it is on the device. */
    @Test
    void scenario01OthersSeeNothingBeforeTheCommit() throws Exception {
        serve();
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b")) {
            try (BlockFile file = a.open(VOLUME, "/f", WRITE, CREATE_NEW)) {
                file.truncate(4 * BLOCK);
                file.write(ByteBuffer.wrap(pattern(1, 2 * BLOCK)), BLOCK);
                try (BlockFile seen = b.open(VOLUME, "/f", READ)) {
                    assertZeros(read(seen, 0, 4 * BLOCK));
                }
            }
            try (BlockFile file = b.open(VOLUME, "/f", READ)) {
                byte[] seen = read(file, 0, 4 * BLOCK);
                assertZeros(Arrays.copyOf(seen, BLOCK));
                assertArrayEquals(
                        pattern(1, 2 * BLOCK), Arrays.copyOfRange(seen, BLOCK, 3 * BLOCK));
                assertZeros(Arrays.copyOfRange(seen, 3 * BLOCK, 4 * BLOCK));
            }
        }
    }

    /** The server is killed under an open file: the library comes back and goes on. */
    @Test
    void scenario04TheLibraryCommitsAfterACrash() throws Exception {
        ScenarioServer server = serveFromProcess();
        TestClient observer = client("observer");
        byte[] bytes = pattern(4, 3 * BLOCK + 5);
        String address = "unix:" + folder().resolve("socket");
        try (LayoutClient a =
                        LayoutClient.connect(
                                ClientOptions.to(address, "a")
                                        .withMaxIoMillis(1000)
                                        .withDeadlineMillis(60_000));
                BlockFile file = a.open(VOLUME, "/f", READ, WRITE, CREATE_NEW)) {
            file.write(ByteBuffer.wrap(bytes), 0);
            observer.end();
            server.crashAndRestart();
            file.commit();
            assertArrayEquals(bytes, read(file, 0, bytes.length));
        }
        TestClient reader = client("reader");
        assertArrayEquals(bytes, reader.read(reader.lookup("f").getFileId()));
    }

    /**
     * The server process is killed and started again several times under a client that writes,
     * commits and reads all the while: its user notices nothing but a delay.
     */
    @Test
    void scenario04ACopyRidesThroughRestarts() throws Exception {
        ScenarioServer server = serveFromProcess();
        String address = "unix:" + folder().resolve("socket");
        byte[] bytes = pattern(6, RIDE_BLOCKS * BLOCK);
        AtomicInteger done = new AtomicInteger();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread rider =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    try {
                                        ride(address, bytes, done);
                                    } catch (IOException | RuntimeException | AssertionError e) {
                                        failure.set(e);
                                    }
                                });
        for (int kill = 1; kill <= RIDE_KILLS; kill++) {
            int due = kill * RIDE_BLOCKS / (RIDE_KILLS + 1);
            Await.until("the writer goes on", () -> done.get() >= due || failure.get() != null);
            server.crashAndRestart();
        }
        rider.join();
        assertNull(failure.get(), () -> "after " + done + " blocks: " + failure.get());
        assertEquals(RIDE_BLOCKS, done.get());
        TestClient reader = client("reader");
        assertArrayEquals(bytes, reader.read(reader.lookup("f").getFileId()));
    }

    private static void ride(String address, byte[] bytes, AtomicInteger done) throws IOException {
        try (LayoutClient a =
                        LayoutClient.connect(
                                ClientOptions.to(address, "rider")
                                        .withMaxIoMillis(1000)
                                        .withDeadlineMillis(60_000));
                BlockFile file = a.open(VOLUME, "/f", READ, WRITE, CREATE_NEW)) {
            while (done.get() < RIDE_BLOCKS) {
                int at = done.get() * BLOCK;
                file.write(ByteBuffer.wrap(bytes, at, BLOCK), at);
                if (done.get() % 3 == 0) {
                    file.commit();
                }
                int from = Math.max(0, at - 2 * BLOCK);
                assertArrayEquals(
                        Arrays.copyOfRange(bytes, from, at + BLOCK),
                        read(file, from, at + BLOCK - from));
                done.incrementAndGet();
            }
            file.commit();
        }
    }
}
