package dev.outlay.core.op;

import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.state.Coexistence;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.GrantKind;
import java.util.ArrayList;
import java.util.List;

/** What of another client's grant bars a request, by the rules of {@link Coexistence}. */
final class InTheWay {

    private InTheWay() {}

    /** The parts of what is held that bar {@code asked}, clipped to the bytes where they do. */
    static List<Held> of(VolumeTables tables, FileNode file, Held held, GrantKind asked) {
        if (!held.kind().isWriter() && !asked.isWriter()) {
            return List.of();
        }
        boolean inPlace = held.kind() == GrantKind.RW || asked == GrantKind.RW;
        boolean writers = held.kind().isWriter() && asked.isWriter();
        if (!file.isConcurrent() && (inPlace || writers)) {
            return List.of(held);
        }
        List<Held> bars = new ArrayList<>();
        for (Extent extent : file.extents().slice(held.range())) {
            for (Extent part : Coexistence.parts(tables, extent)) {
                if (!Coexistence.bears(file, part, held.kind(), asked)) {
                    bars.add(held.within(part.range()));
                }
            }
        }
        return bars;
    }
}
