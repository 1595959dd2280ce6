package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.Golden;
import dev.outlay.core.Seeds;
import dev.outlay.core.VolumeState;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The snapshot's bytes: fixed, whole, and never taken for something else when damaged. */
class StateImageTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private byte[] image = new byte[0];

    /** A little of everything: names, grants, quarantine, blocks at risk, work, answers. */
    @BeforeEach
    void aVolumeWithALittleOfEverything() {
        Party a = kit.client("a");
        Party b = kit.client("b");
        Party c = kit.client("c");
        FileId directory = a.createsDirectory(FileId.ROOT, "d");
        FileId file = a.creates("file");
        a.writesBytes(file, 5_000);
        a.returnsAll(file).ok();
        kit.completeAll();
        b.mapsRead(file, 0, blocks(1)).mapped().ok();
        FileId other = b.creates("other");
        b.allocates(other, 0, blocks(2)).ok();
        b.mapsRw(other, blocks(1), blocks(3)).ok();
        FileId risky = c.creates("risky");
        c.writes(risky, 0, blocks(2));
        c.mapsRw(risky, blocks(2), blocks(1)).ok();
        c.end(EndCause.REVOKED);
        FileId worked = a.creates("worked");
        a.writesBytes(worked, 100);
        a.returnsAll(worked).ok();
        b.mapsRw(worked, blocks(1), blocks(1)).ok();
        a.removes(FileId.ROOT, "worked").ok();
        a.renames(FileId.ROOT, "file", directory, "moved").ok();
        image = kit.state().image();
    }

    @Test
    void theImageIsAsItsGoldenFileSays() {
        byte[] golden = Golden.of("state-image-v1", image);
        assertArrayEquals(golden, image);
        VolumeState restored = VolumeState.restore(Limits.DEFAULT, golden);
        assertArrayEquals(golden, restored.image());
        assertEquals(kit.space(), restored.tables().spaceUse());
        assertEquals(kit.tables().extents(), restored.tables().extents());
    }

    @Test
    void anEmptyStateHasAnImageToo() {
        byte[] empty = VolumeState.empty(Limits.DEFAULT).image();
        assertArrayEquals(empty, VolumeState.restore(Limits.DEFAULT, empty).image());
    }

    @Test
    void aCutImageIsDamage() {
        for (int length = 0; length < image.length; length++) {
            byte[] cut = Arrays.copyOf(image, length);
            assertThrows(
                    CorruptDataException.class, () -> VolumeState.restore(Limits.DEFAULT, cut));
        }
        byte[] longer = Arrays.copyOf(image, image.length + 1);
        assertThrows(CorruptDataException.class, () -> VolumeState.restore(Limits.DEFAULT, longer));
    }

    @Test
    void flippedBitsNeverThrowAnythingElse() {
        Seeds.each(
                20,
                random -> {
                    for (int i = 0; i < 500; i++) {
                        byte[] damaged = image.clone();
                        for (int n = random.nextInt(3); n >= 0; n--) {
                            int at = 5 + random.nextInt(damaged.length - 5);
                            damaged[at] ^= (byte) (1 << random.nextInt(8));
                        }
                        restoreOrRefuse(damaged);
                    }
                });
    }

    private static void restoreOrRefuse(byte[] damaged) {
        try {
            VolumeState.restore(Limits.DEFAULT, damaged);
        } catch (CorruptDataException e) {
            assertTrue(e.getMessage() != null);
        }
    }
}
