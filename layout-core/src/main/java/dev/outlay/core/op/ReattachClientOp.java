package dev.outlay.core.op;

import dev.outlay.core.command.Command.ReattachClient;
import dev.outlay.core.command.Command.RestatedLayout;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.reply.Reply.ReattachedLayout;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * ReattachClient: after a broken connection or a restart a client says what it holds. What the
 * journal knows stands; a plain READ that it does not know is believed, in grace, where nothing
 * speaks against it. What is wrong is refused range by range: a client whose return of RW has
 * arrived, but was not answered, names that RW still, and reads under the rest meanwhile. The
 * server goes on above both seqids.
 *
 * <p>Left out of what is believed is READ where a request under way has ended all grants: who waits
 * for the answer to it, or to its own return before it, names them still, but may not use them.
 * Answers name what stands.
 */
final class ReattachClientOp {

    private ReattachClientOp() {}

    static Decision decide(VolumeTables tables, ReattachClient ask) {
        ClientEntry client = tables.client(ask.client());
        if (client == null || client.ended().isPresent()) {
            return Decision.answer(
                    Failure.of(
                            client == null ? Reason.EXPIRED : Reason.FENCED,
                            "client " + ask.client() + " has ended here and what it held is gone"));
        }
        if (ask.layouts().size() > tables.limits().reattachLayouts()) {
            throw new Refusal(
                    Reason.TOO_LARGE,
                    ask.layouts().size() + " layouts are more than one re-attach restates");
        }
        List<Fact> facts = new ArrayList<>();
        List<ReattachedLayout> answers = new ArrayList<>();
        TreeSet<FileId> restated = new TreeSet<>();
        for (RestatedLayout layout : ask.layouts()) {
            if (!restated.add(layout.file())) {
                throw new Refusal(
                        Reason.INVALID_ARGUMENT, "file " + layout.file() + " is restated twice");
            }
            answers.add(restate(tables, client, layout, facts));
        }
        for (FileId id : client.files()) {
            if (!restated.contains(id)) {
                Layout held =
                        Objects.requireNonNull(
                                Objects.requireNonNull(tables.file(id)).layoutOf(ask.client()));
                answers.add(
                        new ReattachedLayout(
                                id, Optional.of(held.stateid()), held.ranges(), Optional.empty()));
            }
        }
        facts.add(new Fact.ClientReattached(ask.client(), ask.answeredThrough()));
        return Decision.answer(facts, new Reply.Reattached(answers));
    }

    private static ReattachedLayout restate(
            VolumeTables tables, ClientEntry client, RestatedLayout restated, List<Fact> facts) {
        ClientId id = client.record().id();
        FileNode file = tables.file(restated.file());
        Layout known = file == null ? null : file.layoutOf(id);
        List<LayoutRange> journaled = known == null ? List.of() : known.ranges();
        Failure wrong = check(tables, file, known, restated);
        if (wrong != null || file == null) {
            return new ReattachedLayout(
                    restated.file(),
                    Optional.ofNullable(known).map(Layout::stateid),
                    journaled,
                    Optional.ofNullable(wrong));
        }
        Believed believed = Believed.of(tables, id, file, known, restated);
        Optional<Failure> partly = Optional.ofNullable(believed.wrong);
        if (known == null && believed.reads.isEmpty()) {
            return new ReattachedLayout(file.id(), Optional.empty(), List.of(), partly);
        }
        int sent = restated.stateid().seqid();
        int base =
                known == null || Stateid.isAfter(sent, known.stateid().seqid())
                        ? sent
                        : known.stateid().seqid();
        Stateid next = new Stateid(restated.stateid().id(), Stateid.next(base));
        facts.add(new Fact.LayoutGranted(id, file.id(), next.id(), next.seqid(), believed.granted));
        List<LayoutRange> all = new ArrayList<>(journaled);
        all.addAll(believed.reads);
        all.sort((x, y) -> x.range().compareTo(y.range()));
        return new ReattachedLayout(file.id(), Optional.of(next), all, partly);
    }

    /**
     * What of restated ranges stands, each for itself: its client goes on reading under the rest
     * while it learns that one was wrong.
     */
    private static final class Believed {
        /** READ that is believed and was not known. */
        private final List<LayoutRange> reads = new ArrayList<>();

        /** All READ that stands. */
        private final List<LayoutRange> granted = new ArrayList<>();

        /** What was wrong first; null if nothing was. */
        private @Nullable Failure wrong;

        static Believed of(
                VolumeTables tables,
                ClientId client,
                FileNode file,
                @Nullable Layout known,
                RestatedLayout restated) {
            Believed believed = new Believed();
            RangeSet cleared = DeviceWork.clearedOf(tables, file, client);
            for (LayoutRange range : restated.ranges()) {
                if (known == null || !known.covers(range.range(), range.kind())) {
                    believed.add(tables, client, file, known, range, cleared.copy());
                } else if (!range.kind().isDurable()) {
                    believed.granted.add(range);
                }
            }
            return believed;
        }

        /**
         * Believes a restated range that the server does not know of, or a part of it.
         *
         * @param barred where it is not believed, without a failure: work has begun there without
         *     this client
         */
        private void add(
                VolumeTables tables,
                ClientId client,
                FileNode file,
                @Nullable Layout known,
                LayoutRange asked,
                RangeSet barred) {
            ByteRange range = asked.range();
            if (asked.kind().isDurable()) {
                fail(reclaimBad(file, asked, "were never granted to this client"));
                return;
            }
            if (!tables.isInGrace()) {
                fail(
                        Failure.of(
                                Reason.NO_GRACE,
                                "bytes "
                                        + range
                                        + " of file "
                                        + file.id()
                                        + " are not held any more"));
                return;
            }
            long end = Math.ceilDiv(file.sizeBytes(), tables.blockSize()) * tables.blockSize();
            if (range.end() > end) {
                fail(reclaimBad(file, asked, "lie past end of file, where nothing is granted"));
                barred.add(new ByteRange(Math.max(end, range.start()), range.end()));
            }
            for (Held held : writersBeside(tables, client, file, range)) {
                for (Held part : InTheWay.of(tables, file, held, GrantKind.READ)) {
                    fail(reclaimBad(file, asked, "are granted to another client for RW"));
                    barred.add(part.range());
                }
            }
            if (known != null) {
                known.within(range).forEach(named -> barred.add(named.range()));
            }
            for (ByteRange rest : barred.gapsWithin(range)) {
                reads.add(new LayoutRange(rest, GrantKind.READ));
                granted.add(new LayoutRange(rest, GrantKind.READ));
            }
        }

        private void fail(Failure why) {
            if (wrong == null) {
                wrong = why;
            }
        }
    }

    /**
     * What others hold for RW. What they have given back of a recall that is still open is free for
     * nobody new, but says nothing against who held it for READ beside them.
     */
    private static List<Held> writersBeside(
            VolumeTables tables, ClientId client, FileNode file, ByteRange range) {
        List<Held> writers = new ArrayList<>();
        for (Layout layout : file.layouts()) {
            if (!layout.client().equals(client)) {
                ClientEntry holder = Objects.requireNonNull(tables.client(layout.client()));
                layout.within(range).stream()
                        .filter(held -> held.kind().isWriter())
                        .forEach(h -> writers.add(new Held(holder, file, h.range(), h.kind())));
            }
        }
        return writers;
    }

    /** What is wrong with a restated layout as a whole; null if nothing is. */
    private static @Nullable Failure check(
            VolumeTables tables,
            @Nullable FileNode file,
            @Nullable Layout known,
            RestatedLayout restated) {
        if (file == null || file.isDirectory()) {
            return Failure.of(Reason.STALE_FILE, "file " + restated.file() + " has been removed");
        }
        if (known != null && !known.id().equals(restated.stateid().id())) {
            return Failure.of(
                    Reason.BAD_STATEID, "the layout on file " + file.id() + " has another id");
        }
        if (restated.stateid().seqid() == 0) {
            return Failure.of(Reason.BAD_STATEID, "a seqid is never 0");
        }
        return checkShape(tables, restated);
    }

    private static @Nullable Failure checkShape(VolumeTables tables, RestatedLayout restated) {
        long end = 0;
        for (LayoutRange range : restated.ranges()) {
            if (!range.range().isAligned(tables.blockSize()) || range.range().start() < end) {
                return Failure.of(
                        Reason.INVALID_ARGUMENT,
                        "restated ranges are whole blocks, sorted and disjoint: "
                                + range.range()
                                + " is not");
            }
            end = range.range().end();
        }
        return null;
    }

    private static Failure reclaimBad(FileNode file, LayoutRange range, String why) {
        return Failure.of(
                Reason.RECLAIM_BAD,
                "bytes "
                        + range.range()
                        + " of file "
                        + file.id()
                        + ", restated as "
                        + range.kind()
                        + ", "
                        + why);
    }
}
