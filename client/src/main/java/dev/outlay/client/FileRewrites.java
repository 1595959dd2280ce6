package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was written to one file and may not be committed by layout any more: read back from the
 * device while the grant stands, or not stored yet, and sent through the server once the layout is
 * returned. Called inside the file's gate.
 *
 * <p>The bytes are held in memory in between. What cannot be sent for now remains, and goes before
 * anything else is done with the file, so that nothing written later is overwritten by it. What
 * cannot be saved, or never can be sent, is lost, and the next commit tells.
 */
final class FileRewrites {

    private static final Logger LOG = LoggerFactory.getLogger(FileRewrites.class);

    /** Most bytes in one piece. */
    private static final long PIECE_BYTES = Remote.SERVER_IO_BYTES;

    private final FileContext context;
    private final LayoutCache layout;
    private final Queue<Saved> saved = new ConcurrentLinkedQueue<>();

    private record Saved(long offset, MemorySegment bytes) {
        ByteRange range() {
            return ByteRange.ofLength(offset, bytes.byteSize());
        }
    }

    FileRewrites(FileContext context) {
        this.context = context;
        this.layout = context.layout();
    }

    /** Saves what was written and not committed, then gives the ranges up. */
    void setAside(List<ByteRange> ranges) {
        for (ByteRange range : ranges) {
            layout.writtenWithin(range).forEach(this::readBack);
        }
        layout.giveUp(ranges);
    }

    /** Saves what was written and has not been stored anywhere. */
    void save(long offset, MemorySegment bytes) {
        MemorySegment copy = MemorySegment.ofArray(new byte[(int) bytes.byteSize()]);
        saved.add(new Saved(offset, copy.copyFrom(bytes)));
    }

    private void readBack(ByteRange written) {
        long at = written.start();
        while (at < written.end()) {
            long era = layout.era();
            Mapping.Piece piece = layout.at(at);
            if (piece == null) {
                return;
            }
            long length = Math.min(PIECE_BYTES, Math.min(written.end(), piece.range().end()) - at);
            try {
                MemorySegment bytes = MemorySegment.ofArray(new byte[(int) length]);
                context.session().requireLease();
                context.device(piece.mapping(), at, length)
                        .read(piece.mapping().deviceOffset(at), bytes);
                if (layout.era() == era && context.session().lease().isValid()) {
                    saved.add(new Saved(at, bytes));
                    layout.settledWrites(ByteRange.ofLength(at, length));
                }
            } catch (IOException e) {
                LOG.warn(
                        "event=read-back-failed volume={} file={} offset={} reason=\"{}\"",
                        context.volume(),
                        context.file(),
                        at,
                        e.getMessage());
            }
            at += length;
        }
    }

    /** Whether something is set aside that the server has not got yet. Any thread may ask. */
    boolean isPending() {
        return !saved.isEmpty();
    }

    /** What was set aside is not wanted any more. */
    void drop() {
        saved.clear();
    }

    /**
     * The layout is returned: sends what was saved through the server.
     *
     * @throws OutlayException if that cannot be done for now; then it remains
     */
    void resend() throws OutlayException {
        for (Saved next = saved.peek(); next != null; next = saved.peek()) {
            sent(next, send(next));
        }
    }

    /**
     * As {@link #resend}, outside the gate while it waits: it may be this client's own recall that
     * is waited for.
     */
    void resendOutside() throws OutlayException {
        for (Saved next = saved.peek(); next != null; next = saved.peek()) {
            boolean arrived;
            context.leave();
            try {
                arrived = send(next);
            } finally {
                context.enter();
            }
            sent(next, arrived);
        }
    }

    /** Returns false if it never can be sent. */
    private boolean send(Saved piece) throws OutlayException {
        try {
            context.serverSize(
                    context.remote()
                            .serverWrites()
                            .write(context.volume(), context.file(), piece.offset(), piece.bytes())
                            .sizeBytes());
            return true;
        } catch (OutlayException e) {
            boolean passing = e.isPassing() && context.session().dead().isEmpty();
            LOG.warn(
                    "event={} volume={} file={} offset={} reason=\"{}\"",
                    passing ? "recalled-writes-delayed" : "recalled-writes-lost",
                    context.volume(),
                    context.file(),
                    piece.offset(),
                    e.getMessage());
            if (passing) {
                throw e;
            }
            return false;
        }
    }

    /** Another thread may have sent it too, while this one waited. */
    private void sent(Saved piece, boolean arrived) {
        if (saved.remove(piece) && !arrived) {
            layout.lost(piece.range());
        }
    }
}
