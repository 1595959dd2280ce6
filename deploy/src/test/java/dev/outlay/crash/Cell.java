package dev.outlay.crash;

/**
 * Eight bytes of a file that say who wrote them and where they belong; 0 is what was never written.
 * Stores of eight aligned bytes are not torn, so that each is found whole even after a kill.
 */
final class Cell {

    static final int BYTES = 8;

    /** Cells of the longest file. */
    static final int FILE_CELLS = 1 << 14;

    static final int WRITERS_MAX = 1 << 12;
    static final int WRITES_MAX = 1 << 20;

    /** What lies on the device before anybody uses it, in each of its bytes. */
    static final byte FORMER_OWNER = (byte) 0xCD;

    static final long FORMER_OWNERS_CELL = 0xCDCDCDCDCDCDCDCDL;

    private static final int CHECK_BITS = 6;
    private static final int CELL_BITS = 14;
    private static final int FILE_BITS = 12;
    private static final int WRITE_BITS = 20;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private Cell() {}

    /**
     * @param writer 1 to {@link #WRITERS_MAX}
     * @param write 1 to {@link #WRITES_MAX}, counted by the writer
     */
    static long of(int writer, int write, long file, int cell) {
        long body = write(writer, write);
        body = (body << FILE_BITS) | (file & mask(FILE_BITS));
        body = (body << CELL_BITS) | cell;
        return (body << CHECK_BITS) | check(body);
    }

    private static long check(long body) {
        return (body * GOLDEN) >>> (Long.SIZE - CHECK_BITS);
    }

    private static long mask(int bits) {
        return (1L << bits) - 1;
    }

    /** Which write these bytes are of, as {@link #write}; -1 if they do not belong there. */
    static long writeAt(long bytes, long file, int cell) {
        long body = bytes >>> CHECK_BITS;
        long write = body >>> (CELL_BITS + FILE_BITS);
        int writer = (int) (write >>> WRITE_BITS);
        int number = (int) (write & mask(WRITE_BITS));
        return bytes == of(writer, number, file, cell) && writer > 0 ? write : -1;
    }

    /** A writer and the number of its write in one. */
    static long write(int writer, int number) {
        return ((long) writer << WRITE_BITS) | number;
    }

    static String name(long write) {
        return (write >>> WRITE_BITS) + "." + (write & mask(WRITE_BITS));
    }

    /** What foreign bytes look like to be, for people. */
    static String describe(long bytes) {
        if (bytes == FORMER_OWNERS_CELL) {
            return "0xCD, what lay on the device before";
        }
        long body = bytes >>> CHECK_BITS;
        long file = (body >>> CELL_BITS) & mask(FILE_BITS);
        long cell = body & mask(CELL_BITS);
        if ((bytes & mask(CHECK_BITS)) != check(body)) {
            return "0x%016x, no write of this run".formatted(bytes);
        }
        return "write %s, made for byte %d of file %d"
                .formatted(name(body >>> (CELL_BITS + FILE_BITS)), cell * BYTES, file);
    }
}
