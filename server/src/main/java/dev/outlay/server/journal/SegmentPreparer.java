package dev.outlay.server.journal;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Makes the file of the next segment ahead of its need: preallocated, zero-filled, under a
 * temporary name. Called by the journal's thread; the work runs on the preallocator.
 */
final class SegmentPreparer implements Closeable {

    private final JournalStorage storage;
    private final Executor preallocator;
    private final long segmentBytes;
    private @Nullable CompletableFuture<JournalFile> pending;

    SegmentPreparer(JournalStorage storage, Executor preallocator, long segmentBytes) {
        this.storage = storage;
        this.preallocator = preallocator;
        this.segmentBytes = segmentBytes;
    }

    /** Starts making the segment, unless that was started already, with whatever outcome. */
    void start(long sequence) {
        if (pending == null) {
            pending = make(sequence);
        }
    }

    /**
     * Waits until the segment is made, and starts anew if the last attempt failed.
     *
     * @throws JournalFullException if there is no space
     */
    void await(long sequence) throws IOException {
        CompletableFuture<JournalFile> current = pending;
        if (current == null || current.isCompletedExceptionally()) {
            current = make(sequence);
            pending = current;
        }
        join(current);
    }

    /** Waits like {@link #await} and hands the file out. */
    JournalFile take(long sequence) throws IOException {
        await(sequence);
        CompletableFuture<JournalFile> taken = pending;
        if (taken == null) {
            throw new IllegalStateException("no segment was made");
        }
        pending = null;
        return join(taken);
    }

    /** Why the last attempt failed; empty while it runs, after success, and before the first. */
    Optional<String> problem() {
        CompletableFuture<JournalFile> current = pending;
        return current != null && current.isCompletedExceptionally()
                ? Optional.of(String.valueOf(current.exceptionNow().getMessage()))
                : Optional.empty();
    }

    /** Length of the file that is made but not taken. */
    long bytesOnDisk() {
        CompletableFuture<JournalFile> current = pending;
        return current != null && current.isDone() && !current.isCompletedExceptionally()
                ? segmentBytes
                : 0;
    }

    /** Waits for the work and closes its file, which the next opening deletes. */
    @Override
    public void close() throws IOException {
        CompletableFuture<JournalFile> current = pending;
        pending = null;
        if (current == null) {
            return;
        }
        try {
            current.join().close();
        } catch (CompletionException e) {
            // It was never made: nothing to close, and problem() told of it while it mattered.
            return;
        }
    }

    private CompletableFuture<JournalFile> make(long sequence) {
        CompletableFuture<JournalFile> future = new CompletableFuture<>();
        preallocator.execute(
                () -> {
                    try {
                        future.complete(
                                storage.create(SegmentName.temporary(sequence), segmentBytes));
                    } catch (Throwable e) {
                        future.completeExceptionally(e);
                    }
                });
        return future;
    }

    private static JournalFile join(CompletableFuture<JournalFile> future) throws IOException {
        try {
            return future.join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof JournalFullException) {
                throw new JournalFullException(String.valueOf(cause.getMessage()), cause);
            }
            if (cause instanceof IOException) {
                throw new IOException(cause.getMessage(), cause);
            }
            throw e;
        }
    }
}
