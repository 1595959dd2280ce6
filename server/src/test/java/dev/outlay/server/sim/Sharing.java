package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.FileView;

/** Who may hold a block of a file beside whom (section 3.7). */
final class Sharing {

    private Sharing() {}

    /** How somebody holds a block. */
    enum How {
        READ,
        ATOMIC,
        WRITE
    }

    /** Whether two clients may hold a block in these ways at the same time. */
    static boolean bears(Picture picture, FileView file, long index, How one, How other) {
        if (one == How.READ && other == How.READ) {
            return true;
        }
        if (!file.isWritten(index)) {
            return false;
        }
        Block block = picture.blocks()[file.place(index)];
        boolean inPlace =
                file.concurrent()
                        && block.others().isEmpty()
                        && block.late().isEmpty()
                        && file.besides(index) < 0;
        boolean atomic = one == How.ATOMIC || other == How.ATOMIC;
        boolean reader = one == How.READ || other == How.READ;
        return reader ? inPlace || atomic : inPlace && !atomic;
    }
}
