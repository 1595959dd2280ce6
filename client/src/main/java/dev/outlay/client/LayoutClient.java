package dev.outlay.client;

import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import java.io.IOException;
import java.nio.file.OpenOption;
import java.util.List;
import java.util.Optional;

/**
 * A client of one server: names, space, layouts and, through {@link BlockFile}, the bytes.
 *
 * <p>Any thread may call any method. Each call waits for its answer, and is repeated under its own
 * operation id until then: over a new connection, after a restart of the server, and while the
 * server asks to come back later, up to the deadline of {@link ClientOptions}. Once this client is
 * fenced or expired, everything it held is void and every call fails at once.
 */
@SuppressWarnings("DoNotCallSuggester") // Bodies follow.
public final class LayoutClient implements AutoCloseable {

    private LayoutClient() {}

    /** Connects and opens a session, or goes on with a saved one. */
    public static LayoutClient connect(ClientOptions options) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    // ---- names

    /** Makes an empty file; its directory must be there. */
    public FileAttributes create(String volume, String path, int mode) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** Makes an empty directory. */
    public FileAttributes createDirectory(String volume, String path, int mode)
            throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** Finds a file or directory by its absolute path and reads its attributes. */
    public FileAttributes lookup(String volume, String path) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** Reads the attributes of a file. */
    public FileAttributes attributes(String volume, FileId file) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** Lists a directory by rising name. */
    public List<DirectoryEntry> list(String volume, String path) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** Sets what is present in {@code change}, all or none. */
    public FileAttributes setAttributes(String volume, String path, AttributeChange change)
            throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** Moves a name; what stood at the destination is removed. */
    public FileAttributes rename(String volume, String from, String to) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** Removes a file or an empty directory. */
    public void remove(String volume, String path) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    // ---- space

    /** Sets the size. What this client wrote before is committed first. */
    public FileAttributes truncate(String volume, String path, long sizeBytes) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Gives the holes of a range blocks that stay; offset and length are block-aligned. */
    public FileAttributes allocate(String volume, String path, long offset, long length)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Makes a range read as zeros and frees its whole blocks. */
    public FileAttributes deallocate(String volume, String path, long offset, long length)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * A page of a file's map.
     *
     * @param offset block-aligned, 0 to begin
     * @param maxExtents 0: as many as the server sends
     */
    public ExtentListing extents(String volume, FileId file, long offset, int maxExtents)
            throws OutlayException {
        throw new UnsupportedOperationException();
    }

    // ---- bytes

    /**
     * Opens a file for reading and writing its bytes directly on the device.
     *
     * @param options {@link java.nio.file.StandardOpenOption}s: READ (the default), WRITE, CREATE,
     *     CREATE_NEW, TRUNCATE_EXISTING
     */
    public BlockFile open(String volume, String path, OpenOption... options) throws IOException {
        throw new UnsupportedOperationException();
    }

    // ---- layouts by hand, one to one with the protocol

    /** Asks for extents and for the right to use them. */
    public MappedBlocks mapBlocks(String volume, MapRequest request) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** Turns filled and durable blocks into bytes of the file. */
    public CommittedBlocks commitBlocks(String volume, CommitRequest request)
            throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** Gives grants back. */
    public List<ReturnedLayout> returnLayout(String volume, ReturnScope scope)
            throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** What the server believes this client to hold on a volume, by rising file id. */
    public List<HeldLayout> listLayouts(String volume) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /** What this client holds on one file, as far as it knows itself. */
    public Optional<HeldLayout> held(String volume, FileId file) {
        throw new UnsupportedOperationException();
    }

    /** The devices of a volume. */
    public VolumeDevices devices(String volume) throws OutlayException {
        throw new UnsupportedOperationException();
    }

    // ---- session

    /** Administration over the same connection. */
    public AdminClient admin() {
        throw new UnsupportedOperationException();
    }

    /** What is known of the session now. */
    public SessionInfo session() {
        throw new UnsupportedOperationException();
    }

    /** The session as it is now; to be saved where another process goes on with it. */
    public SavedSession save() {
        throw new UnsupportedOperationException();
    }

    /** Renews the lease, and waits for the answer. */
    public void renew() throws OutlayException {
        throw new UnsupportedOperationException();
    }

    /**
     * Ends the connection but not the session: grants stay until the lease is over, and a later
     * process goes on with what this returns. Open files are not committed.
     */
    public SavedSession detach() {
        throw new UnsupportedOperationException();
    }

    /**
     * Closes open files, then gives everything back and ends the client at the server. Closing
     * twice is allowed.
     */
    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
