package dev.outlay.core.op;

import dev.outlay.core.command.Command.MapBlocks;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One MapBlocks: what is asked, of which file, by whom, and how it is answered.
 *
 * @param own what the caller holds on the file already; null if nothing
 */
record MapContext(
        VolumeTables tables, MapBlocks ask, FileNode file, ClientId caller, @Nullable Layout own) {

    static MapContext of(VolumeTables tables, MapBlocks ask) {
        FileNode file = Checks.file(tables, ask.file());
        ClientId caller = ask.origin().client();
        return new MapContext(tables, ask, file, caller, file.layoutOf(caller));
    }

    /** Facts and reply; {@code before} are the facts that precede the grant, each one map epoch. */
    Decision answer(List<Fact> before, List<LayoutRange> granted, List<Extent> extents) {
        long next = extents.isEmpty() ? ask.offset() : extents.getLast().end();
        List<Fact> facts = new ArrayList<>(before.size() + 2);
        if (own != null && ask.stateid().isPresent()) {
            facts.add(new Fact.SeqidSeen(caller, file.id(), ask.stateid().get().seqid()));
        }
        facts.addAll(before);
        long epoch = file.mapEpoch() + before.size();
        if (granted.isEmpty()) {
            return Decision.answer(
                    facts,
                    new Reply.Mapped(
                            stateidNow(), List.of(), extents, epoch, next, file.sizeBytes()));
        }
        if (own == null) {
            refuseTooManyLayouts();
        }
        LayoutId id = own == null ? ask.freshId() : own.id();
        int seqid = own == null ? 1 : own.nextSeqid();
        facts.add(new Fact.LayoutGranted(caller, file.id(), id, seqid, join(granted)));
        return Decision.answer(
                facts,
                new Reply.Mapped(
                        Optional.of(new Stateid(id, seqid)),
                        heldAs(granted),
                        extents,
                        epoch,
                        next,
                        file.sizeBytes()));
    }

    private void refuseTooManyLayouts() {
        int layouts = Objects.requireNonNull(tables.client(caller)).files().size();
        if (layouts >= tables.limits().reattachLayouts()) {
            throw new Refusal(
                    Reason.RESOURCE_EXHAUSTED,
                    "the client holds layouts on "
                            + layouts
                            + " files, as many as it may; it has to return some first");
        }
    }

    /** What the client now holds of what was granted: a stronger grant it had already stays. */
    private List<LayoutRange> heldAs(List<LayoutRange> granted) {
        if (own == null) {
            return join(granted);
        }
        List<LayoutRange> held = new ArrayList<>(granted.size());
        for (LayoutRange range : granted) {
            long at = range.range().start();
            for (LayoutRange mine : own.within(range.range())) {
                if (mine.range().start() > at) {
                    held.add(
                            new LayoutRange(new ByteRange(at, mine.range().start()), range.kind()));
                }
                held.add(
                        mine.kind().compareTo(range.kind()) > 0
                                ? mine
                                : new LayoutRange(mine.range(), range.kind()));
                at = mine.range().end();
            }
            if (at < range.range().end()) {
                held.add(new LayoutRange(new ByteRange(at, range.range().end()), range.kind()));
            }
        }
        return join(held);
    }

    private static List<LayoutRange> join(List<LayoutRange> ranges) {
        if (ranges.size() == 1) {
            return ranges;
        }
        List<LayoutRange> joined = new ArrayList<>();
        for (LayoutRange range : ranges) {
            LayoutRange last = joined.isEmpty() ? null : joined.getLast();
            if (last != null
                    && last.kind() == range.kind()
                    && last.range().end() == range.range().start()) {
                joined.set(
                        joined.size() - 1,
                        new LayoutRange(
                                new ByteRange(last.range().start(), range.range().end()),
                                last.kind()));
            } else {
                joined.add(range);
            }
        }
        return joined;
    }

    Optional<Stateid> stateidNow() {
        return own == null ? Optional.empty() : Optional.of(own.stateid());
    }

    /** An extent as the protocol shows it: whether its blocks are kept is the server's business. */
    static Extent shown(Extent extent) {
        return extent.withFlags(extent.flags() & ~Extent.KEPT);
    }

    /**
     * What the request waits for, and keeps others behind it from: of {@code range} the part that
     * it must have. The rest it takes as it finds it.
     */
    ByteRange needed(ByteRange range) {
        ByteRange must =
                ByteRange.ofLength(range.start(), Math.max(ask.minLength(), 1))
                        .alignOutward(tables.blockSize());
        return must.intersect(range);
    }

    int maxExtents() {
        return Math.min(ask.maxExtents(), tables.limits().extentsPerReply());
    }

    Refusal tooSmall() {
        return new Refusal(
                Reason.TOO_SMALL,
                "min_length "
                        + ask.minLength()
                        + " needs more than the "
                        + maxExtents()
                        + " extents asked for");
    }
}
