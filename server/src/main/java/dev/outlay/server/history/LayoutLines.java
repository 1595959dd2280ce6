package dev.outlay.server.history;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.RecallScope;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/** Lines about what clients are granted, asked for and give back. */
final class LayoutLines {

    private LayoutLines() {}

    /** With the blocks that the holder knows the address of, as they are after the grant. */
    static Draft grant(VolumeTables tables, Fact.LayoutGranted f) {
        FileNode file = Objects.requireNonNull(tables.file(f.file()));
        List<Extent> blocks = new ArrayList<>();
        for (LayoutRange held : f.ranges()) {
            for (Extent extent : file.extents().mapped(held.range())) {
                // The address of what is not committed is told to its writer alone.
                if (held.kind().isWriter() || extent.state() == ExtentState.WRITTEN) {
                    blocks.addAll(tables.shared().split(extent));
                }
            }
            if (held.kind().isWriter()) {
                file.fresh()
                        .mapped(held.range())
                        .forEach(e -> blocks.add(e.withFlags(e.flags() | Extent.NEW)));
            }
        }
        return FactLines.of("grant", f.client())
                .with("file", f.file().value())
                .with("layout", shortId(f.layout().high()))
                .with("seqid", Integer.toUnsignedLong(f.seqid()))
                .withAll("held", f.ranges())
                .withAll("blocks", blocks);
    }

    /**
     * Before it is applied.
     *
     * @param revoked whether the client is being ended without its own word
     */
    static Draft gone(VolumeTables tables, Fact.LayoutReturned f, boolean revoked) {
        ClientEntry client = tables.client(f.client());
        boolean byForce = revoked || (client != null && client.ended().isPresent());
        Layout layout = Objects.requireNonNull(tables.file(f.file())).layoutOf(f.client());
        return FactLines.of(byForce ? "revoke" : "return", f.client())
                .with("file", f.file().value())
                .with("layout", layout == null ? "" : shortId(layout.id().high()))
                .with("seqid", Integer.toUnsignedLong(f.seqid()))
                .withAll("ranges", f.ranges());
    }

    static Draft recall(Fact.RecallBegan f) {
        Draft draft = FactLines.of("recall", f.recall().client()).with("recall", f.recall().id());
        return switch (f.recall().scope()) {
            case RecallScope.Ranges scope ->
                    draft.with("file", scope.file().value())
                            .with("seqid", Integer.toUnsignedLong(f.seqid()))
                            .withAll("ranges", scope.ranges());
            case RecallScope.Device scope -> draft.with("device", (long) scope.device());
            case RecallScope.Volume scope -> draft.with("scope", "volume");
        };
    }

    /** Enough of a layout's id to tell it from others, and too little to use it. */
    static String shortId(long high) {
        return HexFormat.of().toHexDigits((int) (high >>> 32));
    }
}
