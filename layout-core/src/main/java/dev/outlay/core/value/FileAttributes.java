package dev.outlay.core.value;

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
 * @param parent the directory that names it, the root's is itself
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
        FileId parent,
        String name) {}
