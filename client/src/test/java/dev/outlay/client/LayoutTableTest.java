package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Stateid;
import dev.outlay.v1.ReattachResponse;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a re-attach does to the layouts of all files of a volume. */
final class LayoutTableTest {

    private static final String VOLUME = "v";
    private static final FileId FILE = new FileId(2);
    private static final ByteRange BLOCK = new ByteRange(0, 4096);

    private final LayoutTable table = new LayoutTable(_ -> List.of());
    private final LayoutCache cache = table.of(VOLUME, FILE);

    private static MappedBlocks readable() {
        return new MappedBlocks(
                Optional.of(new Stateid(new LayoutId(1, 1), 1)),
                List.of(new LayoutRange(BLOCK, GrantKind.READ)),
                List.of(new Extent(0, 4096, ExtentState.WRITTEN, 0, 8192, 0)),
                1,
                4096,
                4096);
    }

    /** An answer that names no file of the volume. */
    private void settle(String volume) {
        table.settle(ReattachResponse.VolumeResult.newBuilder().setVolume(volume).build());
    }

    @Test
    void whatWasGrantedSinceItWasRestatedAndIsNotNamedIsGone() {
        long asked = cache.asking();
        assertEquals(List.of(), table.restate());
        cache.granted(IoMode.READ, readable(), asked);
        cache.asked();
        settle("another");
        assertNotNull(cache.at(0));
        settle(VOLUME);
        assertNull(cache.at(0));
        assertTrue(cache.held().isEmpty());
    }

    @Test
    void whatIsStillToBeAnsweredThenIsNotEntered() {
        long asked = cache.asking();
        assertEquals(List.of(), table.restate());
        settle(VOLUME);
        assertEquals(List.of(), cache.granted(IoMode.READ, readable(), asked));
        assertNull(cache.at(0));
        assertTrue(cache.held().isEmpty());
    }

    /** A volume with many files is restated in several requests, each with its own answer. */
    @Test
    void whatWasRestatedAndIsNotNamedIsInAnotherAnswer() {
        cache.granted(IoMode.READ, readable(), cache.era());
        assertEquals(1, table.restate().size());
        settle(VOLUME);
        assertNotNull(cache.at(0));
    }
}
