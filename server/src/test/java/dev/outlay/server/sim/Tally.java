package dev.outlay.server.sim;

import dev.outlay.core.space.RangeSet;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Waiter;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How much a run is worth: the operations its programs did, how many of them met what another
 * client held, and how many met a crash.
 *
 * <p>An operation is one step of a program. It conflicts if a request made while it runs waits for
 * what others hold or was refused for it, or asks for bytes that a recall under way covers. What a
 * client gives back or commits because it was asked to does not count.
 */
final class Tally {

    /** What stops without warning. */
    enum Crash {
        SERVER_PROCESS,
        SERVER_HOST,
        CLIENT_PROCESS,
        CLIENT_HOST
    }

    private final Map<SimProcess, Operation> running = new HashMap<>();
    private final Map<Long, SimProcess> processes = new HashMap<>();
    private final Map<Long, RangeSet> recalled = new HashMap<>();
    private long operations;
    private long conflicts;
    private long metCrash;

    private static final class Operation {
        private boolean conflicts;
        private boolean meetsCrash;
    }

    // ---- operations

    void begun(SimProcess process) {
        operations++;
        running.put(process, new Operation());
    }

    void ended(SimProcess process) {
        running.remove(process);
    }

    private void conflicts(@Nullable SimProcess process) {
        Operation operation = process == null ? null : running.get(process);
        if (operation != null && !operation.conflicts) {
            operation.conflicts = true;
            conflicts++;
        }
    }

    // ---- conflicts

    /** The volume after a batch: who waits in it, and what it asks back. */
    void batch(VolumeTables tables) {
        recalled.clear();
        for (ClientEntry client : tables.recalled()) {
            for (Recall recall : client.recalls()) {
                if (recall.scope() instanceof RecallScope.Ranges scope) {
                    RangeSet ranges =
                            recalled.computeIfAbsent(scope.file().value(), _ -> new RangeSet());
                    scope.ranges().forEach(ranges::add);
                }
            }
        }
        if (tables.waiting().size() == 0) {
            return;
        }
        for (FileNode file : tables.files()) {
            for (Waiter waiter : tables.waiting().on(file.id())) {
                if (!waiter.forSpace()) {
                    conflicts(processes.get(waiter.origin().client().value()));
                }
            }
        }
    }

    void heard(SimProcess process, ClientMessage message) {
        for (Request request : message.getRequestsList()) {
            if (request.hasAttachSession()) {
                processes.put(request.getAttachSession().getSession().getClientId(), process);
            } else if (!recalled.isEmpty() && meetsRecall(request)) {
                conflicts(process);
            }
        }
    }

    private boolean meetsRecall(Request request) {
        return switch (request.getBodyCase()) {
            case MAP_BLOCKS ->
                    meetsRecall(
                            request.getMapBlocks().getFileId(),
                            ByteRange.ofLength(
                                    request.getMapBlocks().getOffset(),
                                    request.getMapBlocks().getLength()));
            case TRUNCATE ->
                    meetsRecall(
                            request.getTruncate().getFileId(),
                            ByteRange.from(request.getTruncate().getNewSizeBytes()));
            case ALLOCATE ->
                    meetsRecall(
                            request.getAllocate().getFileId(),
                            ByteRange.ofLength(
                                    request.getAllocate().getOffset(),
                                    request.getAllocate().getLength()));
            case DEALLOCATE ->
                    meetsRecall(
                            request.getDeallocate().getFileId(),
                            ByteRange.ofLength(
                                    request.getDeallocate().getOffset(),
                                    request.getDeallocate().getLength()));
            case CLONE ->
                    meetsRecall(request.getClone().getSourceId(), ByteRange.from(0))
                            || meetsRecall(
                                    request.getClone().getDestinationId(), ByteRange.from(0));
            case READ ->
                    meetsRecall(
                            request.getRead().getFileId(),
                            ByteRange.ofLength(
                                    request.getRead().getOffset(), request.getRead().getLength()));
            case WRITE ->
                    meetsRecall(
                            request.getWrite().getFileId(),
                            ByteRange.ofLength(
                                    request.getWrite().getOffset(),
                                    request.getWrite().getData().size()));
            default -> false;
        };
    }

    private boolean meetsRecall(long file, ByteRange range) {
        RangeSet ranges = recalled.get(file);
        return ranges != null && ranges.overlaps(range);
    }

    void said(SimProcess process, ServerMessage message) {
        for (Reply reply : message.getRepliesList()) {
            if (reply.hasOpenSession()) {
                processes.put(reply.getOpenSession().getClientId(), process);
            } else if (reply.hasError() && isConflict(reply)) {
                conflicts(process);
            }
        }
    }

    private static boolean isConflict(Reply reply) {
        return switch (reply.getError().getReason()) {
            case REASON_TRY_LATER, REASON_RECALL_CONFLICT, REASON_RETURN_CONFLICT -> true;
            default -> false;
        };
    }

    // ---- crashes

    /** Every operation under way waits for the server, or soon will. */
    void serverCrashed() {
        recalled.clear();
        running.values().forEach(this::meetsCrash);
    }

    /** What the process was doing ends here. */
    void died(SimProcess process) {
        Operation operation = running.remove(process);
        if (operation != null) {
            meetsCrash(operation);
        }
    }

    private void meetsCrash(Operation operation) {
        if (!operation.meetsCrash) {
            operation.meetsCrash = true;
            metCrash++;
        }
    }

    // ---- sums

    long operations() {
        return operations;
    }

    /** Of the operations, those that met what another client held. */
    long conflicts() {
        return conflicts;
    }

    /** Of the operations, those that a crash fell into. */
    long metCrash() {
        return metCrash;
    }
}
