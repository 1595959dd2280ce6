package dev.outlay.core.op;

import dev.outlay.core.command.Command.ListQuarantine;
import dev.outlay.core.command.Command.QuarantineCursor;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.QuarantinedClient;
import dev.outlay.core.reply.Reply.QuarantinedRange;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.Quarantine;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ClientId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

/** ListQuarantine: what waits for a proof, and whose. */
final class QuarantineOp {

    private QuarantineOp() {}

    static Reply list(VolumeTables tables, ListQuarantine ask) {
        TreeMap<ClientId, List<Quarantine.Entry>> byClient = new TreeMap<>();
        for (Quarantine.Entry entry : tables.quarantine().entries()) {
            for (ClientId holder : entry.held().holders()) {
                if (ask.client().isEmpty() || ask.client().get().equals(holder)) {
                    byClient.computeIfAbsent(holder, c -> new ArrayList<>()).add(entry);
                }
            }
        }
        int limit = tables.limits().extentsPerReply();
        int left = ask.max() <= 0 ? limit : Math.min(ask.max(), limit);
        List<QuarantinedClient> clients = new ArrayList<>();
        for (var each : byClient.entrySet()) {
            List<QuarantinedRange> rest =
                    each.getValue().stream()
                            .filter(e -> isAfter(ask, each.getKey(), e))
                            .map(
                                    e ->
                                            new QuarantinedRange(
                                                    e.range(),
                                                    e.held().mapped(),
                                                    e.held().holders().size()))
                            .toList();
            if (rest.isEmpty()) {
                continue;
            }
            if (left == 0) {
                return new Reply.Quarantined(clients, true);
            }
            List<QuarantinedRange> page = rest.subList(0, Math.min(left, rest.size()));
            left -= page.size();
            ClientEntry client = Objects.requireNonNull(tables.client(each.getKey()));
            clients.add(
                    new QuarantinedClient(
                            client.record(),
                            client.ended().orElseThrow(),
                            bytes(each.getValue(), false),
                            bytes(each.getValue(), true),
                            page));
            if (page.size() < rest.size()) {
                return new Reply.Quarantined(clients, true);
            }
        }
        return new Reply.Quarantined(clients, false);
    }

    private static boolean isAfter(ListQuarantine ask, ClientId client, Quarantine.Entry entry) {
        if (ask.after().isEmpty()) {
            return true;
        }
        QuarantineCursor after = ask.after().get();
        int order = client.compareTo(after.client());
        if (order != 0) {
            return order > 0;
        }
        return entry.range().device() > after.device()
                || (entry.range().device() == after.device()
                        && entry.range().start() > after.offset());
    }

    private static long bytes(List<Quarantine.Entry> entries, boolean mapped) {
        return entries.stream()
                .filter(e -> e.held().mapped() == mapped)
                .mapToLong(e -> e.range().length())
                .sum();
    }
}
