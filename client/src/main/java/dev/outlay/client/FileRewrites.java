package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was written to one file and may not be committed by layout any more: read back from the
 * device while the grant stands, and sent through the server once the layout is returned. Called
 * inside the file's gate.
 *
 * <p>The bytes are held in memory in between. What cannot be saved is lost, and the next commit
 * tells.
 */
final class FileRewrites {

    private static final Logger LOG = LoggerFactory.getLogger(FileRewrites.class);

    /** Most bytes in one piece. */
    private static final long PIECE_BYTES = 1 << 20;

    private final FileContext context;
    private final LayoutCache layout;
    private final List<Saved> saved = new ArrayList<>();

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

    /** The layout is returned: sends what was saved through the server. */
    void resend() {
        for (Saved each : saved) {
            try {
                context.serverSize(
                        context.remote()
                                .serverWrites()
                                .write(
                                        context.volume(),
                                        context.file(),
                                        each.offset(),
                                        each.bytes())
                                .sizeBytes());
            } catch (OutlayException e) {
                LOG.warn(
                        "event=recalled-writes-lost volume={} file={} offset={} reason=\"{}\"",
                        context.volume(),
                        context.file(),
                        each.offset(),
                        e.getMessage());
                layout.lost(each.range());
            }
        }
        saved.clear();
    }
}
