package dev.outlay.core.op;

import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * When there are not blocks enough: what others were granted and have not committed is asked for,
 * first what lies past end of file, which is space taken ahead. The request waits until that has
 * come back, and is tried again; then it is refused, if that was not enough.
 */
final class TakeBack {

    private TakeBack() {}

    /** The request waits for space, or is refused where none can come. */
    static Decision decide(VolumeTables tables, Mutation ask, Shortage shortage) {
        Optional<Waiter> before = tables.waiting().of(ask.origin());
        if (before.isPresent() && before.get().forSpace()) {
            if (!isAnswerAwaited(tables)) {
                throw shortage;
            }
            return new Decision(List.of(), new Decision.Outcome.AwaitTurn(before.get().ticket()));
        }
        long wait = Waiting.waitMillis(ask);
        List<Held> idle =
                wait <= 0 ? List.of() : idle(tables, ask.origin().client(), shortage.bytes());
        if (idle.isEmpty()) {
            throw shortage;
        }
        List<Fact> facts = new ArrayList<>();
        List<Notice> notices = new ArrayList<>();
        Recalls.begin(tables, idle, false, facts, notices);
        Waiter waiter =
                before.map(Waiter::waitingForSpace)
                        .orElseGet(
                                () ->
                                        new Waiter(
                                                tables.waiting().nextTicket(),
                                                ask.origin(),
                                                shortage.file().id(),
                                                shortage.range(),
                                                true,
                                                wait,
                                                true,
                                                false));
        facts.add(before.isPresent() ? new Fact.WaitMoved(waiter) : new Fact.WaitBegan(waiter));
        return new Decision(facts, notices, new Decision.Outcome.AwaitTurn(waiter.ticket()));
    }

    /** Whether a client may still give something back in the time it has for that. */
    private static boolean isAnswerAwaited(VolumeTables tables) {
        return tables.recalled().stream()
                .flatMap(client -> client.recalls().stream())
                .anyMatch(recall -> !recall.overdue());
    }

    /**
     * What clients other than {@code caller} hold uncommitted, until it is {@code bytes}; past end
     * of file first. Who is silent past its lease, or has let the time for a recall pass, is not
     * asked: what it holds could only go to quarantine, and no time would end the wait for it.
     */
    private static List<Held> idle(VolumeTables tables, ClientId caller, long bytes) {
        List<Held> ahead = new ArrayList<>();
        List<Held> inside = new ArrayList<>();
        for (ClientEntry client : tables.clients()) {
            boolean asked =
                    !client.record().id().equals(caller)
                            && client.ended().isEmpty()
                            && !client.isLapsed()
                            && !client.isOverdue();
            if (asked) {
                for (FileId id : client.files()) {
                    collect(Objects.requireNonNull(tables.file(id)), client, ahead, inside);
                }
            }
        }
        ahead.addAll(inside);
        List<Held> enough = new ArrayList<>();
        long found = 0;
        for (Held held : ahead) {
            if (found >= bytes) {
                break;
            }
            enough.add(held);
            found += held.range().length();
        }
        return enough;
    }

    private static void collect(
            FileNode file, ClientEntry client, List<Held> ahead, List<Held> inside) {
        Layout layout = Objects.requireNonNull(file.layoutOf(client.record().id()));
        for (LayoutRange granted : layout.ranges()) {
            if (!granted.kind().isWriter()) {
                continue;
            }
            for (ByteRange idle : uncommitted(file, granted.range())) {
                Held held = new Held(client, file, idle, granted.kind());
                (idle.start() >= file.sizeBytes() ? ahead : inside).add(held);
            }
        }
    }

    private static List<ByteRange> uncommitted(FileNode file, ByteRange range) {
        List<ByteRange> uncommitted = new ArrayList<>(Grants.uncommitted(file, range));
        uncommitted.addAll(CopyOnWrite.copied(file, range));
        return uncommitted;
    }
}
