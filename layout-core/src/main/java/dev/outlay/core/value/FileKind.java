package dev.outlay.core.value;

/** What an inode is. */
public enum FileKind {
    FILE,
    DIRECTORY
}
