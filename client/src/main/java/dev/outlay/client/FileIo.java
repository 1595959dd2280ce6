package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One file of this client, shared by all its open {@link BlockFile}s.
 *
 * <p>Calls of the application wait for each other by the lock, for their whole length. Bytes are
 * touched, and commits sent, inside the gate only, which a call leaves while it waits for a grant,
 * for a change of the file, or for the answer to a commit that others' readers hold up: so to be
 * inside is to have drained all I/O, and a recall, which needs the gate but not the lock, never
 * waits for what waits for it. If a recall itself has to wait for such a commit, it first gives
 * back all that is held for reading.
 */
final class FileIo {

    private static final Logger LOG = LoggerFactory.getLogger(FileIo.class);

    /** The whole file. */
    static final List<ByteRange> ALL = List.of(new ByteRange(0, Long.MAX_VALUE));

    private final ReentrantLock lock = new ReentrantLock();
    private final FileContext context;
    private final FileReads reads;
    private final FileWrites writes;
    private final FileCommits commits;
    private final FileRewrites rewrites;
    private final FileThroughServer throughServer;

    /**
     * What becomes of a request that was not answered in time, and until whose answer nothing is to
     * be held or touched here: it may still be done. Guarded by the lock.
     */
    private @Nullable CompletableFuture<?> unanswered;

    FileIo(FileContext context) {
        this.context = context;
        this.reads = new FileReads(context);
        this.writes = new FileWrites(context);
        this.commits = new FileCommits(context);
        this.rewrites = new FileRewrites(context);
        this.throughServer = new FileThroughServer(context);
    }

    FileId file() {
        return context.file();
    }

    String volume() {
        return context.volume();
    }

    long read(MemorySegment target, long offset) throws IOException {
        begin();
        try {
            if (context.throughServer()) {
                return throughServer.read(target, offset);
            }
            if (context.behind().overlaps(offset, target.byteSize())) {
                writes.storeGathered();
            }
            return reads.read(target, offset);
        } finally {
            end();
        }
    }

    void write(MemorySegment source, long offset, boolean atomic) throws IOException {
        begin();
        try {
            if (context.throughServer()) {
                throughServer.write(source, offset);
                return;
            }
            if (atomic) {
                beforeAtomic(offset, source.byteSize());
            }
            writes.write(source, offset, atomic);
        } finally {
            end();
        }
    }

    /**
     * What is under way to be seen is not to be stored to. What was stored in place is seen
     * already: it is committed before its blocks are replaced.
     */
    private void beforeAtomic(long offset, long length) throws IOException {
        storeGathered();
        context.ahead().settle();
        if (isWrittenInPlace(offset, length)) {
            commits.commit();
        }
    }

    private boolean isWrittenInPlace(long offset, long length) {
        return length > 0
                && context.layout()
                        .isWrittenInPlace(
                                ByteRange.ofLength(offset, length)
                                        .alignOutward(context.blockSize()));
    }

    void commit() throws IOException {
        begin();
        try {
            committed();
        } finally {
            end();
        }
    }

    /** Begins a commit that goes on by itself, unless it has to be seen whole: then it is made. */
    CompletableFuture<Void> commitAhead() throws IOException {
        begin();
        try {
            storeGathered();
            if (commits.replaces()) {
                committed();
                return CompletableFuture.completedFuture(null);
            }
            return context.ahead().begin();
        } finally {
            end();
        }
    }

    void flush() throws IOException {
        begin();
        try {
            storeGathered();
            context.ahead().settle();
            commits.flush();
        } finally {
            end();
        }
    }

    private void committed() throws IOException {
        storeGathered();
        context.ahead().settle();
        commits.commit();
    }

    /** What was written is on the device afterwards, or it is told that it never will be. */
    private void storeGathered() throws IOException {
        try {
            writes.storeGathered();
        } catch (IOException e) {
            throw commits.told(e);
        }
    }

    /**
     * As far as its grants stand. What a device fails to take is lost, as the next commit tells.
     *
     * @throws OutlayException if it cannot be done now
     */
    private void storeGranted() throws OutlayException {
        try {
            writes.storeGranted();
        } catch (IOException e) {
            if (FileCommits.isPassing(e)) {
                throw (OutlayException) e;
            }
            LOG.warn(
                    "event=gathered-writes-lost volume={} file={} reason=\"{}\"",
                    volume(),
                    file(),
                    e.getMessage());
        }
    }

    long sizeBytes() throws IOException {
        begin();
        try {
            context.refreshSize();
            return context.sizeBytes();
        } finally {
            end();
        }
    }

    /** A call of the application begins: alone, inside the gate, and after what goes before it. */
    private void begin() throws IOException {
        lock.lock();
        boolean begun = false;
        try {
            settle();
            context.enter();
            try {
                rewrites.resendOutside();
                context.settleSwaps();
                begun = true;
            } finally {
                if (!begun) {
                    context.leave();
                }
            }
        } finally {
            if (!begun) {
                lock.unlock();
            }
        }
    }

    /** What has begun is over. */
    private void end() {
        context.leave();
        lock.unlock();
    }

    private void settle() throws OutlayException {
        CompletableFuture<?> earlier = unanswered;
        if (earlier != null) {
            context.session().settle(earlier);
            unanswered = null;
        }
    }

    /** The request has failed; perhaps only for us. */
    private void failed(OutlayException e) {
        e.underWay().ifPresent(answer -> unanswered = answer);
    }

    /** A request about this file's bytes. */
    @FunctionalInterface
    interface Ask<T> {
        T send() throws OutlayException;
    }

    /**
     * Sends a request that may end grants of ours on this file: what was written is committed, and
     * nothing is read or written until the answer. Where that is a refusal, or there is none,
     * grants may have ended nevertheless (the file was removed while the request was being worked
     * on, the journal failed under it), so everything is mapped anew.
     */
    <T> T quiet(Ask<T> ask) throws IOException {
        lock.lock();
        try {
            commit();
            try {
                return ask.send();
            } catch (OutlayException e) {
                failed(e);
                context.layout().giveUp(ALL);
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * As {@link #quiet}, for a request that drops the bytes anyway. What was not committed stays
     * only if the answer is certain to be that nothing was done, or was done to another file.
     */
    <T> T dropping(Ask<T> ask) throws OutlayException {
        lock.lock();
        try {
            T answer;
            settle();
            settleCommits();
            try {
                answer = ask.send();
            } catch (OutlayException e) {
                failed(e);
                if (e.isPassing()) {
                    context.layout().giveUp(ALL);
                }
                throw e;
            }
            if (isGone()) {
                dropAll();
            }
            return answer;
        } finally {
            lock.unlock();
        }
    }

    /** A recall may be at it just now. */
    private void dropAll() {
        context.enter();
        try {
            rewrites.drop();
            context.behind().drop();
            forget();
        } finally {
            context.leave();
        }
    }

    /**
     * Whether the server knows the file no more. Somebody else may have moved it before the request
     * that was to remove it by its name: then it lives on, and what was written to it must, too.
     * Where there is no telling, the next commit is what tells.
     */
    private boolean isGone() {
        try {
            context.remote().getAttributes(volume(), file());
            return false;
        } catch (OutlayException e) {
            return e.is(Reason.STALE_FILE) || e.is(Reason.NOT_FOUND);
        }
    }

    /** As {@link #quiet}, for a request that may end grants on another file too. */
    <T> T quietWith(Optional<FileIo> other, Ask<T> ask) throws IOException {
        if (other.isEmpty()) {
            return quiet(ask);
        }
        lock.lock();
        try {
            commit();
            try {
                return other.get().quiet(ask);
            } catch (OutlayException e) {
                failed(e);
                context.layout().giveUp(ALL);
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    /** After a change of the size by this client. */
    void resized(long sizeBytes) {
        lock.lock();
        try {
            context.serverSize(sizeBytes);
        } finally {
            lock.unlock();
        }
    }

    // ---- recalls

    /**
     * Whether to give these ranges up means to wait until others have given back what they read.
     * Inside the gate, as all of these.
     */
    boolean waitsForReaders(List<ByteRange> ranges) {
        return context.swaps().touch(ranges) || commits.replacesWithin(ranges);
    }

    /**
     * Gives back what is held for reading alone, on which others may wait in the same way.
     *
     * @return false if that is not answered
     */
    boolean giveBackReads() {
        try {
            context.giveBackReads();
            return true;
        } catch (OutlayException e) {
            delayed(e);
            return false;
        }
    }

    private void delayed(OutlayException e) {
        LOG.warn(
                "event=recall-delayed volume={} file={} reason=\"{}\"",
                volume(),
                file(),
                e.getMessage());
    }

    /**
     * Gives ranges up because the server needs them back: what was written there is committed, and
     * nothing there is touched from then on. To be called inside the gate.
     *
     * @return false if what was written may be committed, but not now; then nothing is given up
     */
    boolean giveUp(List<ByteRange> ranges) {
        if (ranges.isEmpty()) {
            return true;
        }
        try {
            storeGranted();
            context.ahead().settle();
            if (waitsForReaders(ranges)) {
                context.giveBackReads();
                context.swaps().settle(ranges);
            }
            commits.commitWithin(ranges);
        } catch (IOException e) {
            boolean passing = e instanceof OutlayException refused && refused.isPassing();
            LOG.warn(
                    "event={} volume={} file={} reason=\"{}\"",
                    passing ? "recall-delayed" : "recalled-writes-lost",
                    volume(),
                    file(),
                    e.getMessage());
            if (passing) {
                return false;
            }
        }
        // Whoever has the ranges next must not be overwritten by it.
        loseGathered(ranges);
        context.layout().giveUp(ranges);
        return true;
    }

    /** What was gathered and is still here will not be stored, if any of it lies there. */
    private void loseGathered(List<ByteRange> ranges) {
        WriteBehind.Gathered left =
                context.behind().overlaps(ranges) ? context.behind().remove() : null;
        if (left != null) {
            context.layout().lost(left.range());
            context.behind().drop(left);
        }
    }

    /**
     * As {@link #giveUp}, but what was written is neither committed nor lost: {@link #resend} sends
     * it through the server, once the ranges are returned.
     *
     * @return false if what is under way to be committed is not answered; then nothing is given up
     */
    boolean setAside(List<ByteRange> ranges) {
        if (ranges.isEmpty()) {
            return true;
        }
        try {
            context.ahead().settle();
            if (context.swaps().touch(ranges)) {
                context.giveBackReads();
                context.swaps().settle(ranges);
            }
        } catch (OutlayException e) {
            delayed(e);
            return false;
        }
        writes.setAside(ranges, rewrites);
        rewrites.setAside(ranges);
        return true;
    }

    /** What cannot be sent now is sent before anything else is done with the file. */
    void resend() {
        try {
            rewrites.resend();
        } catch (OutlayException e) {
            // It remains, and the log has it.
            return;
        }
    }

    /**
     * Commits, then gives the layout back, whether or not the commit worked. What was set aside
     * goes last: the server may want the layout first.
     */
    void close() throws IOException {
        lock.lock();
        // The last of these is first, and all of them are done: what fails first is told with what
        // fails after it.
        try (Closeable _ = this::commitSetAside;
                Closeable _ = this::giveBack) {
            commitByLayout();
        } finally {
            lock.unlock();
        }
    }

    private void commitSetAside() throws IOException {
        if (rewrites.isPending()) {
            commit();
        }
    }

    private void commitByLayout() throws IOException {
        context.enter();
        // What was stored may fare better than what was gathered.
        try (Closeable _ = this::commitStored) {
            storeLast();
        } finally {
            context.behind().drop();
            context.leave();
        }
    }

    private void commitStored() throws IOException {
        context.ahead().settle();
        commits.commitLast();
    }

    /** What cannot be stored now is lost. */
    private void storeLast() throws IOException {
        try {
            writes.storeGathered();
        } catch (IOException e) {
            loseGathered(ALL);
            throw commits.told(e, context.layout().takeLost());
        }
    }

    /** Waits until nothing that was written is on its way, to the device or to be committed. */
    void settleCommits() throws OutlayException {
        context.enter();
        try {
            storeGranted();
            context.ahead().settle();
            context.settleSwaps();
        } finally {
            context.leave();
        }
    }

    private void giveBack() throws OutlayException {
        if (context.layout().stateid().isEmpty()) {
            return;
        }
        context.remote().giveBack(context.volume(), context.file(), List.of());
        forget();
    }

    /** What was written and is not wanted any more is no loss to tell of. */
    private void forget() {
        context.layout().forgetWrites(new ByteRange(0, Long.MAX_VALUE));
        context.layout().takeLost();
    }
}
