package dev.outlay.client;

import dev.outlay.client.device.Device;
import dev.outlay.client.session.ClientSession;
import dev.outlay.client.session.Scheduler;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What reading, writing and committing one file share. Used inside the gate of its {@link FileIo},
 * but for the layout, which answers enter at any time.
 */
final class FileContext {

    /** A conflict is waited for at the server, where requests are served in turn. */
    private static final int WAIT_MILLIS = 30_000;

    /** One part in this many of the deadline is left for the answer to come back. */
    private static final int ANSWER_PART = 10;

    private static final int MAP_ATTEMPTS = 8;

    private final String volume;
    private final FileId file;
    private final Remote remote;
    private final LayoutCache layout;
    private final VolumeAccess access;
    private final Scheduler scheduler;
    private final boolean throughServer;
    private final WriteBehind behind;
    private final CommitsAhead ahead;
    private final Swaps swaps;
    private volatile long serverSizeBytes;

    /** What becomes of a return that was not answered in time: it may still be done. */
    private @Nullable CompletableFuture<?> unanswered;

    /** How often this client has changed the size or asked for it. */
    private volatile long sizesTold;

    FileContext(
            String volume,
            FileAttributes attributes,
            Remote remote,
            LayoutCache layout,
            VolumeAccess access,
            Scheduler scheduler,
            boolean throughServer) {
        this.volume = volume;
        this.file = attributes.file();
        this.remote = remote;
        this.layout = layout;
        this.access = access;
        this.scheduler = scheduler;
        this.throughServer = throughServer;
        this.serverSizeBytes = attributes.sizeBytes();
        this.behind = new WriteBehind(this, access.writeBuffers());
        this.ahead = new CommitsAhead(this);
        this.swaps = new Swaps(remote.session());
    }

    String volume() {
        return volume;
    }

    FileId file() {
        return file;
    }

    Remote remote() {
        return remote;
    }

    ClientSession session() {
        return remote.session();
    }

    LayoutCache layout() {
        return layout;
    }

    long blockSize() {
        return access.blockSize();
    }

    /** Whether no byte goes to a device from here. */
    boolean throughServer() {
        return throughServer;
    }

    VolumeAccess access() {
        return access;
    }

    /** Sends a commit, together with those of other files; as a rule it is answered then. */
    void commit(SharedCommits.Part part) throws IOException {
        access.commits().commit(part, session()::together, scheduler);
    }

    /** Writes that have not been stored yet. */
    WriteBehind behind() {
        return behind;
    }

    /** Commits that go on by themselves. */
    CommitsAhead ahead() {
        return ahead;
    }

    /** Commits that wait for readers. */
    Swaps swaps() {
        return swaps;
    }

    /**
     * Waits until no commit is under way that is to be seen whole. Inside the gate, which it leaves
     * meanwhile: others may be waiting for what a recall gives back.
     *
     * @throws OutlayException if one is not answered in time; the caller is inside then, too
     */
    void settleSwaps() throws OutlayException {
        for (Optional<CompletableFuture<?>> any = swaps.any(); any.isPresent(); any = swaps.any()) {
            leave();
            try {
                session().settle(any.get());
            } finally {
                enter();
            }
        }
    }

    /** Runs what may wait for a device, soon. */
    void work(Runnable task) {
        scheduler.work(task);
    }

    /** Waits until nobody else touches the bytes of the file. */
    void enter() {
        layout.gate().enter(scheduler);
    }

    void leave() {
        layout.gate().leave();
    }

    /** The block that holds the byte at {@code offset}. */
    ByteRange block(long offset) {
        return ByteRange.ofLength(offset - offset % blockSize(), blockSize());
    }

    /** The device of a mapping, to be used for {@code length} bytes from {@code fileOffset} on. */
    Device device(Mapping mapping, long fileOffset, long length) throws IOException {
        return access.device(mapping.device(), mapping.deviceOffset(fileOffset), length);
    }

    /**
     * Looks at the lease, right before an access to the device; the layout counts as used then.
     *
     * @return false if the lease was over: by now it is renewed, and grants may have been lost
     */
    boolean hasLease() throws OutlayException {
        long now = session().nanos();
        if (!session().lease().isValidAt(now)) {
            session().requireLease();
            return false;
        }
        layout.used(now);
        return true;
    }

    // ---- size

    /** End of file when the server last told it. */
    long serverSizeBytes() {
        return serverSizeBytes;
    }

    synchronized void serverSize(long sizeBytes) {
        serverSizeBytes = sizeBytes;
        sizesTold++;
    }

    /** What the answer to a request says that was sent after so many sizes were told. */
    private synchronized boolean takeSize(long sizeBytes, long told) {
        if (told != sizesTold) {
            return false;
        }
        serverSizeBytes = sizeBytes;
        sizesTold++;
        return true;
    }

    /** End of file, this client's uncommitted writes included. */
    long sizeBytes() {
        return Math.max(Math.max(serverSizeBytes, writtenEnd()), behind.end());
    }

    /** Asks the server for the size: others may have made the file longer. */
    void refreshSize() throws OutlayException {
        long told;
        do {
            told = sizesTold;
        } while (!takeSize(remote.getAttributes(volume, file).sizeBytes(), told));
    }

    private long writtenEnd() {
        List<ByteRange> past = layout.writtenWithin(new ByteRange(serverSizeBytes, Long.MAX_VALUE));
        return past.isEmpty() ? 0 : past.getLast().end();
    }

    // ---- mapping

    /**
     * Maps a range, of which at least the first block has to be granted. Outside the gate
     * meanwhile, so that recalls are answered: what was known of the layout may be gone afterwards.
     *
     * @param range whole blocks
     */
    MappedBlocks map(ByteRange range, IoMode iomode) throws OutlayException {
        return map(range, iomode, false);
    }

    /**
     * As {@link #map(ByteRange, IoMode)}.
     *
     * @param atomic RW: stores go to fresh blocks, which replace the written ones at commit
     */
    MappedBlocks map(ByteRange range, IoMode iomode, boolean atomic) throws OutlayException {
        Optional<Stateid> old = Optional.empty();
        for (int attempt = 1; ; attempt++) {
            giveBackOwed();
            Optional<Stateid> stateid = named(old, attempt);
            long told = sizesTold;
            try {
                MappedBlocks mapped = outside(request(range, iomode, stateid, atomic));
                if (!takeSize(mapped.sizeBytes(), told)) {
                    // A recall has committed meanwhile.
                    refreshSize();
                }
                return mapped;
            } catch (OutlayException e) {
                if (attempt == MAP_ATTEMPTS || !isWorthAnother(e, stateid)) {
                    throw e;
                }
                old = e.is(Reason.OLD_STATEID) ? stateid : Optional.empty();
            }
        }
    }

    /**
     * What was stored and is lost must not be found again where it is mapped anew. Inside the gate,
     * as the return of a recall; nothing is mapped until it is answered, however late.
     */
    private void giveBackOwed() throws OutlayException {
        CompletableFuture<?> earlier = unanswered;
        if (earlier != null) {
            session().settle(earlier);
            unanswered = null;
        }
        List<ByteRange> owed = layout.owed();
        if (!owed.isEmpty()) {
            ahead.settle();
        }
        giveBack(owed, layout::givenBack);
    }

    /**
     * Gives back all that is held for reading alone. To be done before a recall waits for a commit
     * that others' recalls of such ranges wait for: they could be waiting for this client's.
     */
    void giveBackReads() throws OutlayException {
        List<ByteRange> reads = layout.heldForReading();
        if (!reads.isEmpty()) {
            layout.giveUp(reads);
        }
        giveBack(reads, _ -> {});
    }

    private void giveBack(List<ByteRange> ranges, Consumer<List<ByteRange>> then)
            throws OutlayException {
        int most = Math.max(1, session().limits().getRangesPerCommit());
        for (int from = 0; from < ranges.size(); from += most) {
            List<ByteRange> some = ranges.subList(from, Math.min(from + most, ranges.size()));
            try {
                remote.giveBack(volume, file, some);
            } catch (OutlayException e) {
                e.underWay().ifPresent(answer -> unanswered = answer);
                throw e;
            }
            then.accept(some);
        }
    }

    /**
     * The newest stateid, unless the server has just called that an old one: what it knows of is of
     * use for nothing then, and a request that names none is not compared.
     */
    private Optional<Stateid> named(Optional<Stateid> old, int attempt) {
        if (old.isPresent() && attempt == MAP_ATTEMPTS) {
            return Optional.empty();
        }
        return layout.stateid().filter(now -> !old.equals(Optional.of(now)));
    }

    private MappedBlocks outside(MapRequest request) throws OutlayException {
        FileGate.Return back = layout.gate().leaveForAnswer();
        MappedBlocks mapped;
        try {
            mapped = remote.mapBlocks(volume, request, back::answered);
        } finally {
            back.enter(scheduler);
        }
        // A recall may have begun to commit meanwhile, and not have been answered.
        settleSwaps();
        return mapped;
    }

    /** Waits for an answer outside the gate, so that recalls are answered meanwhile. */
    <T> T awaitOutside(Answer<T> answer) throws OutlayException {
        FileGate.Return back = layout.gate().leaveForAnswer();
        try {
            return answer.await();
        } finally {
            back.enter(scheduler);
        }
    }

    /** Something that is waited for. */
    @FunctionalInterface
    interface Answer<T> {
        T await() throws OutlayException;
    }

    private MapRequest request(
            ByteRange range, IoMode iomode, Optional<Stateid> stateid, boolean atomic) {
        return new MapRequest(
                file,
                range.start(),
                range.length(),
                blockSize(),
                iomode,
                stateid,
                false,
                false,
                false,
                atomic,
                0,
                waitMillis());
    }

    private int waitMillis() {
        int deadline = session().deadlineMillis();
        return Math.min(WAIT_MILLIS, deadline - deadline / ANSWER_PART);
    }

    /** Whether a new request may fare better: the refusal was about what this client remembered. */
    private boolean isWorthAnother(OutlayException e, Optional<Stateid> sent) {
        if (e.is(Reason.OLD_STATEID)) {
            // A recall was answered meanwhile, under a newer one.
            return true;
        }
        if (e.is(Reason.BAD_STATEID) && sent.isPresent()) {
            // The layout has ended without a word reaching us.
            layout.clearIf(sent.get());
            return true;
        }
        // A repeated request was granted and the grant is gone; the client itself is not.
        return e.is(Reason.EXPIRED) && session().dead().isEmpty();
    }
}
