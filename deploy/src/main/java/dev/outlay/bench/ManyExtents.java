package dev.outlay.bench;

import dev.outlay.v1.Extent;
import java.util.ArrayList;
import java.util.List;

/** A file in as many pieces as can be: extents of one block each, every second block left out. */
final class ManyExtents {

    static final int PER_COMMIT = 512;
    private static final long BLOCK = BenchServer.BLOCK_BYTES;

    /** What one commit reaches over. */
    static final long COMMIT_BYTES = 2 * PER_COMMIT * BLOCK;

    private ManyExtents() {}

    /** Makes them, and gives the layout back. */
    static OpenFile fill(Party party, String name, int extents) throws Exception {
        OpenFile file = party.create(name);
        long at = 0;
        for (int made = 0; made < extents; made += PER_COMMIT) {
            add(file, at, Math.min(PER_COMMIT, extents - made));
            at += COMMIT_BYTES;
        }
        var _ = file.ask(file.giveBack());
        return file;
    }

    /** Makes {@link #PER_COMMIT} of them from an offset on. */
    static void add(OpenFile file, long at) throws Exception {
        add(file, at, PER_COMMIT);
    }

    private static void add(OpenFile file, long at, int extents) throws Exception {
        var _ = file.ask(file.commit(everySecondBlock(file.mapped(at, 2 * BLOCK * extents))));
    }

    private static List<Extent> everySecondBlock(List<Extent> mapped) {
        List<Extent> blocks = new ArrayList<>();
        for (Extent extent : mapped) {
            for (long in = 0; in < extent.getLength(); in += 2 * BLOCK) {
                blocks.add(
                        extent.toBuilder()
                                .setFileOffset(extent.getFileOffset() + in)
                                .setDeviceOffset(extent.getDeviceOffset() + in)
                                .setLength(BLOCK)
                                .build());
            }
        }
        return blocks;
    }
}
