package dev.outlay.server.sim;

import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.v1.CloneRequest;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reason;
import dev.outlay.v1.RenameRequest;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.WriteRequest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What clients have asked the server and not been answered: whatever changes in the volume must be
 * what one of these asks for. Read off the network, independently of what the server makes of it.
 */
final class Asked implements Talk.Listener {

    private static final int REMEMBERED = 5_000;

    private final World world;
    private final Map<Key, Ask> open = new LinkedHashMap<>();

    /**
     * Those whose client is lost, and whose work on the device may have begun: that is done at some
     * time, whoever hears of it.
     */
    private final Set<Key> begunForLost = new HashSet<>();

    /** Those that were refused for now, and not asked for again: nothing of them is under way. */
    private final Set<Key> heldOff = new HashSet<>();

    /** Operations that were answered after a batch of which there is no picture. */
    private final Set<Key> unseen = new HashSet<>();

    private boolean blind;

    /** The last operations on bytes that were answered, and when. */
    private final Deque<Answered> changes = new ArrayDeque<>();

    private record Answered(Ask ask, long nanos) {}

    /** The last operations that were answered. */
    private final Set<Key> answered = new LinkedHashSet<>();

    /**
     * Those of them that were refused: that is kept in memory alone, and lost with it, and what was
     * refused is tried anew then.
     */
    private final Set<Key> refused = new HashSet<>();

    /** Those that were refused because of the journal, which is lost with the server alone. */
    private final Set<Key> turnedAway = new HashSet<>();

    /** How many proofs of its end the server has or may have taken, by client. */
    private final Map<Long, Integer> proven = new HashMap<>();

    private final Map<Long, Long> endedBy = new HashMap<>();
    private final Map<Long, Long> reattachedAt = new HashMap<>();

    record Key(long client, long operation) {}

    /** One operation, however often it was sent. */
    record Ask(long client, Request request) {}

    Asked(World world) {
        this.world = world;
    }

    // ---- from the network

    @Override
    public void heard(long client, Request request) {
        if (request.hasEndClient()) {
            endedBy.putIfAbsent(client, world.nanos());
        } else if (request.hasReattach()) {
            reattachedAt.put(client, world.nanos());
        }
        header(request).ifPresent(header -> begun(client, header, request));
    }

    private void begun(long client, OperationHeader header, Request request) {
        Key key = new Key(client, header.getOperationId());
        heldOff.remove(key);
        // Work on devices goes on, though the client has given up waiting for the answer.
        open.entrySet()
                .removeIf(
                        e ->
                                e.getKey().client == client
                                        && e.getKey().operation <= header.getAnsweredThrough()
                                        && !begunForLost.contains(e.getKey())
                                        && !unseen.contains(e.getKey())
                                        && !startsWork(e.getValue()));
        if (answered.contains(key)) {
            world.count("request repeated after its answer");
        } else if (open.putIfAbsent(key, new Ask(client, request)) != null) {
            world.count("request repeated");
        }
    }

    @Override
    public void serverDied() {
        answered.removeAll(turnedAway);
        turnedAway.clear();
        stateReadBack();
    }

    @Override
    public void stateReadBack() {
        answered.removeAll(refused);
        refused.clear();
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        header(request).ifPresent(header -> answered(client, header, reply));
    }

    private void answered(long client, OperationHeader header, Reply reply) {
        Key key = new Key(client, header.getOperationId());
        if (isLost(reply) && startsWork(open.get(key))) {
            begunForLost.add(key);
            return;
        }
        if (reply.hasError() && isForNow(reply)) {
            heldOff.add(key);
            return;
        }
        Ask done = open.get(key);
        if (done != null && startsWork(done)) {
            changes.add(new Answered(done, world.nanos()));
            if (changes.size() > REMEMBERED) {
                changes.removeFirst();
            }
        }
        if (blind) {
            unseen.add(key);
        } else {
            open.remove(key);
        }
        if (answered.add(key) && reply.hasError()) {
            (reply.getError().getReason() == Reason.REASON_READ_ONLY ? turnedAway : refused)
                    .add(key);
        }
        if (answered.size() > REMEMBERED) {
            answered.remove(answered.iterator().next());
        }
    }

    private static boolean isLost(Reply reply) {
        Reason reason = reply.getError().getReason();
        return reason == Reason.REASON_EXPIRED || reason == Reason.REASON_FENCED;
    }

    /** Whether a request may have begun work on devices, which goes on whoever waits for it. */
    static boolean startsWork(@Nullable Ask ask) {
        return ask != null
                && switch (ask.request.getBodyCase()) {
                    case TRUNCATE, DEALLOCATE, WRITE, CLONE -> true;
                    default -> false;
                };
    }

    /** Whether the refusal says nothing of what was asked: the same may be asked again. */
    static boolean isForNow(Reply reply) {
        return switch (reply.getError().getReason()) {
            case REASON_TRY_LATER,
                    REASON_GRACE,
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
            case CLONE -> Optional.of(request.getClone().getOperation());
            case READ -> Optional.of(request.getRead().getOperation());
            case WRITE -> Optional.of(request.getWrite().getOperation());
            default -> Optional.empty();
        };
    }

    /** Whether an operation has been answered, and arrives once more. */
    boolean isAnswered(long client, OperationHeader header) {
        return answered.contains(new Key(client, header.getOperationId()));
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

    /** Whether the client has asked for something about a file and not been answered. */
    boolean isUnderWay(long client, long file) {
        return open.values().stream()
                .anyMatch(
                        a ->
                                a.client == client
                                        && (!a.request.hasMapBlocks()
                                                || a.request.getMapBlocks().getFileId() == file));
    }

    /** A batch is done, and its journal failed right after it: what it did is seen later. */
    void noPicture() {
        blind = true;
    }

    /** There is a picture, and it has been compared with the one before. */
    void pictureTaken(Picture now) {
        blind = false;
        open.keySet().removeAll(unseen);
        unseen.clear();
        // From here on it is refused (4: FENCED, then EXPIRED), and nobody may ever hear of that.
        // If it was kept, the server moving some other block to a place that it names - by now
        // proven and free, taken for a block at risk - would look like half of it (seeds 9433 and
        // 19029).
        open.values().removeIf(a -> a.request.hasCommitBlocks() && now.hasEnded(a.client));
    }

    /** Whether a batch has been done since the last picture. */
    boolean isBlind() {
        return blind;
    }

    // ---- what may happen

    /** How many operations without an answer may move the change counter of a file. */
    long countChangers(long file) {
        return open.values().stream()
                .filter(a -> mayChange(a.request, file))
                // A snapshot that had to wait is filled and sealed, and that is two changes.
                .mapToLong(a -> a.request.getClone().hasSnapshot() ? 2 : 1)
                .sum();
    }

    /** Whether somebody asks for what may set the mtime of a file to an earlier one. */
    boolean movesTimeBack(long file) {
        return open(a -> !a.request.hasCommitBlocks() && mayChange(a.request, file)).isPresent();
    }

    private static boolean mayChange(Request request, long file) {
        return switch (request.getBodyCase()) {
            case COMMIT_BLOCKS -> request.getCommitBlocks().getFileId() == file;
            case SET_ATTRIBUTES -> request.getSetAttributes().getFileId() == file;
            case TRUNCATE -> request.getTruncate().getFileId() == file;
            case ALLOCATE -> request.getAllocate().getFileId() == file;
            case DEALLOCATE -> request.getDeallocate().getFileId() == file;
            case CLONE ->
                    request.getClone().hasSnapshot()
                            ? request.getClone().getSourceId() != file
                            : request.getClone().getDestinationId() == file;
            case WRITE -> request.getWrite().getFileId() == file;
            case RENAME, REMOVE -> true;
            default -> false;
        };
    }

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

    /**
     * Whether the client has sent such a commit, and the server may still do it. One made up in its
     * name says nothing of what it does: it names blocks of others, or devices in another life.
     */
    boolean isCommitted(long file, long index, int place, long client) {
        long offset = index * SimServer.BLOCK;
        return open.entrySet().stream()
                .filter(e -> e.getKey().client == client && !heldOff.contains(e.getKey()))
                .filter(e -> !Strays.isMadeUp(e.getKey().operation))
                .map(e -> e.getValue().request)
                .filter(r -> r.hasCommitBlocks() && r.getCommitBlocks().getFileId() == file)
                .flatMap(r -> r.getCommitBlocks().getRangesList().stream())
                .anyMatch(r -> names(r, offset, place));
    }

    private static boolean names(CommitRange range, long offset, int place) {
        return range.getFileOffset() <= offset
                && offset + SimServer.BLOCK <= range.getFileOffset() + range.getLength()
                && Picture.place(
                                range.getDevice(),
                                range.getDeviceOffset() + offset - range.getFileOffset())
                        == place;
    }

    /**
     * Whether a byte was written through the server since {@code nanos} while another request
     * changed it too: one batch may have done the one and then the other, and shows the last.
     */
    boolean isOverwritten(long file, long offset, long nanos) {
        List<Ask> since =
                Stream.concat(
                                changes.stream().filter(a -> a.nanos >= nanos).map(Answered::ask),
                                open.values().stream().filter(Asked::startsWork))
                        .filter(a -> touches(a.request, file, offset))
                        .toList();
        return since.size() > 1 && since.stream().anyMatch(a -> a.request.hasWrite());
    }

    private static boolean touches(Request request, long file, long offset) {
        return switch (request.getBodyCase()) {
            case WRITE ->
                    writes(request, file, offset / SimServer.BLOCK)
                            && request.getWrite().getOffset() <= offset
                            && offset
                                    < request.getWrite().getOffset()
                                            + request.getWrite().getData().size();
            case TRUNCATE -> request.getTruncate().getFileId() == file;
            case DEALLOCATE ->
                    request.getDeallocate().getFileId() == file
                            && request.getDeallocate().getOffset() <= offset
                            && offset
                                    < request.getDeallocate().getOffset()
                                            + request.getDeallocate().getLength();
            case CLONE ->
                    request.getClone().getDestinationId() == file
                            && reaches(request.getClone(), offset / SimServer.BLOCK);
            default -> false;
        };
    }

    /** Writes through the server under way that change this block of a file. */
    List<Ask> writes(long file, long index) {
        return open.values().stream().filter(a -> writes(a.request, file, index)).toList();
    }

    private static boolean writes(Request request, long file, long index) {
        WriteRequest write = request.getWrite();
        return request.hasWrite()
                && write.getFileId() == file
                && write.getOffset() < (index + 1) * SimServer.BLOCK
                && index * SimServer.BLOCK < write.getOffset() + write.getData().size();
    }

    /** Clones under way that may put a block there; a snapshot is new, or has its name. */
    List<CloneRequest> clones(Picture.FileView file, long index, boolean isNew) {
        return open.values().stream()
                .filter(a -> a.request.hasClone())
                .map(a -> a.request.getClone())
                .filter(
                        c ->
                                c.hasSnapshot()
                                        ? isNew || c.getSnapshot().getName().equals(file.name())
                                        : c.getDestinationId() == file.id() && reaches(c, index))
                .toList();
    }

    private static boolean reaches(CloneRequest clone, long index) {
        long start = index * SimServer.BLOCK;
        return clone.getDestinationOffset() <= start
                && (clone.getLength() == 0
                        || start < clone.getDestinationOffset() + clone.getLength());
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
                                                                    + a.request
                                                                            .getDeallocate()
                                                                            .getLength()
                                                    && a.request.getDeallocate().getOffset() < end;
                                    // Holes of the source are holes here, too, and growth takes
                                    // what lies
                                    // past the end.
                                    case CLONE ->
                                            a.request.getClone().getDestinationId() == file.id()
                                                    && (reaches(a.request.getClone(), index)
                                                            || end > file.size());
                                    default -> false;
                                })
                        .isPresent()
                || removes(file);
    }

    /** Whether somebody asks to have the file removed, or another put in its place. */
    boolean removes(Picture.FileView file) {
        return removes(file.name(), Set.of());
    }

    /**
     * As {@link #removes(Picture.FileView)}, of a file that has got this name by these renames: in
     * one batch a file may be renamed, and another put in its place there (seed 29403).
     */
    private boolean removes(String name, Set<Ask> renames) {
        for (Ask ask : open.values()) {
            RenameRequest rename = ask.request.getRename();
            if (ask.request.hasRemove() && ask.request.getRemove().getAt().getName().equals(name)) {
                return true;
            }
            if (!ask.request.hasRename() || renames.contains(ask)) {
                continue;
            }
            if (rename.getTo().getName().equals(name)) {
                return true;
            }
            if (rename.getFrom().getName().equals(name)) {
                Set<Ask> more = new HashSet<>(renames);
                more.add(ask);
                if (removes(rename.getTo().getName(), more)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether somebody asks for some size of a file. */
    boolean truncates(long file) {
        return open(a -> a.request.hasTruncate() && a.request.getTruncate().getFileId() == file)
                .isPresent();
    }

    /** Commits of a file without an answer. */
    List<CommitBlocksRequest> commits(long file) {
        return open.values().stream()
                .map(a -> a.request.getCommitBlocks())
                .filter(commit -> commit.getFileId() == file && commit.getRangesCount() > 0)
                .toList();
    }

    /** Whether a client asks for a grant, or restates one, and has no answer. */
    boolean mayBeGranted(long client) {
        Long reattached = reattachedAt.get(client);
        return (reattached != null && world.nanos() - reattached < 1_000_000_000L)
                || open(a -> a.client == client && a.request.hasMapBlocks()).isPresent();
    }

    /** Whether nothing but commits is asked of a file that may change its map. */
    boolean changesOnlyByCommit(long file) {
        return open(a ->
                        switch (a.request.getBodyCase()) {
                            case COMMIT_BLOCKS -> false;
                            case MAP_BLOCKS -> a.request.getMapBlocks().getFileId() == file;
                            case RETURN_LAYOUT ->
                                    !a.request.getReturnLayout().hasFile()
                                            || a.request.getReturnLayout().getFile().getFileId()
                                                    == file;
                            default -> mayChange(a.request, file);
                        })
                .isEmpty();
    }

    /** Whether somebody asks for this size of a file, or a commit may change it. */
    boolean resizes(long file, long size) {
        return open(a ->
                        truncates(a.request, file, size)
                                || commits(a.request, file, size)
                                || lengthens(a.request, file, size))
                .isPresent();
    }

    private static boolean lengthens(Request request, long file, long size) {
        WriteRequest write = request.getWrite();
        CloneRequest clone = request.getClone();
        return (request.hasWrite()
                        && write.getFileId() == file
                        && write.getOffset() + write.getData().size() == size)
                || (request.hasClone()
                        && (clone.hasSnapshot() || clone.getDestinationId() == file)
                        && (clone.getLength() == 0
                                || clone.getDestinationOffset() + clone.getLength() == size));
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
     *
     * @param place where the block lies, -1: nowhere
     */
    boolean gaveUp(long client, long file, String name, long index, int place) {
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
                                            returns(
                                                    a.request.getReturnLayout(),
                                                    file,
                                                    offset,
                                                    place);
                                    case TRUNCATE -> a.request.getTruncate().getFileId() == file;
                                    case ALLOCATE -> a.request.getAllocate().getFileId() == file;
                                    case DEALLOCATE ->
                                            a.request.getDeallocate().getFileId() == file;
                                    case REMOVE ->
                                            a.request.getRemove().getAt().getName().equals(name);
                                    case RENAME ->
                                            a.request.getRename().getTo().getName().equals(name);
                                    case WRITE -> writes(a.request, file, index);
                                    case CLONE ->
                                            a.request.getClone().getSourceId() == file
                                                    || a.request.getClone().getDestinationId()
                                                            == file;
                                    default -> false;
                                })
                .isPresent();
    }

    private static boolean returns(ReturnLayoutRequest request, long file, long offset, int place) {
        if (request.hasDevice()) {
            return place >= 0 && Units.at(place) == Units.of(request.getDevice().getDevice());
        }
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
