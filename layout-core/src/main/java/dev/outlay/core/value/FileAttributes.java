package dev.outlay.core.value;

import java.util.Optional;

/**
 * The attributes of a file or directory at one moment.
 *
 * @param sizeBytes end of file; zero for a directory
 * @param changeCounter rises on each visible change
 * @param mapEpoch rises with every change of the extent map
 * @param mode permission bits, 0..07777
 * @param createdMillis and the other times: milliseconds since 1970, by the server's clock or as
 *     set
 * @param allocatedBytes bytes of the device that the file occupies
 * @param parent the directory that names it, the root's is itself; empty for a file that is being
 *     removed, on which a commit is accepted and dropped
 * @param flags any of {@link #CONCURRENT}, {@link #READ_ONLY}
 */
public record FileAttributes(
        FileId file,
        FileKind kind,
        long sizeBytes,
        long changeCounter,
        long mapEpoch,
        int mode,
        String owner,
        long createdMillis,
        long modifiedMillis,
        long changedMillis,
        long accessedMillis,
        long allocatedBytes,
        Optional<FileId> parent,
        String name,
        int flags) {

    /** Several clients may read and write its committed bytes at one time. */
    public static final int CONCURRENT = 1;

    /** A snapshot: its bytes never change again. */
    public static final int READ_ONLY = 2;

    private static final int ALL_FLAGS = CONCURRENT | READ_ONLY;

    public FileAttributes {
        checkedFlags(flags);
    }

    /** The flags, if all of them are known. */
    public static int checkedFlags(int flags) {
        if ((flags & ~ALL_FLAGS) != 0) {
            throw new IllegalArgumentException(
                    "unknown file flags 0x" + Integer.toHexString(flags));
        }
        return flags;
    }

    /** A file without flags. */
    public FileAttributes(
            FileId file,
            FileKind kind,
            long sizeBytes,
            long changeCounter,
            long mapEpoch,
            int mode,
            String owner,
            long createdMillis,
            long modifiedMillis,
            long changedMillis,
            long accessedMillis,
            long allocatedBytes,
            Optional<FileId> parent,
            String name) {
        this(
                file,
                kind,
                sizeBytes,
                changeCounter,
                mapEpoch,
                mode,
                owner,
                createdMillis,
                modifiedMillis,
                changedMillis,
                accessedMillis,
                allocatedBytes,
                parent,
                name,
                0);
    }

    /** Whether all bits of {@code flag} are set. */
    public boolean has(int flag) {
        return (flags & flag) == flag;
    }
}
