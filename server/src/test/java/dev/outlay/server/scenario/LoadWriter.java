package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.ScenarioServer.BLOCK;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.DeallocateRequest;
import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.TruncateRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * One client with one file, writing, cutting and punching it at random while its server is killed
 * again and again, and a model of what the file must be. At most one operation is without answer:
 * after a crash the file is as before it or as after it.
 */
final class LoadWriter implements Runnable {
    private static final int FILE_BLOCKS = 256;
    private static final int SCATTERED_EXTENTS = 100;
    private static final long RETRY_NANOS = 1_000_000;

    private final TestClient client;
    private final long file;
    private final Random random;
    private final LoadGate gate;
    private final AtomicLong answers;
    private int generation;
    private int version;
    private State state = new State(new byte[0], new BitSet());
    private volatile State pending = state;

    /** Bytes of the file, and which of its blocks are written. */
    @SuppressWarnings("ArrayRecordComponent") // compared part by part
    private record State(byte[] content, BitSet written) {
        State resized(int size) {
            BitSet left = (BitSet) written.clone();
            // Whole written blocks past the old or the new end are gone.
            left.clear(Math.ceilDiv(Math.min(size, content.length), BLOCK), FILE_BLOCKS * 2);
            return new State(Arrays.copyOf(content, size), left);
        }

        boolean isThat(long size, BitSet writtenNow) {
            return content.length == size && written.equals(writtenNow);
        }
    }

    LoadWriter(TestClient client, String name, Random random, LoadGate gate, AtomicLong answers) {
        this.client = client;
        this.file = client.create(name);
        this.random = random;
        this.gate = gate;
        this.answers = answers;
    }

    @Override
    public void run() {
        try {
            while (!gate.isFinished()) {
                step();
            }
            giveBack();
        } catch (InterruptedException | RuntimeException | AssertionError e) {
            gate.fail(e);
        }
    }

    private void step() throws InterruptedException {
        switch (random.nextInt(10)) {
            case 0 -> truncate();
            case 1 -> punch();
            case 2 -> giveBack();
            case 3, 4 -> writeScattered();
            default -> write();
        }
    }

    // ---- the operations

    private void write() throws InterruptedException {
        int first = random.nextInt(FILE_BLOCKS - 8);
        int blocks = 1 + random.nextInt(8);
        int start = first * BLOCK;
        int end = start + blocks * BLOCK;
        // Past the end of file the last block may be partly used; its rest is zero.
        int cut = end >= state.content.length ? random.nextInt(BLOCK) : 0;
        byte[] bytes = Arrays.copyOf(fresh(end - start - cut), end - start);
        MapBlocksResponse mapped = map(start, end - start);
        client.store(mapped.getExtentsList(), start, bytes);
        commit(
                client.committing(file).all(mapped).last(end - cut - 1).build(),
                with(start, bytes, end - cut, 1, blocks));
    }

    /** Every other block of a long range in one commit: all of its extents or none. */
    private void writeScattered() throws InterruptedException {
        int first = random.nextInt(FILE_BLOCKS - 2 * SCATTERED_EXTENTS);
        int start = first * BLOCK;
        int length = (2 * SCATTERED_EXTENTS - 1) * BLOCK;
        byte[] bytes = fresh(length);
        MapBlocksResponse mapped = map(start, length);
        CommitCall commit = client.committing(file);
        for (int i = 0; i < SCATTERED_EXTENTS; i++) {
            int at = start + 2 * i * BLOCK;
            client.store(
                    mapped.getExtentsList(),
                    at,
                    Arrays.copyOfRange(bytes, at - start, at - start + BLOCK));
            commit.part(mapped, at, BLOCK);
        }
        commit(
                commit.last(start + length - 1).build(),
                with(start, bytes, start + length, 2, SCATTERED_EXTENTS));
    }

    private void truncate() throws InterruptedException {
        int size = random.nextInt(FILE_BLOCKS * BLOCK);
        TruncateRequest request = client.truncating(file, size);
        pending = state.resized(size);
        var _ = persistently(() -> client.truncate(request));
        settled();
    }

    private void punch() throws InterruptedException {
        int offset = random.nextInt(FILE_BLOCKS * BLOCK);
        int length = 1 + random.nextInt(16 * BLOCK);
        DeallocateRequest request = client.deallocating(file, offset, length);
        byte[] content = state.content.clone();
        Arrays.fill(
                content,
                Math.min(offset, content.length),
                Math.min(offset + length, content.length),
                (byte) 0);
        BitSet written = (BitSet) state.written.clone();
        int firstWhole = Math.ceilDiv(offset, BLOCK);
        int endWhole = (offset + length) / BLOCK;
        if (firstWhole < endWhole) {
            written.clear(firstWhole, endWhole);
        }
        pending = new State(content, written);
        var _ = persistently(() -> client.deallocate(request));
        settled();
    }

    private void giveBack() throws InterruptedException {
        ReturnLayoutRequest request = client.returning(file, 0, 0);
        var _ = persistently(() -> client.giveBack(request));
        settled();
    }

    private MapBlocksResponse map(long offset, long length) throws InterruptedException {
        MapBlocksRequest request =
                client.mapping(file, RW, offset, length)
                        .setOperation(client.nextOperation())
                        .build();
        MapBlocksResponse mapped = persistently(() -> client.map(request));
        settled();
        return mapped;
    }

    private void commit(CommitBlocksRequest request, State after) throws InterruptedException {
        pending = after;
        var _ = persistently(() -> client.commit(request));
        settled();
    }

    private void settled() {
        state = pending;
        answers.incrementAndGet();
    }

    private byte[] fresh(int length) {
        version++;
        return ScenarioTest.pattern(random.nextInt(1000) + version, length);
    }

    /** The state with every {@code stride}th of the blocks of {@code bytes} written. */
    private State with(int start, byte[] bytes, int end, int stride, int blocks) {
        byte[] content = Arrays.copyOf(state.content, Math.max(end, state.content.length));
        BitSet written = (BitSet) state.written.clone();
        for (int i = 0; i < blocks; i++) {
            int at = start + i * stride * BLOCK;
            System.arraycopy(bytes, at - start, content, at, Math.min(BLOCK, content.length - at));
            written.set(at / BLOCK);
        }
        return new State(content, written);
    }

    // ---- through crashes

    /** Repeats one operation under its id until it is answered. */
    private <R> R persistently(Supplier<R> call) throws InterruptedException {
        while (true) {
            try {
                return call.get();
            } catch (Refused refused) {
                if (!TestClient.isRetryable(refused.reason())) {
                    throw refused;
                }
                if (refused.reason() == Reason.REASON_NO_SESSION) {
                    var _ = client.reattach();
                }
                LockSupport.parkNanos(RETRY_NANOS);
            } catch (StatusRuntimeException e) {
                if (!isConnectionLost(e.getStatus())) {
                    throw e;
                }
                generation = gate.awaitRestart(generation);
                var _ = client.reattach();
            }
        }
    }

    /** Whether the server went away; "channel closed" while connecting is UNKNOWN to gRPC. */
    private static boolean isConnectionLost(Status status) {
        return switch (status.getCode()) {
            case UNAVAILABLE, CANCELLED -> true;
            case UNKNOWN -> status.getCause() instanceof IOException;
            default -> false;
        };
    }

    // ---- what must be true

    /**
     * While the writer waits after a crash: its file is as before the operation without answer or
     * as after it, and no written block was ever anybody else's.
     *
     * @return whether the operation had happened
     */
    boolean checkAfterCrash(TestClient observer, DeviceFile device) {
        long size = observer.attributes(file).getSizeBytes();
        BitSet written = new BitSet();
        for (Extent extent : observer.extents(file)) {
            if (extent.getState() == ExtentState.EXTENT_STATE_WRITTEN) {
                int first = (int) (extent.getFileOffset() / BLOCK);
                int blocks = (int) (extent.getLength() / BLOCK);
                written.set(first, first + blocks);
                for (byte b : device.load(extent.getDeviceOffset(), blocks * BLOCK)) {
                    assertTrue(b != DeviceFile.JUNK, () -> "junk in " + extent + " of " + client);
                }
            }
        }
        boolean before = state.isThat(size, written);
        boolean after = pending.isThat(size, written);
        assertTrue(
                before || after,
                () ->
                        "size %d, written %s; before it was %d, %s; after %d, %s"
                                .formatted(
                                        size,
                                        written,
                                        state.content.length,
                                        state.written,
                                        pending.content.length,
                                        pending.written));
        return after && !before;
    }

    /** At the end: every byte is what the last answer said. */
    void checkAtEnd(TestClient reader) {
        byte[] bytes = reader.read(file);
        assertEquals(state.content.length, bytes.length, client::toString);
        int differs = Arrays.mismatch(state.content, bytes);
        assertEquals(-1, differs, () -> client + ": first differing byte");
    }
}
