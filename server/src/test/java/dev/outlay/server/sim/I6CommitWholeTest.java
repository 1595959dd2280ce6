package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Request;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Which commits a block that has become written speaks of, where a client was killed before the
 * answer to a commit and another one commits one of its blocks at the same place (seeds 1415 and
 * 2006).
 */
class I6CommitWholeTest {

    private static final long KILLED = 7;
    private static final long OTHER = 8;
    private static final long FILE = 3;
    private static final int PLACE = 5;

    private final World world = new World(1, false);
    private final Asked asked = new Asked(world);
    private final SharedMemory memory =
            new SharedMemory(
                    new DeviceLabel(
                            new UUID(5, 5), 1, 16L * SimServer.BLOCK, SimServer.BLOCK, "", 0, true),
                    (byte) 0,
                    world::nanos);
    private final I6CommitWhole check = new I6CommitWhole(world, memory, asked, new Tags());

    @Test
    void halfACommitIsFound() {
        asked.heard(KILLED, commit(1, 2));
        check.batch(picture(1, false, false), picture(2, true, false));
        assertEquals(1, world.violations().size());
    }

    @Test
    void anotherCommitOfTheBlockMayBeTheOneThatIsDone() {
        asked.heard(KILLED, commit(1, 2));
        asked.heard(OTHER, commit(1, 1));
        check.batch(picture(1, false, false), picture(2, true, false));
        assertEquals(List.of(), world.violations());
    }

    @Test
    void butNotOfABlockThatItDoesNotName() {
        asked.heard(KILLED, commit(1, 3));
        asked.heard(OTHER, commit(1, 1));
        check.batch(picture(1, false, false), picture(2, true, true));
        assertEquals(1, world.violations().size());
    }

    private static Request commit(long operation, int blocks) {
        return Request.newBuilder()
                .setCommitBlocks(
                        CommitBlocksRequest.newBuilder()
                                .setOperation(
                                        OperationHeader.newBuilder().setOperationId(operation))
                                .setFileId(FILE)
                                .addRanges(
                                        CommitRange.newBuilder()
                                                .setLength((long) blocks * SimServer.BLOCK)
                                                .setDeviceOffset((long) PLACE * SimServer.BLOCK)))
                .build();
    }

    /** A file of three blocks, the first two of them written or not. */
    private static Picture picture(long epoch, boolean first, boolean second) {
        FileView file =
                new FileView(
                        FILE,
                        "f",
                        2L * SimServer.BLOCK,
                        false,
                        false,
                        false,
                        epoch,
                        epoch,
                        0,
                        new int[] {PLACE, PLACE + 1, PLACE + 2},
                        new boolean[] {first, second, false},
                        new boolean[3],
                        new int[0],
                        false,
                        Map.of());
        Picture empty = Picture.empty(16);
        return new Picture(
                Map.of(FILE, file),
                empty.blocks(),
                empty.claims(),
                empty.clients(),
                empty.devices(),
                empty.space(),
                false,
                List.of());
    }
}
