package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ByteRange;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Request;
import dev.outlay.v1.ShedLoad;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * A file against an array of bytes while the server recalls what it likes at any moment, also while
 * requests are unanswered, and answers overtake recalls and each other. Once a recall is answered
 * the blocks lie elsewhere and the old ones hold 0xCD: a read by an old mapping shows, and a store
 * by one is refused by the device of the test.
 */
final class RecallModelTest {

    private static final int LARGEST = 1 << 18;
    private static final int RUNS = 30;
    private static final int STEPS = 120;
    private static final long SETTLE_MILLIS = 20_000;

    private byte[] model = new byte[0];

    @Test
    void everyInterleavingOfMapReturnAndRecallEndsRight() throws IOException {
        long base = Long.getLong("outlay.seed", 1);
        for (int run = 0; run < RUNS; run++) {
            long seed = base + run;
            try {
                run(seed);
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private void run(long seed) throws IOException {
        Random random = new Random(seed);
        FileFixture fixture = new FileFixture(seed);
        FakeVolume volume = fixture.volume;
        volume.trouble(random.nextInt(3) * 5);
        volume.delayReplies(
                reply -> {
                    if (random.nextInt(3) == 0) {
                        fixture.scheduler.schedule(random.nextInt(6), reply);
                    } else {
                        reply.run();
                    }
                });
        fixture.device.checkStore = volume::isGrantedForStores;
        fixture.device.prefersLargeStores = random.nextBoolean();
        fixture.client.serverWrites((_, _, offset, bytes) -> volume.write(offset, bytes));
        volume.expectStoresUnderWay();
        model = new byte[0];
        List<CompletableFuture<Void>> ahead = new ArrayList<>();
        BlockFile file = fixture.open();
        for (int step = 0; step < STEPS; step++) {
            for (int recalls = random.nextInt(3); recalls > 0; recalls--) {
                fixture.scheduler.schedule(random.nextInt(12), () -> recall(volume, random));
            }
            int dice = random.nextInt(100);
            if (dice < 38) {
                write(file, random);
            } else if (dice < 45) {
                append(file, random);
            } else if (dice < 75) {
                read(file, random);
            } else if (dice < 82) {
                file.commit();
            } else if (dice < 87) {
                ahead.add(file.commitAsync());
            } else if (dice < 90) {
                int size = random.nextInt(Math.min(LARGEST, model.length + 20_000) + 1);
                file.truncate(size);
                model = Arrays.copyOf(model, size);
            } else if (dice < 94) {
                file.close();
                file = fixture.open();
            } else if (dice < 96) {
                fixture.network.cut();
            } else {
                fixture.scheduler.run(random.nextInt(40));
            }
        }
        file.commit();
        fixture.scheduler.run(SETTLE_MILLIS);
        ahead.forEach(CompletableFuture::join);
        assertEquals(0, volume.recalls().size(), "recalls that were never answered");
        assertEquals(model.length, volume.size());
        assertArrayEquals(model, volume.committedBytes());
        volume.checkTail();
        assertTrue(volume.seen(Request.BodyCase.ACKNOWLEDGE_RECALL).size() > 0);
        file.close();
        assertEquals(false, volume.holdsAnything());
        fixture.client.close();
    }

    private static void recall(FakeVolume volume, Random random) {
        int dice = random.nextInt(20);
        if (dice == 0) {
            volume.recallAll(random.nextBoolean());
        } else if (dice == 1) {
            volume.tell(
                    Notice.newBuilder()
                            .setShedLoad(ShedLoad.newBuilder().setVolume(FakeVolume.NAME))
                            .build());
        } else {
            long start = random.nextInt(LARGEST / FakeVolume.BLOCK) * (long) FakeVolume.BLOCK;
            long length = (1 + random.nextInt(16)) * (long) FakeVolume.BLOCK;
            volume.recallRange(ByteRange.ofLength(start, length), random.nextInt(4) == 0);
        }
    }

    private void write(BlockFile file, Random random) throws IOException {
        int offset = random.nextBoolean() ? model.length : random.nextInt(model.length + 10_000);
        write(file, random, offset, 1 + random.nextInt(random.nextBoolean() ? 100 : 30_000));
    }

    private void append(BlockFile file, Random random) throws IOException {
        for (int left = 1 + random.nextInt(30); left > 0; left--) {
            write(file, random, model.length, 1 + random.nextInt(5_000));
        }
    }

    private void write(BlockFile file, Random random, int offset, int length) throws IOException {
        if (offset + length > LARGEST) {
            return;
        }
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = bytes[i] == FakeVolume.STALE ? 1 : bytes[i];
        }
        FileFixture.write(file, offset, bytes);
        model = Arrays.copyOf(model, Math.max(model.length, offset + length));
        System.arraycopy(bytes, 0, model, offset, length);
    }

    private void read(BlockFile file, Random random) throws IOException {
        int offset = random.nextInt(model.length + 5_000);
        int length = 1 + random.nextInt(60_000);
        byte[] expected =
                offset >= model.length
                        ? new byte[0]
                        : Arrays.copyOfRange(
                                model, offset, Math.min(model.length, offset + length));
        assertArrayEquals(expected, FileFixture.read(file, offset, length), "read at " + offset);
    }
}
