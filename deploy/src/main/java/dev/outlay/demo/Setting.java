package dev.outlay.demo;

import dev.outlay.core.value.ByteRange;
import dev.outlay.demo.Content.Piece;

/**
 * The file of the story, and what it has to hold.
 *
 * <p>The range in question lies inside end of file, between bytes committed earlier and a hole, so
 * that a reader gets all of it.
 */
final class Setting {

    static final String VOLUME = "demo";
    static final String FILE = "/story";

    private static final long MIB = 1 << 20;

    /** Size of the file, from its beginning to its end. */
    static final long FILE_BYTES = 16 * MIB;

    /** Committed before the story begins; the rest is a hole. */
    static final ByteRange EARLIER = new ByteRange(0, 4 * MIB);

    /** What first A, then C is granted. */
    static final ByteRange RANGE = new ByteRange(4 * MIB, 12 * MIB);

    /** The part of it in which A stores. */
    static final ByteRange STORED = new ByteRange(4 * MIB, 8 * MIB);

    /** The file while nothing of the range is committed. */
    static final Content ZEROS =
            Content.of(
                    new Piece(EARLIER, Ink.EARLIER),
                    new Piece(new ByteRange(EARLIER.end(), FILE_BYTES), Ink.ZERO));

    /** The file after C's commit. */
    static final Content COMMITTED =
            Content.of(
                    new Piece(EARLIER, Ink.EARLIER),
                    new Piece(RANGE, Ink.C),
                    new Piece(new ByteRange(RANGE.end(), FILE_BYTES), Ink.ZERO));

    /** What A's blocks hold once it has stored a second time, awake again. */
    static final Content STORED_LATE = Content.of(new Piece(RANGE, Ink.A));

    /** What A's blocks hold while it sleeps. */
    static final Content ABANDONED =
            Content.of(
                    new Piece(STORED, Ink.A),
                    new Piece(new ByteRange(STORED.end(), RANGE.end()), Ink.FORMER_OWNER));

    private Setting() {}
}
