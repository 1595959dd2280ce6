package dev.outlay.core.op;

import dev.outlay.core.command.Command.CommitRange;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.LayoutRange;
import java.util.ArrayList;
import java.util.List;

/** Tells the others in a CONCURRENT file that a commit has changed what they may have seen. */
final class Invalidation {

    private Invalidation() {}

    /** What others hold of the committed ranges; nothing where grants exclude each other. */
    static List<Notice> of(FileNode file, ClientId by, List<CommitRange> committed, long mapEpoch) {
        List<Notice> notices = new ArrayList<>();
        if (!file.isConcurrent()) {
            return notices;
        }
        for (Layout layout : file.layouts()) {
            if (layout.client().equals(by)) {
                continue;
            }
            for (CommitRange range : committed) {
                ByteRange bytes = ByteRange.ofLength(range.fileOffset(), range.length());
                for (LayoutRange held : layout.within(bytes)) {
                    notices.add(
                            new Notice.Invalidate(
                                    layout.client(), file.id(), held.range(), mapEpoch));
                }
            }
        }
        return notices;
    }
}
