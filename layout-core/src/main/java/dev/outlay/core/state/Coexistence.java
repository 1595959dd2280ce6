package dev.outlay.core.state;

import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import java.util.ArrayList;
import java.util.List;

/**
 * Who may hold what beside whom (I8). Readers bear each other, everywhere. A writer is alone, with
 * two exceptions on committed bytes: an ATOMIC writer, who leaves them alone until its commit,
 * bears readers; and in a CONCURRENT file readers and writers bear each other where blocks are
 * written in place.
 */
public final class Coexistence {

    private Coexistence() {}

    /**
     * An extent in parts. Those that nobody may write in place are flagged SHARED: blocks in
     * several maps, and blocks that an ended client may still read through a mapping.
     */
    public static List<Extent> parts(VolumeTables tables, Extent extent) {
        if (tables.shared().isEmpty() && tables.quarantine().isEmpty()) {
            return List.of(extent);
        }
        List<Extent> parts = new ArrayList<>();
        for (Extent part : tables.shared().split(extent)) {
            boolean alone =
                    part.state() == ExtentState.WRITTEN
                            && part.hasAddress()
                            && !part.has(Extent.SHARED)
                            && !part.has(Extent.AT_RISK);
            parts.addAll(
                    alone
                            ? SharedBlocks.flag(
                                    part, tables.quarantine().mappedWithin(part.deviceRange()))
                            : List.of(part));
        }
        return parts;
    }

    /** Whether two clients may hold one of {@link #parts} in these ways. */
    public static boolean bears(FileNode file, Extent part, GrantKind one, GrantKind other) {
        if (!one.isWriter() && !other.isWriter()) {
            return true;
        }
        if (part.state() != ExtentState.WRITTEN) {
            return false;
        }
        boolean inPlace =
                file.isConcurrent()
                        && !part.has(Extent.SHARED)
                        && file.fresh().mapped(part.range()).isEmpty();
        boolean atomic = one == GrantKind.RW_ATOMIC || other == GrantKind.RW_ATOMIC;
        if (one.isWriter() && other.isWriter()) {
            return inPlace && !atomic;
        }
        return inPlace || atomic;
    }
}
