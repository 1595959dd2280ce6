package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.TestClient.RW;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.v1.MapBlocksResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Bytes that a client sends through the server, because it does not reach the device. */
class ThroughServerTest extends ScenarioTest {
    private static final String VOLUME = ScenarioServer.VOLUME;

    /** A client that has no device where one should be. */
    private LayoutClient faraway(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000)
                        .withDevice("0", Path.of("/nonexistent"))
                        .throughServer(true));
    }

    private static byte[] read(BlockFile file, long offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        file.read(target, offset);
        return Arrays.copyOf(target.array(), target.position());
    }

    @Test
    void scenario01UncommittedBytesAreZerosThroughTheServerToo() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.truncate(file, 4 * BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, 0, 4 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(1, 4 * BLOCK));
        try (LayoutClient b = faraway("b");
                BlockFile seen = b.open(VOLUME, "/f", READ)) {
            assertZeros(read(seen, 100, 3 * BLOCK));
            var _ = a.committing(file).part(mapped, 0, BLOCK).send();
            var _ = a.giveBack(file);
            assertArrayEquals(
                    Arrays.copyOfRange(pattern(1, 4 * BLOCK), 100, BLOCK),
                    read(seen, 100, BLOCK - 100));
            assertZeros(read(seen, BLOCK, 3 * BLOCK));
            assertEquals(OptionalLong.of(0), b.seek(VOLUME, seen.file(), 0, true));
            assertEquals(OptionalLong.of(BLOCK), b.seek(VOLUME, seen.file(), 0, false));
        }
    }

    /**
     * Any bytes, in any alignment, over what is there and past it; the device knows no stale one.
     */
    @Test
    void writtenThroughTheServerReadFromTheDevice() throws Exception {
        serve();
        TestClient observer = client("observer");
        byte[] expected = pattern(3, (1 << 20) + 5_000);
        long id;
        try (LayoutClient a = faraway("a");
                BlockFile file = a.open(VOLUME, "/f", READ, WRITE, CREATE_NEW)) {
            file.write(ByteBuffer.wrap(expected), 0);
            byte[] over = pattern(4, 3 * BLOCK);
            file.write(ByteBuffer.wrap(over), 1_001);
            System.arraycopy(over, 0, expected, 1_001, over.length);
            file.commit();
            assertArrayEquals(expected, read(file, 0, expected.length));
            byte[] far = pattern(5, 10);
            file.write(ByteBuffer.wrap(far), expected.length + 2L * BLOCK);
            byte[] longer = Arrays.copyOf(expected, expected.length + 2 * BLOCK + 10);
            System.arraycopy(far, 0, longer, expected.length + 2 * BLOCK, 10);
            expected = longer;
            id = file.file().value();
        }
        assertArrayEquals(expected, observer.read(id));
        server().restart();
        TestClient after = client("after");
        assertArrayEquals(expected, after.read(id), "answered is durable");
    }
}
