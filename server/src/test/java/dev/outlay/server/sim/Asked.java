package dev.outlay.server.sim;

import com.google.protobuf.TextFormat;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.ServerMessage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What clients have asked the server and not been answered: whatever changes in the volume must be
 * what one of these asks for. Read off the network, independently of what the server makes of it.
 */
final class Asked {

    private static final int REMEMBERED = 5_000;

    private final World world;
    private final Map<Key, Ask> open = new LinkedHashMap<>();

    private final Set<Key> unsettled = new HashSet<>();

    /** The answers of the last operations, so that another one to the same is noticed. */
    private final Map<Key, Reply> answers = new LinkedHashMap<>();

    /**
     * Those of them that the server may keep in memory alone: grants that are not durable, and what
     * was returned of such.
     */
    private final Set<Key> inMemory = new HashSet<>();

    private final Map<SimNetwork.Stretch, Spoken> streams = new HashMap<>();

    /** How many proofs of its end the server has or may have taken, by client. */
    private final Map<Long, Integer> proven = new HashMap<>();

    private final Map<Long, Long> endedBy = new HashMap<>();
    private final Map<Long, Long> reattachedAt = new HashMap<>();

    private record Key(long client, long operation) {}

    /** What is known of a stream: whose it is, and which requests were sent on it. */
    private static final class Spoken {
        private long client;
        private final Map<Long, Request> requests = new HashMap<>();
    }

    /** One operation, however often it was sent. */
    record Ask(long client, Request request) {}

    Asked(World world) {
        this.world = world;
    }

    // ---- from the network

    void heard(SimNetwork.Stretch stream, ClientMessage message) {
        Spoken spoken = streams.computeIfAbsent(stream, _ -> new Spoken());
        for (Request request : message.getRequestsList()) {
            world.count("request", request.getBodyCase());
            world.detail(
                    () ->
                            "-> "
                                    + Long.toHexString(spoken.client)
                                    + " "
                                    + TextFormat.printer()
                                            .emittingSingleLine(true)
                                            .printToString(request));
            spoken.requests.put(request.getMessageId(), request);
            if (request.hasAttachSession()) {
                spoken.client = request.getAttachSession().getSession().getClientId();
            } else if (request.hasEndClient()) {
                endedBy.putIfAbsent(spoken.client, world.nanos());
            } else if (request.hasReattach()) {
                reattachedAt.put(spoken.client, world.nanos());
            }
            header(request).ifPresent(header -> begun(spoken.client, header, request));
        }
    }

    private void begun(long client, OperationHeader header, Request request) {
        Key key = new Key(client, header.getOperationId());
        open.keySet()
                .removeIf(
                        k ->
                                k.client == client
                                        && k.operation <= header.getAnsweredThrough()
                                        && !unsettled.contains(k));
        if (answers.containsKey(key)) {
            world.reach(Probe.REPLY_LOST);
        } else if (open.putIfAbsent(key, new Ask(client, request)) != null) {
            world.count("request repeated");
        }
    }

    void said(SimNetwork.Stretch stream, ServerMessage message) {
        Spoken spoken = streams.computeIfAbsent(stream, _ -> new Spoken());
        for (var notice : message.getNoticesList()) {
            world.count("notice", notice.getBodyCase());
        }
        for (Reply reply : message.getRepliesList()) {
            if (reply.hasOpenSession()) {
                spoken.client = reply.getOpenSession().getClientId();
            }
            world.detail(
                    () ->
                            "<- "
                                    + Long.toHexString(spoken.client)
                                    + " "
                                    + TextFormat.printer()
                                            .emittingSingleLine(true)
                                            .printToString(reply));
            Request request = spoken.requests.remove(reply.getMessageId());
            if (reply.hasError()) {
                world.count("refused", reply.getError().getReason());
            }
            if (request != null) {
                header(request)
                        .ifPresent(header -> answered(spoken.client, header, request, reply));
            }
        }
    }

    private void answered(long client, OperationHeader header, Request request, Reply reply) {
        Key key = new Key(client, header.getOperationId());
        if (reply.hasError() && isOfLostClient(reply) && startsWork(open.get(key))) {
            // What was durably intended is done, whoever hears of it.
            unsettled.add(key);
            return;
        }
        if (reply.hasError() && isForNow(reply)) {
            if (reply.getError().getReason() == Reason.REASON_READ_ONLY) {
                // The journal failed: what was asked may be done or not.
                unsettled.add(key);
            }
            return;
        }
        Reply plain = reply.toBuilder().clearMessageId().clearLeaseRenewed().build();
        Reply before = answers.getOrDefault(key, plain);
        if (!before.hasError() && !plain.hasError() && !before.equals(plain)) {
            world.violated(
                    "I12",
                    "operation "
                            + header.getOperationId()
                            + " of client "
                            + Long.toHexString(client)
                            + " was answered twice, differently: "
                            + before
                            + " and "
                            + plain);
        }
        open.remove(key);
        answers.putIfAbsent(key, plain);
        if (isPlainRead(request) || request.hasReturnLayout()) {
            inMemory.add(key);
        }
        if (answers.size() > REMEMBERED) {
            Key oldest = answers.keySet().iterator().next();
            answers.remove(oldest);
            inMemory.remove(oldest);
        }
    }

    private static boolean isPlainRead(Request request) {
        return request.hasMapBlocks()
                && request.getMapBlocks().getIomode() == IoMode.IO_MODE_READ
                && !request.getMapBlocks().getMapped();
    }

    /** The server runs no more: what it granted for reading is gone, and is granted anew. */
    void serverDied() {
        answers.keySet().removeAll(inMemory);
        inMemory.clear();
    }

    private static boolean isOfLostClient(Reply reply) {
        Reason reason = reply.getError().getReason();
        return reason == Reason.REASON_EXPIRED || reason == Reason.REASON_FENCED;
    }

    private static boolean startsWork(@Nullable Ask ask) {
        return ask != null && (ask.request.hasTruncate() || ask.request.hasDeallocate());
    }

    private static boolean isForNow(Reply reply) {
        return switch (reply.getError().getReason()) {
            case REASON_TRY_LATER,
                    REASON_GRACE,
                    REASON_READ_ONLY,
                    REASON_SHUTTING_DOWN,
                    REASON_RESOURCE_EXHAUSTED,
                    REASON_RECALL_CONFLICT,
                    REASON_RETURN_CONFLICT,
                    REASON_NO_SESSION ->
                    true;
            default -> false;
        };
    }

    static Optional<OperationHeader> header(Request request) {
        return switch (request.getBodyCase()) {
            case MAP_BLOCKS -> Optional.of(request.getMapBlocks().getOperation());
            case COMMIT_BLOCKS -> Optional.of(request.getCommitBlocks().getOperation());
            case RETURN_LAYOUT -> Optional.of(request.getReturnLayout().getOperation());
            case CREATE -> Optional.of(request.getCreate().getOperation());
            case SET_ATTRIBUTES -> Optional.of(request.getSetAttributes().getOperation());
            case RENAME -> Optional.of(request.getRename().getOperation());
            case REMOVE -> Optional.of(request.getRemove().getOperation());
            case TRUNCATE -> Optional.of(request.getTruncate().getOperation());
            case ALLOCATE -> Optional.of(request.getAllocate().getOperation());
            case DEALLOCATE -> Optional.of(request.getDeallocate().getOperation());
            default -> Optional.empty();
        };
    }

    /** The client's end has been proven, or is being proven. */
    void proven(long client) {
        proven.merge(client, 1, Integer::sum);
    }

    /** One proof was refused: from here on it excuses nothing. */
    void notProven(long client) {
        proven.computeIfPresent(client, (_, proofs) -> proofs == 1 ? null : proofs - 1);
    }

    boolean isProven(long client) {
        return proven.containsKey(client) || endedBy.containsKey(client);
    }

    /** The client that speaks on a stream; 0 until it has said so. */
    long speaker(SimNetwork.Stretch stream) {
        Spoken spoken = streams.get(stream);
        return spoken == null ? 0 : spoken.client;
    }

    /** Whether the client has asked for something about a file and not been answered. */
    boolean isUnderWay(long client, long file) {
        return open.values().stream()
                .anyMatch(
                        a ->
                                a.client == client
                                        && (!a.request.hasMapBlocks()
                                                || a.request.getMapBlocks().getFileId() == file));
    }

    // ---- what may happen

    private Optional<Ask> open(Predicate<Ask> which) {
        return open.values().stream().filter(which).findFirst();
    }

    /**
     * A commit under way that names this block of the file at this place, of one of the {@code
     * writers} if there is any: others' may have been refused long ago.
     */
    Optional<Ask> commit(long file, long index, int place, List<Long> writers) {
        long offset = index * SimServer.BLOCK;
        Predicate<Ask> names =
                a ->
                        a.request.hasCommitBlocks()
                                && a.request.getCommitBlocks().getFileId() == file
                                && a.request.getCommitBlocks().getRangesList().stream()
                                        .anyMatch(r -> names(r, offset, place));
        return open(names.and(a -> writers.contains(a.client))).or(() -> open(names));
    }

    private static boolean names(CommitRange range, long offset, int place) {
        return range.getFileOffset() <= offset
                && offset + SimServer.BLOCK <= range.getFileOffset() + range.getLength()
                && range.getDeviceOffset() + offset - range.getFileOffset()
                        == (long) place * SimServer.BLOCK;
    }

    /** Whether somebody asks to have this block of a file taken away or made zero. */
    boolean takes(Picture.FileView file, long index) {
        long start = index * SimServer.BLOCK;
        long end = start + SimServer.BLOCK;
        return open(a ->
                        switch (a.request.getBodyCase()) {
                            case TRUNCATE ->
                                    a.request.getTruncate().getFileId() == file.id()
                                            && end
                                                    > Math.min(
                                                            file.size(),
                                                            a.request
                                                                    .getTruncate()
                                                                    .getNewSizeBytes());
                            case DEALLOCATE ->
                                    a.request.getDeallocate().getFileId() == file.id()
                                            && start
                                                    < a.request.getDeallocate().getOffset()
                                                            + a.request.getDeallocate().getLength()
                                            && a.request.getDeallocate().getOffset() < end;
                            case REMOVE ->
                                    a.request.getRemove().getAt().getName().equals(file.name());
                            case RENAME ->
                                    a.request.getRename().getTo().getName().equals(file.name());
                            default -> false;
                        })
                .isPresent();
    }

    /** Whether somebody asks for this size of a file, or a commit may change it. */
    boolean resizes(long file, long size) {
        return open(a -> truncates(a.request, file, size) || commits(a.request, file, size))
                .isPresent();
    }

    private static boolean truncates(Request request, long file, long size) {
        return request.hasTruncate()
                && request.getTruncate().getFileId() == file
                && request.getTruncate().getNewSizeBytes() == size;
    }

    private static boolean commits(Request request, long file, long size) {
        return request.hasCommitBlocks()
                && request.getCommitBlocks().getFileId() == file
                && request.getCommitBlocks().getLastWriteOffset() + 1 == size;
    }

    /**
     * Whether the client itself has said that it uses this block of the file no more, or its end is
     * proven: what a client holds past its lease then counts as returned, without a quarantine.
     */
    boolean gaveUp(long client, long file, String name, long index) {
        if (isProven(client)) {
            return true;
        }
        Long reattached = reattachedAt.get(client);
        if (reattached != null && world.nanos() - reattached < 1_000_000_000L) {
            return true;
        }
        long offset = index * SimServer.BLOCK;
        return open(a ->
                        a.client == client
                                && switch (a.request.getBodyCase()) {
                                    case RETURN_LAYOUT ->
                                            returns(a.request.getReturnLayout(), file, offset);
                                    case TRUNCATE -> a.request.getTruncate().getFileId() == file;
                                    case ALLOCATE -> a.request.getAllocate().getFileId() == file;
                                    case DEALLOCATE ->
                                            a.request.getDeallocate().getFileId() == file;
                                    case REMOVE ->
                                            a.request.getRemove().getAt().getName().equals(name);
                                    case RENAME ->
                                            a.request.getRename().getTo().getName().equals(name);
                                    default -> false;
                                })
                .isPresent();
    }

    private static boolean returns(ReturnLayoutRequest request, long file, long offset) {
        if (!request.hasFile()) {
            return true;
        }
        if (request.getFile().getFileId() != file) {
            return false;
        }
        RangeSet ranges = new RangeSet();
        request.getFile()
                .getRangesList()
                .forEach(r -> ranges.add(ByteRange.ofLength(r.getOffset(), r.getLength())));
        return ranges.isEmpty() || ranges.containsAll(ByteRange.ofLength(offset, SimServer.BLOCK));
    }
}
