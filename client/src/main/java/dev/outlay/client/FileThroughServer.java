package dev.outlay.client;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Reading and writing one file through the server, where this host does not reach the devices.
 * Called inside the file's gate. Each piece written is durable and seen by all when it is answered,
 * so that there is nothing to commit.
 */
final class FileThroughServer {

    private final FileContext context;

    FileThroughServer(FileContext context) {
        this.context = context;
    }

    /** Reads up to the end of file; -1 at or past it. */
    long read(MemorySegment target, long offset) throws IOException {
        long done = 0;
        while (done < target.byteSize()) {
            int count =
                    context.remote()
                            .read(
                                    context.volume(),
                                    context.file(),
                                    offset + done,
                                    target.asSlice(done));
            if (count == 0) {
                break;
            }
            done += count;
        }
        return done == 0 && target.byteSize() > 0 ? -1 : done;
    }

    /** Writes all of the source. */
    void write(MemorySegment source, long offset) throws IOException {
        for (long done = 0; done < source.byteSize(); done += Remote.SERVER_IO_BYTES) {
            long count = Math.min(Remote.SERVER_IO_BYTES, source.byteSize() - done);
            context.serverSize(
                    context.remote()
                            .write(
                                    context.volume(),
                                    context.file(),
                                    offset + done,
                                    source.asSlice(done, count))
                            .sizeBytes());
        }
    }
}
