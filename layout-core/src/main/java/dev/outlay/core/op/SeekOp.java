package dev.outlay.core.op;

import dev.outlay.core.command.Command.Seek;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.Reason;
import java.util.OptionalLong;

/**
 * Seek: the next committed byte, or the next that no commit covers; end of file ends both, and
 * counts as a hole. Blocks that are only allocated read as zeros and so are a hole.
 *
 * <p>Source: lseek(2), SEEK_DATA and SEEK_HOLE.
 */
final class SeekOp {

    private SeekOp() {}

    static Reply decide(VolumeTables tables, Seek ask) {
        FileNode file = Checks.file(tables, ask.file());
        if (ask.offset() < 0) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT, "an offset of " + ask.offset() + " is negative");
        }
        if (ask.offset() >= file.sizeBytes()) {
            return new Reply.Found(OptionalLong.empty(), file.sizeBytes());
        }
        ByteRange rest = new ByteRange(ask.offset(), file.sizeBytes());
        long hole = rest.start();
        for (Extent extent : file.extents().mapped(rest)) {
            if (extent.state() != ExtentState.WRITTEN) {
                continue;
            }
            if (ask.data()) {
                return new Reply.Found(OptionalLong.of(extent.fileOffset()), file.sizeBytes());
            }
            if (extent.fileOffset() > hole) {
                break;
            }
            hole = extent.end();
        }
        return new Reply.Found(
                ask.data() ? OptionalLong.empty() : OptionalLong.of(hole), file.sizeBytes());
    }
}
