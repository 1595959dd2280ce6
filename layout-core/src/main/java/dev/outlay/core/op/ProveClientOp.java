package dev.outlay.core.op;

import dev.outlay.core.command.Command.EndClient;
import dev.outlay.core.command.Command.ProveClient;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Quarantine;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * ProveClient: it is certain that a client which has ended stores and reads no more. Its blocks
 * outside of files are free again, those in files not at risk, its lingering grants gone, and it is
 * forgotten; blocks that another ended client could still touch stay as they are.
 *
 * <p>Nothing here waits for the end of grace: whatever lies outside of files was taken from
 * everybody else before it came there, so that no grant on it can be restated.
 */
final class ProveClientOp {

    private ProveClientOp() {}

    static Decision decide(VolumeTables tables, ProveClient ask) {
        ClientEntry client = tables.client(ask.client());
        if (client == null) {
            throw new Refusal(
                    Reason.NOT_FOUND,
                    "client "
                            + ask.client()
                            + " is not remembered here: nothing is in quarantine because of it");
        }
        if (ask.proof() == Proof.TIME && tables.settings().fence() == FencePolicy.STRICT) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "the fence policy of volume '"
                            + tables.settings().name()
                            + "' is STRICT: time proves nothing");
        }
        if (client.ended().isEmpty()) {
            return endedWithProof(client);
        }
        List<Fact> facts = new ArrayList<>();
        OptionalLong work = noLongerAtRisk(tables, ask.client(), facts);
        if (work.isPresent()) {
            return Decision.awaitWork(List.of(), work.getAsLong());
        }
        long safeBytes = alone(tables, ask.client(), true);
        facts.add(new Fact.ClientProven(ask.client(), ask.proof()));
        facts.addAll(EndClientOp.readersGone(tables, client));
        facts.add(new Fact.ClientForgotten(ask.client()));
        return Decision.answer(facts, new Reply.Proven(freedBytes(tables, ask.client()), safeBytes))
                .with(List.of(new Notice.ClientProven(ask.client())));
    }

    /** What is courtesy still counts as returned; a lease that runs is no matter of proofs. */
    private static Decision endedWithProof(ClientEntry client) {
        ClientId id = client.record().id();
        if (!client.isLapsed()) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "client "
                            + id
                            + " ('"
                            + client.record().owner()
                            + "') has not ended: its lease runs; revoke it first");
        }
        return Decision.then(List.of(), new EndClient(id, EndCause.OWN_WORD));
    }

    /**
     * Committed blocks that this client put at risk. Returns device work to wait for first: the
     * last block may just be moved, and is not to be zeroed where it was.
     */
    private static OptionalLong noLongerAtRisk(
            VolumeTables tables, ClientId client, List<Fact> facts) {
        List<DeviceRange> mapped =
                tables.quarantine().entries().stream()
                        .filter(e -> e.held().mapped() && e.held().holders().contains(client))
                        .map(Quarantine.Entry::range)
                        .toList();
        if (mapped.isEmpty()) {
            return OptionalLong.empty();
        }
        long nextWork = tables.nextWork();
        for (FileNode file : tables.files()) {
            List<ByteRange> ranges = new ArrayList<>();
            file.extents()
                    .forEach(
                            extent -> {
                                if (extent.has(Extent.AT_RISK)
                                        && mapped.stream()
                                                .anyMatch(extent.deviceRange()::overlaps)) {
                                    ranges.add(extent.range());
                                }
                            });
            if (!ranges.isEmpty()) {
                facts.add(new Fact.ExtentsProven(file.id(), ranges, client));
                if (isLastWriterOnTail(tables, file, ranges)) {
                    Work under = file.workOn(Objects.requireNonNull(Grants.tail(tables, file)));
                    if (under != null) {
                        return OptionalLong.of(under.id());
                    }
                    facts.add(Grants.zeroTail(tables, file, nextWork++));
                }
            }
        }
        return OptionalLong.empty();
    }

    /**
     * Whether the client could store past end of file until now, and nobody else can from now on: a
     * late store may have come after the zeroing that followed the end of its grant.
     */
    private static boolean isLastWriterOnTail(
            VolumeTables tables, FileNode file, List<ByteRange> ranges) {
        ByteRange tail = file.isRemoving() ? null : Grants.tail(tables, file);
        return tail != null
                && ranges.stream().anyMatch(tail::overlaps)
                && file.layouts().stream()
                        .flatMap(layout -> layout.within(tail).stream())
                        .noneMatch(held -> held.kind().isWriter());
    }

    private static long freedBytes(VolumeTables tables, ClientId client) {
        return alone(tables, client, false);
    }

    private static long alone(VolumeTables tables, ClientId client, boolean mapped) {
        return tables.quarantine().entries().stream()
                .filter(e -> e.held().mapped() == mapped)
                .filter(e -> e.held().holders().equals(List.of(client)))
                .mapToLong(e -> e.range().length())
                .sum();
    }
}
