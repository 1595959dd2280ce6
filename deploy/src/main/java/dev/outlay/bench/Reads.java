package dev.outlay.bench;

import dev.outlay.v1.IoMode;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** MapBlocks READ of random pieces of files of which every second piece is written. */
final class Reads implements StreamDriver.Lane {

    static final long PIECE_BYTES = 64 << 10;

    private final List<OpenFile> files;
    private final long pieceBytes;
    private final long pieces;
    private final int batch;
    private final List<Asked> underWay = new ArrayList<>();
    private OpenFile file;
    private int answered;

    /**
     * @param batch so many in a message
     */
    Reads(OpenFile file, long fileBytes, int batch) {
        this(List.of(file), PIECE_BYTES, fileBytes / (2 * PIECE_BYTES), batch);
    }

    /**
     * The same of several files: a message asks for one of them.
     *
     * @param pieces that are written of each
     */
    Reads(List<OpenFile> files, long pieceBytes, long pieces, int batch) {
        this.files = files;
        this.file = files.getFirst();
        this.pieceBytes = pieceBytes;
        this.pieces = pieces;
        this.batch = batch;
    }

    /**
     * Makes a file for it: one with many extents, as none goes on in the next. It is held for
     * reading from then on, so that all that is asked for together belongs to one layout.
     */
    static OpenFile file(Party party, String name, long fileBytes) throws Exception {
        OpenFile file = party.create(name);
        for (long at = 0; at < fileBytes; at += 2 * PIECE_BYTES) {
            file.write(at, PIECE_BYTES);
        }
        var _ = file.ask(file.giveBack());
        var _ = file.ask(file.map(0, PIECE_BYTES, IoMode.IO_MODE_READ, 0));
        return file;
    }

    @Override
    public List<Request.Builder> next() {
        underWay.clear();
        answered = 0;
        ThreadLocalRandom dice = ThreadLocalRandom.current();
        file = files.get(dice.nextInt(files.size()));
        List<Request.Builder> requests = new ArrayList<>(batch);
        for (int i = 0; i < batch; i++) {
            long offset = dice.nextLong(pieces) * 2 * pieceBytes;
            Asked asked = file.map(offset, pieceBytes, IoMode.IO_MODE_READ, 0);
            underWay.add(asked);
            requests.add(asked.request());
        }
        return requests;
    }

    @Override
    public void answered(Reply reply) {
        // Answers to a message come in its order but where some wait; which is which matters only
        // for the id that all are answered up to.
        var _ = file.take(underWay.get(answered++), reply);
    }
}
