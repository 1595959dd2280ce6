package dev.outlay.client.cli;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import java.util.Arrays;
import java.util.List;

/**
 * A file's map as a strip of characters, each standing for an equal part of the file: {@code #}
 * written, {@code u} unwritten, {@code .} hole, {@code !} at risk, {@code +} written in part.
 */
public final class ExtentPicture {

    /** What the characters mean. */
    public static final String LEGEND =
            "# written   u unwritten (reads as zeros)   . hole   + written in part   ! at risk";

    private static final char HOLE = '.';
    private static final char UNWRITTEN = 'u';
    private static final char WRITTEN = '#';
    private static final char MIXED = '+';
    private static final char AT_RISK = '!';

    private ExtentPicture() {}

    /**
     * Draws the extents.
     *
     * @param extents sorted and disjoint; what they leave out is a hole
     * @param lengthBytes what the strip stands for, from offset 0
     * @param width characters
     */
    public static String draw(List<Extent> extents, long lengthBytes, int width) {
        char[] cells = new char[width];
        Arrays.fill(cells, HOLE);
        if (lengthBytes <= 0) {
            return "";
        }
        // Cells of a file with fewer bytes than the strip has cells would be empty.
        int used = (int) Math.min(width, lengthBytes);
        long[] written = new long[used];
        long[] unwritten = new long[used];
        boolean[] atRisk = new boolean[used];
        for (Extent extent : extents) {
            if (extent.isHole()) {
                continue;
            }
            for (int i = cellOf(extent.fileOffset(), lengthBytes, used);
                    i < used && start(i, lengthBytes, used) < extent.end();
                    i++) {
                ByteRange cell =
                        new ByteRange(start(i, lengthBytes, used), start(i + 1, lengthBytes, used));
                if (!cell.overlaps(extent.range())) {
                    continue;
                }
                long bytes = cell.intersect(extent.range()).length();
                switch (extent.state()) {
                    case WRITTEN -> written[i] += bytes;
                    case UNWRITTEN -> unwritten[i] += bytes;
                    case HOLE -> throw new IllegalStateException("holes were skipped");
                }
                atRisk[i] |= extent.has(Extent.AT_RISK);
            }
        }
        for (int i = 0; i < used; i++) {
            long length = start(i + 1, lengthBytes, used) - start(i, lengthBytes, used);
            cells[i] = cell(written[i], unwritten[i], length, atRisk[i]);
        }
        return new String(cells, 0, used);
    }

    private static char cell(long written, long unwritten, long length, boolean atRisk) {
        if (atRisk) {
            return AT_RISK;
        }
        if (written == length) {
            return WRITTEN;
        }
        return written > 0 ? MIXED : unwritten > 0 ? UNWRITTEN : HOLE;
    }

    /** First byte of a cell; exact where the length is no multiple of the number of cells. */
    private static long start(int cell, long length, int cells) {
        return length / cells * cell + length % cells * cell / cells;
    }

    private static int cellOf(long offset, long length, int cells) {
        if (offset >= length) {
            return cells;
        }
        int cell = (int) Math.min(cells - 1L, offset / Math.max(1, length / cells));
        while (cell > 0 && start(cell, length, cells) > offset) {
            cell--;
        }
        return cell;
    }
}
