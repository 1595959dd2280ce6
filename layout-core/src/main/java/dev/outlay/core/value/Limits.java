package dev.outlay.core.value;

/**
 * Every limit of a volume, in one place. What a request exceeds is refused with a clear error
 * before anything is allocated for it. The relations between the limits are checked at
 * construction.
 *
 * @param blockSizeMin smallest block, bytes
 * @param blockSizeMax largest block, bytes
 * @param fileBytes largest size of a file, and the end of the last range that may be mapped
 * @param nameBytes longest name of a file, UTF-8 bytes
 * @param ownerBytes longest owner or principal name, UTF-8 bytes
 * @param extentsPerReply most extents one answer carries
 * @param commitRanges most ranges one commit names
 * @param returnRanges most ranges one return names
 * @param listEntries most entries one answer to a listing carries
 * @param outstandingOperations most answers kept for one client that it has not acknowledged
 * @param clients most clients of one volume at a time, ended ones that are still remembered
 *     included
 * @param reattachLayouts most files of one volume that a client holds layouts on, and so restates
 *     when it re-attaches; the end of them all fits one journal record
 * @param recallMillis time to answer a recall; each part returned wins as much again
 * @param recallExtensions how often that is won at most
 * @param rewriteBytes most bytes that one piece of device work copies or zeroes, but for a single
 *     larger block
 * @param relocationReserveBytes free bytes kept back, while as many are at risk, for moving those
 * @param ioBytes most bytes one Read or Write through the server carries
 */
public record Limits(
        int blockSizeMin,
        int blockSizeMax,
        long fileBytes,
        int nameBytes,
        int ownerBytes,
        int extentsPerReply,
        int commitRanges,
        int returnRanges,
        int listEntries,
        int outstandingOperations,
        int clients,
        int reattachLayouts,
        int recallMillis,
        int recallExtensions,
        long rewriteBytes,
        long relocationReserveBytes,
        int ioBytes) {

    public static final Limits DEFAULT =
            new Limits(
                    4096, 1 << 20, 1L << 53, 255, 255, 4096, 4096, 4096, 10_000, 1024, 100_000,
                    32_768, 10_000, 8, 16 << 20, 1 << 30, 1 << 20);

    /** Limits with those of device work as they are by default. */
    public Limits(
            int blockSizeMin,
            int blockSizeMax,
            long fileBytes,
            int nameBytes,
            int ownerBytes,
            int extentsPerReply,
            int commitRanges,
            int returnRanges,
            int listEntries,
            int outstandingOperations,
            int clients,
            int reattachLayouts,
            int recallMillis,
            int recallExtensions) {
        this(
                blockSizeMin,
                blockSizeMax,
                fileBytes,
                nameBytes,
                ownerBytes,
                extentsPerReply,
                commitRanges,
                returnRanges,
                listEntries,
                outstandingOperations,
                clients,
                reattachLayouts,
                recallMillis,
                recallExtensions,
                16 << 20,
                1 << 30,
                1 << 20);
    }

    public Limits {
        if (Integer.bitCount(blockSizeMin) != 1
                || Integer.bitCount(blockSizeMax) != 1
                || blockSizeMin > blockSizeMax) {
            throw new IllegalArgumentException("block sizes are powers of two, the smallest first");
        }
        if (fileBytes % blockSizeMax != 0 || fileBytes <= 0) {
            throw new IllegalArgumentException(
                    "the largest file is a whole number of the largest blocks");
        }
        if (extentsPerReply < 1
                || commitRanges < 1
                || returnRanges < 1
                || listEntries < 1
                || outstandingOperations < 1
                || clients < 1
                || reattachLayouts < 1
                || recallMillis < 1
                || recallExtensions < 0) {
            throw new IllegalArgumentException("each count is at least one");
        }
        if (rewriteBytes < blockSizeMax
                || rewriteBytes % blockSizeMax != 0
                || relocationReserveBytes < 0
                || ioBytes < 1) {
            throw new IllegalArgumentException(
                    "device work takes whole largest blocks at a time, and I/O at least a byte");
        }
    }

    /** The same with what an operator chooses. */
    public Limits with(int chosenClients, int chosenOutstanding) {
        return new Limits(
                blockSizeMin,
                blockSizeMax,
                fileBytes,
                nameBytes,
                ownerBytes,
                extentsPerReply,
                commitRanges,
                returnRanges,
                listEntries,
                chosenOutstanding,
                chosenClients,
                reattachLayouts,
                recallMillis,
                recallExtensions,
                rewriteBytes,
                relocationReserveBytes,
                ioBytes);
    }

    /** The same with another time to answer a recall. */
    public Limits withRecall(int chosenMillis) {
        return new Limits(
                blockSizeMin,
                blockSizeMax,
                fileBytes,
                nameBytes,
                ownerBytes,
                extentsPerReply,
                commitRanges,
                returnRanges,
                listEntries,
                outstandingOperations,
                clients,
                reattachLayouts,
                chosenMillis,
                recallExtensions,
                rewriteBytes,
                relocationReserveBytes,
                ioBytes);
    }
}
