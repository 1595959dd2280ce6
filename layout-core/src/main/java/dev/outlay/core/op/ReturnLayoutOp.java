package dev.outlay.core.op;

import dev.outlay.core.command.Command.ReturnLayout;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.op.Grants.Release;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.ReturnedLayout;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * ReturnLayout: given back. The client has no I/O in flight on what it returns; what it left
 * uncommitted is freed. Returning what is not held is no error, so that a return can be repeated;
 * the answer names what was held.
 *
 * <p>Source: RFC 8881 18.44.
 */
final class ReturnLayoutOp {

    private ReturnLayoutOp() {}

    static Decision decide(VolumeTables tables, ReturnLayout ask) {
        ClientId caller = ask.origin().client();
        ClientEntry client = Objects.requireNonNull(tables.client(caller));
        Returning returning = new Returning(tables, caller);
        switch (ask.scope()) {
            case ReturnScope.Ranges scope -> {
                if (scope.ranges().isEmpty()
                        || scope.ranges().size() > tables.limits().returnRanges()) {
                    throw new Refusal(
                            Reason.INVALID_ARGUMENT,
                            "a return names 1 to "
                                    + tables.limits().returnRanges()
                                    + " ranges, or the whole file");
                }
                for (ByteRange range : scope.ranges()) {
                    Checks.blocks(tables, range.start(), range.length());
                }
                returning.file(scope.file(), scope.stateid(), scope.ranges());
            }
            case ReturnScope.WholeFile scope ->
                    returning.file(scope.file(), scope.stateid(), List.of(Grants.wholeFile()));
            case ReturnScope.WholeDevice scope -> {
                for (FileId id : client.files()) {
                    returning.device(Objects.requireNonNull(tables.file(id)), scope.device());
                }
            }
            case ReturnScope.Everything scope ->
                    client.files()
                            .forEach(
                                    id ->
                                            returning.file(
                                                    id,
                                                    Optional.empty(),
                                                    List.of(Grants.wholeFile())));
        }
        returning.facts.addAll(Recalls.bulkEndedBy(client, ask.scope()));
        return Decision.answer(returning.facts, new Reply.Returned(returning.returned));
    }

    /** Facts of a client's end by its own word: everything it held, on all files. */
    static List<Fact> everything(VolumeTables tables, ClientEntry client) {
        Returning returning = new Returning(tables, client.record().id());
        client.files()
                .forEach(id -> returning.file(id, Optional.empty(), List.of(Grants.wholeFile())));
        return returning.facts;
    }

    private static final class Returning {
        private final VolumeTables tables;
        private final ClientId caller;
        private final List<Fact> facts = new ArrayList<>();
        private final List<ReturnedLayout> returned = new ArrayList<>();
        private long nextWork;

        Returning(VolumeTables tables, ClientId caller) {
            this.tables = tables;
            this.caller = caller;
            this.nextWork = tables.nextWork();
        }

        void file(FileId id, Optional<Stateid> stateid, List<ByteRange> ranges) {
            FileNode file = tables.file(id);
            if (file == null || file.layoutOf(caller) == null) {
                facts.addAll(Recalls.endedBy(tables, caller, id, ranges));
                return;
            }
            stateid.ifPresent(sent -> Checks.stateid(file.layoutOf(caller), sent, true));
            stateid.ifPresent(sent -> facts.add(new Fact.SeqidSeen(caller, id, sent.seqid())));
            Release release = Grants.release(tables, file, caller, ranges);
            facts.addAll(release.facts());
            if (release.returned().isEmpty()) {
                return;
            }
            returned.addAll(release.returned());
            if (release.lastBlockLeft() && !file.isRemoving()) {
                facts.add(Grants.zeroTail(tables, file, nextWork++));
            }
            boolean whole = release.returned().getFirst().remaining().isEmpty();
            facts.addAll(Removal.after(tables, file, caller, whole));
        }

        void device(FileNode file, int device) {
            List<ByteRange> ranges =
                    Grants.heldOn(file, Objects.requireNonNull(file.layoutOf(caller)), device);
            if (!ranges.isEmpty()) {
                file(file.id(), Optional.empty(), ranges);
            }
        }
    }
}
