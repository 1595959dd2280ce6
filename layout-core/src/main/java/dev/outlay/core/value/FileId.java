package dev.outlay.core.value;

/**
 * Inode number of a file or directory within its volume: 1 is the root, numbers are never reused.
 */
public record FileId(long value) implements Comparable<FileId> {

    public static final FileId ROOT = new FileId(1);

    public FileId {
        if (value < 1) {
            throw new IllegalArgumentException("not a file id: " + value);
        }
    }

    @Override
    public int compareTo(FileId other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
