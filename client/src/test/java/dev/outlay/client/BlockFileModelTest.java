package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * A file against an array of bytes: random reads, writes, commits, truncations and the rest, over a
 * device full of 0xCD, with lost connections, restarts of the server and requests to come later.
 * What is written never holds 0xCD, so that a single one read is a stale byte.
 */
final class BlockFileModelTest {

    private static final int LARGEST = 1 << 20;
    private static final int RUNS = 60;
    private static final int STEPS = 250;

    private byte[] model = new byte[0];

    @Test
    void readsWhatWasWrittenAndNothingElse() throws IOException {
        long base = Long.getLong("outlay.seed", System.nanoTime());
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
        fixture.volume.trouble(random.nextInt(4) * 5);
        fixture.device.prefersLargeStores = random.nextBoolean();
        fixture.volume.expectStoresUnderWay();
        model = new byte[0];
        List<CompletableFuture<Void>> ahead = new ArrayList<>();
        int freeAtFirst = fixture.volume.freeBlocks();
        BlockFile file = fixture.open();
        for (int step = 0; step < STEPS; step++) {
            int dice = random.nextInt(100);
            if (dice < 30) {
                write(file, random);
            } else if (dice < 35) {
                append(file, random);
            } else if (dice < 65) {
                read(file, random);
            } else if (dice < 70) {
                file.commit();
                checkCommitted(fixture);
            } else if (dice < 75) {
                ahead.add(file.commitAsync());
            } else if (dice < 80) {
                truncate(file, random);
            } else if (dice < 83) {
                punch(file, random);
            } else if (dice < 86) {
                file.allocate(random.nextInt(LARGEST), 1 + random.nextInt(20_000));
            } else if (dice < 89) {
                file.close();
                checkCommitted(fixture);
                assertEquals(false, fixture.volume.holdsAnything());
                file = fixture.open();
            } else if (dice < 93) {
                fixture.network.cut();
            } else if (dice < 95) {
                fixture.volume.restart();
                fixture.network.cut();
            } else {
                assertEquals(model.length, file.size());
            }
        }
        file.close();
        checkCommitted(fixture);
        fixture.scheduler.run(1);
        ahead.forEach(CompletableFuture::join);
        try (BlockFile again = fixture.open()) {
            again.truncate(0);
        }
        assertEquals(freeAtFirst, fixture.volume.freeBlocks());
        fixture.client.close();
    }

    private void write(BlockFile file, Random random) throws IOException {
        int offset =
                switch (random.nextInt(3)) {
                    case 0 -> model.length;
                    case 1 -> random.nextInt(model.length + 10_000);
                    default -> random.nextInt(model.length / 4096 + 1) * 4096;
                };
        write(file, random, offset, 1 + random.nextInt(random.nextBoolean() ? 100 : 60_000));
    }

    private void append(BlockFile file, Random random) throws IOException {
        int most = random.nextBoolean() ? 100 : 10_000;
        for (int left = 1 + random.nextInt(30); left > 0; left--) {
            write(file, random, model.length, 1 + random.nextInt(most));
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
        int length = 1 + random.nextInt(100_000);
        byte[] expected =
                offset >= model.length
                        ? new byte[0]
                        : Arrays.copyOfRange(
                                model, offset, Math.min(model.length, offset + length));
        assertArrayEquals(expected, FileFixture.read(file, offset, length), "read at " + offset);
    }

    private void truncate(BlockFile file, Random random) throws IOException {
        int size = random.nextInt(Math.min(LARGEST, model.length + 50_000) + 1);
        file.truncate(size);
        model = Arrays.copyOf(model, size);
    }

    private void punch(BlockFile file, Random random) throws IOException {
        int offset = random.nextInt(model.length + 1);
        int length = 1 + random.nextInt(50_000);
        file.deallocate(offset, length);
        Arrays.fill(model, offset, Math.min(model.length, offset + length), (byte) 0);
    }

    /** After a commit others read exactly this. */
    private void checkCommitted(FileFixture fixture) throws IOException {
        assertEquals(model.length, fixture.volume.size());
        assertArrayEquals(model, fixture.volume.committedBytes());
        fixture.volume.checkTail();
    }
}
