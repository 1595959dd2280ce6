package dev.outlay.core.op;

import dev.outlay.core.command.Command.AcknowledgeRecall;
import dev.outlay.core.command.Command.RecallDue;
import dev.outlay.core.command.Command.RecallLayouts;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Recalls: holders are asked to give back. At most one is open for each layout, widened when more
 * is needed; it ends with one return that covers all of it, whatever came back in pieces before, or
 * with the client.
 *
 * <p>Source: RFC 8881 12.5.5 and 20.3 (CB_LAYOUTRECALL).
 */
final class Recalls {

    private Recalls() {}

    // ---- the beginning

    /** Asks for what is held, of everybody who can answer and has not been asked yet. */
    static void begin(
            VolumeTables tables,
            List<Held> wanted,
            boolean changed,
            List<Fact> facts,
            List<Notice> notices) {
        Map<Asked, List<Held>> byLayout = new LinkedHashMap<>();
        for (Held held : wanted) {
            if (held.holder().ended().isEmpty() && held.file() != null) {
                byLayout.computeIfAbsent(Asked.of(held), asked -> new ArrayList<>()).add(held);
            }
        }
        long next = tables.nextRecall();
        for (List<Held> ofOne : byLayout.values()) {
            Held first = ofOne.getFirst();
            List<ByteRange> ranges = ofOne.stream().map(Held::range).toList();
            if (begin(first.holder(), first.file(), ranges, changed, next, facts, notices)) {
                next++;
            }
        }
    }

    /** Whose layout is asked for: a recall of ranges is of one file. */
    private record Asked(ClientId client, FileId file) {
        static Asked of(Held held) {
            return new Asked(held.holder().record().id(), held.file().id());
        }
    }

    private static boolean begin(
            ClientEntry holder,
            FileNode file,
            List<ByteRange> ranges,
            boolean changed,
            long freshId,
            List<Fact> facts,
            List<Notice> notices) {
        ClientId client = holder.record().id();
        Optional<Recall> open = holder.recallOf(file.id());
        RangeSet scope = new RangeSet();
        open.ifPresent(
                recall -> ((RecallScope.Ranges) recall.scope()).ranges().forEach(scope::add));
        boolean known =
                ranges.stream().allMatch(scope::containsAll)
                        && (!changed || open.map(Recall::changed).orElse(false));
        if (known) {
            return false;
        }
        ranges.forEach(scope::add);
        RecallScope wider = new RecallScope.Ranges(file.id(), scope.ranges());
        Recall recall =
                open.map(r -> r.widened(wider, changed))
                        .orElseGet(() -> Recall.begun(freshId, client, wider, changed));
        Layout layout = file.layoutOf(client);
        int seqid = layout == null ? 0 : layout.nextSeqid();
        facts.add(new Fact.RecallBegan(recall, seqid));
        notices.add(
                new Notice.RecallSent(
                        recall,
                        layout == null
                                ? Optional.empty()
                                : Optional.of(new Stateid(layout.id(), seqid))));
        return open.isEmpty();
    }

    /** RecallLayouts: an operator, or the server itself, wants layouts back. */
    static Decision begin(VolumeTables tables, RecallLayouts ask) {
        List<Fact> facts = new ArrayList<>();
        List<Notice> notices = new ArrayList<>();
        long next = tables.nextRecall();
        int asked = 0;
        for (ClientEntry client : tables.clients()) {
            boolean meant =
                    client.ended().isEmpty()
                            && ask.client().map(client.record().id()::equals).orElse(true);
            if (!meant || !holdsAny(tables, client, ask.scope())) {
                continue;
            }
            asked++;
            if (ask.scope() instanceof RecallScope.Ranges scope) {
                FileNode file = Objects.requireNonNull(tables.file(scope.file()));
                List<ByteRange> held = heldOf(file, client.record().id(), scope.ranges());
                if (begin(client, file, held, ask.changed(), next, facts, notices)) {
                    next++;
                }
            } else if (client.recalls().stream()
                    .noneMatch(
                            r -> r.scope().equals(ask.scope()) && r.changed() == ask.changed())) {
                Recall recall =
                        Recall.begun(next++, client.record().id(), ask.scope(), ask.changed());
                facts.add(new Fact.RecallBegan(recall, 0));
                notices.add(new Notice.RecallSent(recall, Optional.empty()));
            }
        }
        return Decision.answer(facts, new Reply.RecallsBegun(asked)).with(notices);
    }

    private static boolean holdsAny(VolumeTables tables, ClientEntry client, RecallScope scope) {
        ClientId id = client.record().id();
        return switch (scope) {
            case RecallScope.Ranges ranges -> {
                FileNode file = Checks.file(tables, ranges.file());
                yield !heldOf(file, id, ranges.ranges()).isEmpty();
            }
            case RecallScope.Volume volume -> !client.files().isEmpty();
            case RecallScope.Device device ->
                    client.files().stream()
                            .map(file -> Objects.requireNonNull(tables.file(file)))
                            .anyMatch(file -> holdsOn(file, id, device.device()));
        };
    }

    private static List<ByteRange> heldOf(FileNode file, ClientId client, List<ByteRange> ranges) {
        Layout layout = file.layoutOf(client);
        return layout == null
                ? List.of()
                : ranges.stream()
                        .flatMap(range -> layout.within(range).stream())
                        .map(LayoutRange::range)
                        .toList();
    }

    private static boolean holdsOn(FileNode file, ClientId client, int device) {
        Layout layout = Objects.requireNonNull(file.layoutOf(client));
        return !Grants.heldOn(file, layout, device).isEmpty();
    }

    // ---- while it is open

    static Decision acknowledge(VolumeTables tables, AcknowledgeRecall ask) {
        ClientEntry client = tables.client(ask.client());
        boolean news =
                client != null
                        && client.recall(ask.recall()).filter(r -> !r.acknowledged()).isPresent();
        return Decision.answer(
                news ? List.of(new Fact.RecallAcknowledged(ask.client(), ask.recall())) : List.of(),
                new Reply.Done());
    }

    /**
     * The time is over. A client that has returned parts since gets more, up to a cap; any other
     * has its lease run out, and is revoked then if somebody still waits.
     */
    static Decision due(VolumeTables tables, RecallDue ask) {
        ClientEntry client = tables.client(ask.client());
        Optional<Recall> recall = client == null ? Optional.empty() : client.recall(ask.recall());
        if (recall.isEmpty() || recall.get().overdue()) {
            return Decision.answer(new Reply.Done());
        }
        if (recall.get().pieces() > ask.pieces() && ask.extensions() > 0) {
            return Decision.answer(new Reply.RecallExtended(recall.get().pieces()));
        }
        return Decision.answer(
                List.of(new Fact.RecallOverdue(ask.client(), ask.recall())), new Reply.Done());
    }

    /**
     * A caller may not be granted anew what it is asked to give back: before it has acknowledged
     * the recall it has to do that first, afterwards it has to return.
     */
    static void refuseUnderRecall(ClientEntry client, FileId file, ByteRange range) {
        for (Recall recall : client.recalls()) {
            boolean meant =
                    switch (recall.scope()) {
                        case RecallScope.Ranges scope ->
                                scope.file().equals(file)
                                        && scope.ranges().stream().anyMatch(range::overlaps);
                        case RecallScope.Device device -> true;
                        case RecallScope.Volume volume -> true;
                    };
            if (meant) {
                throw new Refusal(
                        new Reply.Failure(
                                recall.acknowledged()
                                        ? Reason.RETURN_CONFLICT
                                        : Reason.RECALL_CONFLICT,
                                "recall "
                                        + recall.id()
                                        + " asks this client to give back "
                                        + text(recall.scope())
                                        + (recall.acknowledged()
                                                ? ", which it has acknowledged and not returned"
                                                : ""),
                                Conflict.RETRY_MILLIS));
            }
        }
    }

    private static String text(RecallScope scope) {
        return switch (scope) {
            case RecallScope.Ranges ranges ->
                    "bytes " + ranges.ranges() + " of file " + ranges.file();
            case RecallScope.Device device -> "all that lies on device " + device.device();
            case RecallScope.Volume volume -> "all that it holds in the volume";
        };
    }

    // ---- the end

    /** Recalls of ranges that a return of {@code returned} answers: it covers all they ask for. */
    static List<Fact> endedBy(
            VolumeTables tables, ClientId client, FileId file, List<ByteRange> returned) {
        Optional<Recall> open = Objects.requireNonNull(tables.client(client)).recallOf(file);
        if (open.isEmpty()) {
            return List.of();
        }
        RangeSet all = new RangeSet();
        returned.forEach(all::add);
        boolean whole =
                ((RecallScope.Ranges) open.get().scope())
                        .ranges().stream().allMatch(all::containsAll);
        return whole ? List.of(new Fact.RecallEnded(client, open.get().id())) : List.of();
    }

    /** Bulk recalls that a return of this scope answers. */
    static List<Fact> bulkEndedBy(ClientEntry client, ReturnScope returned) {
        return client.recalls().stream()
                .filter(
                        recall ->
                                switch (recall.scope()) {
                                    case RecallScope.Ranges ranges ->
                                            returned instanceof ReturnScope.Everything;
                                    case RecallScope.Volume volume ->
                                            returned instanceof ReturnScope.Everything;
                                    case RecallScope.Device device ->
                                            returned instanceof ReturnScope.Everything
                                                    || returned.equals(
                                                            new ReturnScope.WholeDevice(
                                                                    device.device()));
                                })
                .map(recall -> (Fact) new Fact.RecallEnded(client.record().id(), recall.id()))
                .toList();
    }

    // ---- to look at

    /** ListRecalls: what is open, as it would be sent now. */
    static Reply.Recalls list(VolumeTables tables, ClientId id) {
        ClientEntry client = tables.client(id);
        List<Notice.RecallSent> all = new ArrayList<>();
        if (client != null) {
            for (Recall recall : client.recalls()) {
                Layout layout =
                        recall.scope() instanceof RecallScope.Ranges scope
                                ? layoutOf(tables, scope.file(), id)
                                : null;
                all.add(
                        new Notice.RecallSent(
                                recall, Optional.ofNullable(layout).map(Layout::stateid)));
            }
        }
        return new Reply.Recalls(all);
    }

    private static @org.jspecify.annotations.Nullable Layout layoutOf(
            VolumeTables tables, FileId file, ClientId client) {
        FileNode node = tables.file(file);
        return node == null ? null : node.layoutOf(client);
    }
}
