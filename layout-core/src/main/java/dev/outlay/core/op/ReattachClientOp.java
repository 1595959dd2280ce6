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
 * speaks against it; anything else is refused for that file alone. The server goes on above both
 * seqids.
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
        Failure wrong = check(tables, id, file, known, restated);
        if (wrong != null || file == null) {
            return new ReattachedLayout(
                    restated.file(),
                    known == null ? Optional.empty() : Optional.of(known.stateid()),
                    known == null ? List.of() : known.ranges(),
                    Optional.ofNullable(wrong));
        }
        List<LayoutRange> reads = readable(tables, id, file, known, restated);
        if (known == null && reads.isEmpty()) {
            return new ReattachedLayout(file.id(), Optional.empty(), List.of(), Optional.empty());
        }
        int sent = restated.stateid().seqid();
        int base =
                known == null || Stateid.isAfter(sent, known.stateid().seqid())
                        ? sent
                        : known.stateid().seqid();
        int seqid = Stateid.next(base);
        facts.add(new Fact.LayoutGranted(id, file.id(), restated.stateid().id(), seqid, reads));
        List<LayoutRange> all = new ArrayList<>(known == null ? List.of() : known.ranges());
        reads.stream()
                .filter(r -> known == null || !known.covers(r.range(), GrantKind.READ))
                .forEach(all::add);
        all.sort((x, y) -> x.range().compareTo(y.range()));
        return new ReattachedLayout(
                file.id(),
                Optional.of(new Stateid(restated.stateid().id(), seqid)),
                all,
                Optional.empty());
    }

    /** What of the restated READ stands: none of it is granted where work has begun without it. */
    private static List<LayoutRange> readable(
            VolumeTables tables,
            ClientId client,
            FileNode file,
            @Nullable Layout known,
            RestatedLayout restated) {
        RangeSet cleared = DeviceWork.clearedOf(tables, file, client);
        List<LayoutRange> reads = new ArrayList<>();
        for (LayoutRange range : restated.ranges()) {
            if (range.kind() != GrantKind.READ) {
                continue;
            }
            if (known != null && known.covers(range.range(), GrantKind.READ)) {
                reads.add(range);
            } else {
                cleared.gapsWithin(range.range())
                        .forEach(rest -> reads.add(new LayoutRange(rest, GrantKind.READ)));
            }
        }
        return reads;
    }

    /** What is wrong with a restated layout; null if it stands. */
    private static @Nullable Failure check(
            VolumeTables tables,
            ClientId client,
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
        Failure shape = checkShape(tables, restated);
        if (shape != null) {
            return shape;
        }
        for (LayoutRange range : restated.ranges()) {
            if (known == null || !known.covers(range.range(), range.kind())) {
                Failure wrong = checkReclaim(tables, client, file, range);
                if (wrong != null) {
                    return wrong;
                }
            }
        }
        return null;
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

    /** What is wrong with a restated range that the server does not know of. */
    private static @Nullable Failure checkReclaim(
            VolumeTables tables, ClientId client, FileNode file, LayoutRange range) {
        if (range.kind().isDurable()) {
            return reclaimBad(file, range, "were never granted to this client for " + range.kind());
        }
        if (!tables.isInGrace()) {
            return Failure.of(
                    Reason.NO_GRACE,
                    "bytes " + range.range() + " of file " + file.id() + " are not held any more");
        }
        long end = Math.ceilDiv(file.sizeBytes(), tables.blockSize()) * tables.blockSize();
        if (range.range().end() > end) {
            return reclaimBad(file, range, "lie past end of file, where nothing is granted READ");
        }
        for (Held held : Grants.ofOthers(tables, file, client, range.range())) {
            if (!InTheWay.of(tables, file, held, GrantKind.READ).isEmpty()) {
                return reclaimBad(file, range, "are granted to another client for RW");
            }
        }
        return null;
    }

    private static Failure reclaimBad(FileNode file, LayoutRange range, String why) {
        return Failure.of(
                Reason.RECLAIM_BAD, "bytes " + range.range() + " of file " + file.id() + " " + why);
    }
}
