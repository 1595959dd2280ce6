package dev.outlay.bench;

import dev.outlay.v1.Extent;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.ArrayList;
import java.util.List;

/** Maps fresh blocks at the end of a file, in the next message commits them, and so on. */
final class Cycles implements StreamDriver.Lane {

    static final long PIECE_BYTES = 64 << 10;

    private final OpenFile file;
    private final int batch;
    private final List<Asked> underWay = new ArrayList<>();
    private final List<List<Extent>> mapped = new ArrayList<>();
    private int answered;
    private long end;

    /**
     * @param batch so many in a message
     */
    Cycles(OpenFile file, int batch) {
        this.file = file;
        this.batch = batch;
    }

    /** One reply of each kind that it asks for. */
    static List<Reply> sample(Party party) throws Exception {
        OpenFile file = party.create("sample");
        Reply mapped = file.ask(file.map(0, PIECE_BYTES, IoMode.IO_MODE_RW, 0));
        return List.of(mapped, file.ask(file.commit(mapped.getMapBlocks().getExtentsList())));
    }

    @Override
    public List<Request.Builder> next() {
        underWay.clear();
        answered = 0;
        if (mapped.isEmpty()) {
            for (int i = 0; i < batch; i++, end += PIECE_BYTES) {
                underWay.add(file.map(end, PIECE_BYTES, IoMode.IO_MODE_RW, 0));
            }
        } else {
            mapped.forEach(extents -> underWay.add(file.commit(extents)));
            mapped.clear();
        }
        return underWay.stream().map(Asked::request).toList();
    }

    @Override
    public void answered(Reply reply) {
        var _ = file.take(underWay.get(answered++), reply);
        if (reply.hasMapBlocks()) {
            mapped.add(reply.getMapBlocks().getExtentsList());
        }
    }
}
