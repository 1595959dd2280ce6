package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One file of this client, shared by all its open {@link BlockFile}s. One lock: calls on the file
 * wait for each other, so that to hold it is to have drained all I/O. It may be held while waiting
 * for the server, whose answers need it not.
 */
final class FileIo {

    private final ReentrantLock lock = new ReentrantLock();
    private final FileContext context;
    private final FileReads reads;
    private final FileWrites writes;
    private final FileCommits commits;

    FileIo(FileContext context) {
        this.context = context;
        this.reads = new FileReads(context);
        this.writes = new FileWrites(context);
        this.commits = new FileCommits(context);
    }

    FileId file() {
        return context.file();
    }

    String volume() {
        return context.volume();
    }

    long read(MemorySegment target, long offset) throws IOException {
        lock.lock();
        try {
            return reads.read(target, offset);
        } finally {
            lock.unlock();
        }
    }

    void write(MemorySegment source, long offset) throws IOException {
        lock.lock();
        try {
            writes.write(source, offset);
        } finally {
            lock.unlock();
        }
    }

    void commit() throws IOException {
        lock.lock();
        try {
            commits.commit();
        } finally {
            lock.unlock();
        }
    }

    long sizeBytes() throws IOException {
        lock.lock();
        try {
            context.refreshSize();
            return context.sizeBytes();
        } finally {
            lock.unlock();
        }
    }

    /** A request about this file's bytes. */
    @FunctionalInterface
    interface Ask<T> {
        T send() throws OutlayException;
    }

    /**
     * Sends a request that may end grants of ours on this file: what was written is committed, and
     * nothing is read or written until the answer. Where there is none, whether the grants still
     * stand is unknown, so everything is mapped anew.
     */
    <T> T quiet(Ask<T> ask) throws IOException {
        lock.lock();
        try {
            commits.commit();
            return send(ask);
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #quiet}, for a request that drops the bytes anyway. */
    <T> T dropping(Ask<T> ask) throws OutlayException {
        lock.lock();
        try {
            T answer = send(ask);
            forget();
            return answer;
        } finally {
            lock.unlock();
        }
    }

    private <T> T send(Ask<T> ask) throws OutlayException {
        try {
            return ask.send();
        } catch (OutlayException e) {
            if (e.reason().isEmpty()) {
                context.layout().giveUp(List.of());
            }
            throw e;
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

    /** Commits, then gives the layout back, whether or not the commit worked. */
    void close() throws IOException {
        lock.lock();
        try {
            try {
                commits.commit();
            } finally {
                giveBack();
            }
        } finally {
            lock.unlock();
        }
    }

    private void giveBack() throws OutlayException {
        Optional<Stateid> stateid = context.layout().stateid();
        if (stateid.isEmpty()) {
            return;
        }
        context.remote()
                .returnLayout(
                        context.volume(),
                        new ReturnScope.OfFile(context.file(), stateid, List.of()));
        forget();
    }

    /** What was written and is not wanted any more is no loss to tell of. */
    private void forget() {
        context.layout().forgetWrites(new ByteRange(0, Long.MAX_VALUE));
        context.layout().takeLost();
    }
}
