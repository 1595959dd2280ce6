package dev.outlay.client;

import com.google.protobuf.ByteString;
import dev.outlay.client.fence.LocalHost;
import dev.outlay.client.session.ClientSession;
import dev.outlay.client.session.SessionConfig;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Reason;
import java.io.IOException;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client of one server: names, space, layouts and, through {@link BlockFile}, the bytes.
 *
 * <p>Any thread may call any method. Each call waits for its answer, and is repeated under its own
 * operation id until then: over a new connection, after a restart of the server, and while the
 * server asks to come back later, up to the deadline of {@link ClientOptions}. Once this client is
 * fenced or expired, everything it held is void and every call fails at once.
 */
public final class LayoutClient implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LayoutClient.class);

    /** For each volume in use, so that it can be shown what it holds. */
    private final Map<String, VolumeAccess> volumes = new ConcurrentHashMap<>();

    private final ClientOptions options;
    private final ClientSeams seams;
    private final LayoutTable layouts;
    private final ClientSession session;
    private final Remote remote;
    private final OpenFiles files = new OpenFiles();
    private final Recalls recalls;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final boolean fenced;

    private LayoutClient(ClientOptions options, ClientSeams seams) {
        this.options = options;
        this.seams = seams;
        this.layouts =
                new LayoutTable(
                        volume -> {
                            VolumeAccess access = volumes.get(volume);
                            return access == null ? List.of() : access.incarnations();
                        });
        this.fenced = options.process().isPresent();
        this.session =
                new ClientSession(
                        config(options),
                        seams.transport(),
                        seams.clock(),
                        seams.scheduler(),
                        seams.random(),
                        layouts);
        this.remote = new Remote(session, layouts);
        this.recalls =
                new Recalls(
                        session,
                        remote,
                        layouts,
                        files,
                        seams.scheduler(),
                        options.resume().isPresent());
        layouts.answeredBy(recalls);
        remote.onAnswer(recalls::answered);
    }

    /** Connects and opens a session, or goes on with a saved one. */
    public static LayoutClient connect(ClientOptions options) throws OutlayException {
        return connect(here(options), ClientSeams.system(GrpcTransport.to(options.server())));
    }

    /** The same, with this process as the one to be fenced, if the session ends with it. */
    private static ClientOptions here(ClientOptions options) {
        return options.outlivesProcess()
                        || options.resume().isPresent()
                        || options.process().isPresent()
                ? options
                : LocalHost.thisProcess().map(options::withProcess).orElse(options);
    }

    /** As {@link #connect(ClientOptions)}, touching the world only through {@code seams}. */
    public static LayoutClient connect(ClientOptions options, ClientSeams seams)
            throws OutlayException {
        LayoutClient client = new LayoutClient(options, seams);
        client.session.start();
        try {
            client.session.awaitOpen();
        } catch (OutlayException e) {
            client.stop();
            throw e;
        }
        return client;
    }

    private static SessionConfig config(ClientOptions options) {
        return new SessionConfig(
                options.server(),
                options.owner(),
                options.maxIoMillis(),
                options.leaseMillis(),
                options.deadlineMillis(),
                options.resume()
                        .map(
                                saved ->
                                        new SessionConfig.Known(
                                                saved.incarnation(),
                                                saved.clientId(),
                                                ByteString.copyFrom(
                                                        HexFormat.of().parseHex(saved.secret())),
                                                saved.nextOperationIds())),
                options.process());
    }

    // ---- names

    /** Makes an empty file; its directory must be there. */
    public FileAttributes create(String volume, String path, int mode) throws OutlayException {
        return create(volume, path, FileKind.FILE, mode, false);
    }

    /**
     * Makes an empty file whose readers and writers share what is committed: the application orders
     * its own bytes.
     */
    public FileAttributes createConcurrent(String volume, String path, int mode)
            throws OutlayException {
        return create(volume, path, FileKind.FILE, mode, true);
    }

    /** Makes an empty directory. */
    public FileAttributes createDirectory(String volume, String path, int mode)
            throws OutlayException {
        return create(volume, path, FileKind.DIRECTORY, mode, false);
    }

    private FileAttributes create(
            String volume, String path, FileKind kind, int mode, boolean concurrent)
            throws OutlayException {
        Paths.Split at = Paths.split(path);
        return remote.create(volume, directory(volume, at), at.name(), kind, mode, concurrent);
    }

    /** Finds a file or directory by its absolute path and reads its attributes. */
    public FileAttributes lookup(String volume, String path) throws OutlayException {
        return remote.lookup(volume, path);
    }

    /** Reads the attributes of a file. */
    public FileAttributes attributes(String volume, FileId file) throws OutlayException {
        return remote.getAttributes(volume, file);
    }

    /** Lists a directory by rising name. */
    public List<DirectoryEntry> list(String volume, String path) throws OutlayException {
        return remote.list(volume, remote.lookup(volume, path).file());
    }

    /** Sets what is present in {@code change}, all or none. */
    public FileAttributes setAttributes(String volume, String path, AttributeChange change)
            throws OutlayException {
        return remote.setAttributes(volume, remote.lookup(volume, path).file(), change);
    }

    /** Moves a name; what stood at the destination is removed, with what was written to it. */
    public FileAttributes rename(String volume, String from, String to) throws OutlayException {
        Paths.Split source = Paths.split(from);
        Paths.Split target = Paths.split(to);
        FileId sourceParent = directory(volume, source);
        FileId targetParent = directory(volume, target);
        return dropping(
                volume,
                to,
                remote.lookup(volume, from).file(),
                () ->
                        remote.rename(
                                volume, sourceParent, source.name(), targetParent, target.name()));
    }

    /** Removes a file, with what was written to it, or an empty directory. */
    public void remove(String volume, String path) throws OutlayException {
        Paths.Split at = Paths.split(path);
        FileId parent = directory(volume, at);
        dropping(
                volume,
                path,
                FileId.ROOT,
                () -> {
                    remote.remove(volume, parent, at.name());
                    return at;
                });
    }

    /** Sends a request that removes the file at {@code path}, unless that is {@code spared}. */
    private <T> T dropping(String volume, String path, FileId spared, FileIo.Ask<T> ask)
            throws OutlayException {
        if (files.isEmpty()) {
            return ask.send();
        }
        Optional<FileIo> open = Optional.empty();
        try {
            FileId file = remote.lookup(volume, path).file();
            if (!file.equals(spared)) {
                open = files.find(new LayoutTable.Key(volume, file));
            }
        } catch (OutlayException e) {
            if (!e.is(Reason.NOT_FOUND)) {
                throw e;
            }
        }
        return open.isPresent() ? open.get().dropping(ask) : ask.send();
    }

    private FileId directory(String volume, Paths.Split at) throws OutlayException {
        return at.directory().equals("/")
                ? FileId.ROOT
                : remote.lookup(volume, at.directory()).file();
    }

    // ---- space

    /** Sets the size. What this client wrote before is committed first. */
    public FileAttributes truncate(String volume, String path, long sizeBytes) throws IOException {
        FileId file = remote.lookup(volume, path).file();
        FileAttributes after = quiet(volume, file, () -> remote.truncate(volume, file, sizeBytes));
        resized(volume, after);
        return after;
    }

    /** Gives the holes of a range blocks that stay; offset and length are block-aligned. */
    public FileAttributes allocate(String volume, String path, long offset, long length)
            throws IOException {
        FileId file = remote.lookup(volume, path).file();
        return quiet(volume, file, () -> remote.allocate(volume, file, offset, length));
    }

    /** Makes a range read as zeros and frees its whole blocks. */
    public FileAttributes deallocate(String volume, String path, long offset, long length)
            throws IOException {
        FileId file = remote.lookup(volume, path).file();
        return quiet(volume, file, () -> remote.deallocate(volume, file, offset, length));
    }

    /**
     * Makes a file a clone of another one; neither's bytes are copied, and whoever writes next gets
     * blocks of its own for what it writes. The destination is made if it is not there, and is as
     * long as it was if that is longer.
     */
    public FileAttributes clone(String volume, String from, String to) throws IOException {
        FileAttributes source = remote.lookup(volume, from);
        FileId target = orCreated(volume, to, source.mode());
        return cloned(
                volume, source.file(), target, () -> remote.clone(volume, source.file(), target));
    }

    /** As {@link #clone(String, String, String)}, for a range of whole blocks. */
    public FileAttributes clone(String volume, String from, ByteRange range, String to, long offset)
            throws IOException {
        FileAttributes source = remote.lookup(volume, from);
        FileId target = orCreated(volume, to, source.mode());
        return cloned(
                volume,
                source.file(),
                target,
                () -> remote.clone(volume, source.file(), range, target, offset));
    }

    /** Makes a new file of the bytes that another one has now; they never change again. */
    public FileAttributes snapshot(String volume, String from, String to) throws IOException {
        FileId source = remote.lookup(volume, from).file();
        Paths.Split at = Paths.split(to);
        FileId parent = directory(volume, at);
        return quiet(volume, source, () -> remote.snapshot(volume, source, parent, at.name()));
    }

    private FileId orCreated(String volume, String path, int mode) throws OutlayException {
        try {
            return create(volume, path, mode).file();
        } catch (OutlayException e) {
            if (!e.is(Reason.ALREADY_EXISTS)) {
                throw e;
            }
            return remote.lookup(volume, path).file();
        }
    }

    /**
     * Both files are quiet meanwhile, always the older one first, so that two clones never wait.
     */
    private FileAttributes cloned(
            String volume, FileId source, FileId target, FileIo.Ask<FileAttributes> ask)
            throws IOException {
        FileId first = source.compareTo(target) < 0 ? source : target;
        FileId second = source.compareTo(target) < 0 ? target : source;
        Optional<FileIo> outer = files.find(new LayoutTable.Key(volume, first));
        Optional<FileIo> inner =
                first.equals(second)
                        ? Optional.empty()
                        : files.find(new LayoutTable.Key(volume, second));
        FileAttributes after =
                outer.isPresent()
                        ? outer.get().quietWith(inner, ask)
                        : inner.isPresent() ? inner.get().quiet(ask) : ask.send();
        resized(volume, after);
        return after;
    }

    void truncate(FileIo io, long sizeBytes) throws IOException {
        FileAttributes after = io.quiet(() -> remote.truncate(io.volume(), io.file(), sizeBytes));
        io.resized(after.sizeBytes());
    }

    void allocate(FileIo io, long offset, long length) throws IOException {
        ByteRange blocks =
                ByteRange.ofLength(offset, length).alignOutward(access(io.volume()).blockSize());
        io.quiet(() -> remote.allocate(io.volume(), io.file(), blocks.start(), blocks.length()));
    }

    void deallocate(FileIo io, long offset, long length) throws IOException {
        io.quiet(() -> remote.deallocate(io.volume(), io.file(), offset, length));
    }

    private void resized(String volume, FileAttributes after) {
        files.find(new LayoutTable.Key(volume, after.file()))
                .ifPresent(io -> io.resized(after.sizeBytes()));
    }

    private <T> T quiet(String volume, FileId file, FileIo.Ask<T> ask) throws IOException {
        Optional<FileIo> open = files.find(new LayoutTable.Key(volume, file));
        return open.isPresent() ? open.get().quiet(ask) : ask.send();
    }

    /**
     * A page of a file's map.
     *
     * @param offset block-aligned, 0 to begin
     * @param maxExtents 0: as many as the server sends
     */
    public ExtentListing extents(String volume, FileId file, long offset, int maxExtents)
            throws OutlayException {
        return remote.listExtents(volume, file, offset, maxExtents);
    }

    // ---- bytes

    /**
     * Where the next committed byte, or (not {@code data}) the next hole is, from {@code offset}
     * on; empty at or past end of file, or if no data follows.
     */
    public OptionalLong seek(String volume, FileId file, long offset, boolean data)
            throws OutlayException {
        return remote.seek(volume, file, offset, data);
    }

    private static final Set<OpenOption> OPEN_OPTIONS =
            Set.of(
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    WriteMode.ATOMIC);

    private static final int DEFAULT_MODE = 0644;

    /**
     * Opens a file for reading and writing its bytes directly on the device.
     *
     * @param options {@link StandardOpenOption}s: READ (the default), WRITE, CREATE, CREATE_NEW,
     *     TRUNCATE_EXISTING, and {@link WriteMode}s
     */
    public BlockFile open(String volume, String path, OpenOption... options) throws IOException {
        Set<OpenOption> asked = Set.of(options);
        for (OpenOption option : asked) {
            if (!OPEN_OPTIONS.contains(option)) {
                throw new UnsupportedOperationException("open a file with " + option);
            }
        }
        boolean writable = asked.contains(StandardOpenOption.WRITE);
        boolean readable = !writable || asked.contains(StandardOpenOption.READ);
        FileAttributes attributes = writable ? forWriting(volume, path, asked) : null;
        if (attributes == null) {
            attributes = remote.lookup(volume, path);
        }
        if (attributes.kind() == FileKind.DIRECTORY) {
            throw OutlayException.of(Reason.IS_DIRECTORY, path + " is a directory");
        }
        if (writable
                && asked.contains(StandardOpenOption.TRUNCATE_EXISTING)
                && attributes.sizeBytes() > 0) {
            attributes = truncate(volume, path, 0);
        }
        FileAttributes known = attributes;
        VolumeAccess access = access(volume);
        FileIo io =
                files.acquire(
                        new LayoutTable.Key(volume, known.file()),
                        () ->
                                new FileIo(
                                        new FileContext(
                                                volume,
                                                known,
                                                remote,
                                                layouts.of(volume, known.file()),
                                                access,
                                                seams.scheduler(),
                                                this.options.throughServer())));
        return new BlockFile(this, io, readable, writable, asked.contains(WriteMode.ATOMIC));
    }

    /** Makes the file where that is asked for; null if it is to be there already. */
    private @Nullable FileAttributes forWriting(String volume, String path, Set<OpenOption> asked)
            throws OutlayException {
        if (asked.contains(StandardOpenOption.CREATE_NEW)) {
            return create(volume, path, DEFAULT_MODE);
        }
        if (!asked.contains(StandardOpenOption.CREATE)) {
            return null;
        }
        try {
            return create(volume, path, DEFAULT_MODE);
        } catch (OutlayException e) {
            if (!e.is(Reason.ALREADY_EXISTS)) {
                throw e;
            }
            return null;
        }
    }

    /** A handle is closed: commits, and gives the layout back with the last one. */
    void closed(FileIo io) throws IOException {
        LayoutTable.Key key = new LayoutTable.Key(io.volume(), io.file());
        if (files.release(key)) {
            try {
                io.close();
            } finally {
                files.retire(key, () -> layouts.retire(key));
            }
        } else if (!closed.get()) {
            io.commit();
        }
    }

    /** Sends what may not go by layout through {@code by}. */
    void serverWrites(Remote.ServerWrites by) {
        remote.serverWrites(by);
    }

    private VolumeAccess access(String volume) throws OutlayException {
        VolumeAccess known = volumes.get(volume);
        if (known != null) {
            return known;
        }
        VolumeAccess fresh =
                new VolumeAccess(volume, options, seams.devices(), () -> remote.devices(volume));
        VolumeAccess raced = volumes.putIfAbsent(volume, fresh);
        return raced == null ? fresh : raced;
    }

    // ---- layouts by hand, one to one with the protocol

    /**
     * Asks for extents and for the right to use them. Where the file is not open, its recalls are
     * the caller's to answer: see {@link #onRecall}.
     */
    public MappedBlocks mapBlocks(String volume, MapRequest request) throws OutlayException {
        recalls.askingByHand(volume, request.file());
        try {
            return remote.mapBlocks(volume, request);
        } finally {
            recalls.askedByHand(volume, request.file());
        }
    }

    /**
     * Hands recalls of layouts that were mapped by hand to {@code holder}, which ends its I/O and
     * returns the scope by {@link #returnLayout}. They may come again until that is done, and also
     * while a {@link #mapBlocks} is under way, which may have to wait for the return: then what it
     * answers may have been given back with it. It is called on a thread where it may wait.
     */
    public void onRecall(Consumer<ToldRecall> holder) {
        recalls.ofLayoutsByHand(holder);
    }

    /** Turns filled and durable blocks into bytes of the file. */
    public CommittedBlocks commitBlocks(String volume, CommitRequest request)
            throws OutlayException {
        return remote.commitBlocks(volume, request);
    }

    /**
     * Gives grants back. The caller has drained its I/O there; files that are open are not to be
     * returned by hand, their handles do it.
     */
    public List<ReturnedLayout> returnLayout(String volume, ReturnScope scope)
            throws OutlayException {
        return remote.returnLayout(volume, scope);
    }

    /** What the server believes this client to hold on a volume, by rising file id. */
    public List<HeldLayout> listLayouts(String volume) throws OutlayException {
        return remote.listLayouts(volume);
    }

    /** What this client holds on one file, as far as it knows itself. */
    public Optional<HeldLayout> held(String volume, FileId file) {
        return layouts.find(volume, file).flatMap(LayoutCache::held);
    }

    /** The devices of a volume. */
    public VolumeDevices devices(String volume) throws OutlayException {
        return remote.devices(volume);
    }

    // ---- session

    /** Administration over the same connection. */
    public AdminClient admin() {
        if (seams.transport() instanceof GrpcTransport grpc) {
            return new AdminClient(
                    options.server(), grpc.channel(), options.deadlineMillis(), () -> {});
        }
        throw new IllegalStateException("administration needs a connection by gRPC");
    }

    /** What is known of the session now. */
    public SessionInfo session() {
        return new SessionInfo(
                session.known().clientId(),
                Wire.uuid(session.serverId()),
                session.serverIncarnation(),
                session.leaseMillis(),
                session.lease().leftMillis());
    }

    /** The session as it is now; to be saved where another process goes on with it. */
    public SavedSession save() {
        SessionConfig.Known known = session.known();
        return new SavedSession(
                options.owner(),
                known.incarnation(),
                known.clientId(),
                HexFormat.of().formatHex(known.secret().toByteArray()),
                known.nextOperationIds());
    }

    /** Renews the lease, and waits for the answer. */
    public void renew() throws OutlayException {
        session.renew();
    }

    /**
     * Ends the connection but not the session: grants stay until the lease is over, and a later
     * process goes on with what this returns. Open files are not committed.
     */
    public SavedSession detach() {
        if (fenced) {
            throw new IllegalStateException(
                    "the server knows this session by its process: ask for one that outlives it by"
                            + " ClientOptions.outlivingProcess()");
        }
        boolean last = closed.compareAndSet(false, true);
        if (last) {
            files.all().forEach(LayoutClient::settleCommits);
            files.drain();
        }
        SavedSession saved = save();
        if (last) {
            stop();
        }
        return saved;
    }

    /** The next process is not to send what this one has still on its way. */
    private static void settleCommits(FileIo io) {
        try {
            io.settleCommits();
        } catch (OutlayException e) {
            LOG.warn(
                    "event=commit-left-behind volume={} file={} reason=\"{}\"",
                    io.volume(),
                    io.file(),
                    e.getMessage());
        }
    }

    /**
     * Closes open files, then gives everything back and ends the client at the server. Closing
     * twice is allowed.
     */
    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        IOException failure = null;
        // They stay known until they are closed: a recall meanwhile has to find them.
        for (FileIo io : files.all()) {
            failure = closing(io::close, failure);
        }
        files.drain();
        if (session.dead().isEmpty()) {
            failure = closing(this::end, failure);
        }
        stop();
        if (failure != null) {
            throw failure;
        }
    }

    private void end() throws OutlayException {
        try {
            session.await(session.end());
        } catch (OutlayException e) {
            // Repeated after a lost reply it is EXPIRED, and nothing was held any more.
            if (!e.is(Reason.EXPIRED)) {
                throw e;
            }
        }
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    private static @Nullable IOException closing(Step step, @Nullable IOException before) {
        try {
            step.run();
            return before;
        } catch (IOException e) {
            if (before == null) {
                return e;
            }
            before.addSuppressed(e);
            return before;
        }
    }

    private void stop() {
        session.stop();
        volumes.values().forEach(VolumeAccess::close);
        seams.transport().close();
        seams.scheduler().close();
    }
}
