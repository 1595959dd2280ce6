package dev.outlay.core.op;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One process of a client: what it believes to hold, and what it has stored there. */
final class ModelProcess {

    /** A block as the process knows it. */
    static final class Held {
        final GrantKind kind;

        /** Where it lies, in blocks of the device; -1 if it was not told. */
        final long deviceBlock;

        boolean written;

        /** Of a pair, the block that is to be replaced; otherwise -1. */
        final long sourceBlock;

        /** What it stored in a block not yet committed, once all of it is filled. */
        long @Nullable [] filled;

        Held(GrantKind kind, long deviceBlock, boolean written, long sourceBlock) {
            this.kind = kind;
            this.deviceBlock = deviceBlock;
            this.written = written;
            this.sourceBlock = sourceBlock;
        }

        boolean isWriter() {
            return kind.isWriter();
        }

        /** Whether stores go to committed bytes. */
        boolean storesInPlace() {
            return kind == GrantKind.RW && written;
        }

        /** Whether stores go anywhere: an ATOMIC grant allows none to what is committed. */
        boolean takesStores() {
            return kind == GrantKind.RW || (kind == GrantKind.RW_ATOMIC && !written);
        }
    }

    /** Its layout on one file. */
    static final class View {
        final TreeMap<Integer, Held> blocks = new TreeMap<>();
        @Nullable Stateid stateid;
        long epoch;

        /** What it holds, as it would restate it. */
        List<LayoutRange> ranges() {
            List<LayoutRange> ranges = new ArrayList<>();
            blocks.forEach(
                    (block, held) -> {
                        ByteRange bytes =
                                ByteRange.ofLength(VolumeKit.blocks(block), VolumeKit.BLOCK);
                        LayoutRange last = ranges.isEmpty() ? null : ranges.getLast();
                        if (last != null
                                && last.kind() == held.kind
                                && last.range().end() == bytes.start()) {
                            bytes = new ByteRange(last.range().start(), bytes.end());
                            ranges.removeLast();
                        }
                        ranges.add(new LayoutRange(bytes, held.kind));
                    });
            return ranges;
        }
    }

    final ClientRecord record;
    final Map<FileId, View> views = new TreeMap<>();
    private long nextOperation = 1;

    /** Ended without its own word: it may still store. */
    boolean zombie;

    boolean gone;

    /** Steps for which it stays silent although its lease is over. */
    int lapsedFor;

    boolean reattached = true;

    ModelProcess(ClientRecord record) {
        this.record = record;
    }

    ClientId id() {
        return record.id();
    }

    boolean isLive() {
        return !zombie && !gone;
    }

    Origin nextOrigin(long lag) {
        long operation = nextOperation++;
        return new Origin(id(), operation, Math.max(0, operation - 1 - lag));
    }

    View view(FileId file) {
        return views.computeIfAbsent(file, f -> new View());
    }

    /** Whether it believes to hold this block of the device. */
    boolean holds(long deviceBlock, boolean plainReadsToo) {
        return views.values().stream()
                .flatMap(view -> view.blocks.values().stream())
                .anyMatch(
                        h ->
                                (h.deviceBlock == deviceBlock
                                                || (!h.written && h.sourceBlock == deviceBlock))
                                        && (plainReadsToo || h.kind != GrantKind.READ));
    }

    void drop(FileId file, int from, int to) {
        View view = views.get(file);
        if (view != null) {
            view.blocks.subMap(from, to).clear();
            if (view.blocks.isEmpty()) {
                views.remove(file);
            }
        }
    }
}
