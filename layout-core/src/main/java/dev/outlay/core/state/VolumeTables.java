package dev.outlay.core.state;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.core.space.FreeSpace;
import dev.outlay.core.space.ResidentPages;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything a volume knows, and {@link #apply}, the only method that changes any of it. Operations
 * read the tables and answer with facts; a fact that does not fit is a broken invariant and throws
 * {@link IllegalStateException}, which stops the volume.
 *
 * <p>One thread owns it.
 */
public final class VolumeTables {

    final Limits limits;
    final NavigableMap<Integer, VolumeDevice> devices = new TreeMap<>();
    final TreeSet<Integer> retiring = new TreeSet<>();
    final NavigableMap<Integer, VolumeDevice> leaving = new TreeMap<>();
    final @Nullable ResidentPages resident;
    final NavigableMap<FileId, FileNode> files = new TreeMap<>();
    final NavigableMap<ClientId, ClientEntry> clients = new TreeMap<>();
    final NavigableMap<Long, Work> works = new TreeMap<>();
    final ChangedRows changed = new ChangedRows();
    final Quarantine quarantine = new Quarantine(changed.quarantine);
    final WaitingRoom waiting = new WaitingRoom();
    final SharedBlocks shared = new SharedBlocks(changed.shared);
    @Nullable VolumeSettings settings;
    @Nullable FreeSpace free;
    SpaceLedger ledger = new SpaceLedger();
    long nextFile = FileId.ROOT.value() + 1;
    long nextWork = 1;
    int nextDevice;
    private final TreeSet<ClientId> recalled = new TreeSet<>();
    private long nextRecall = 1;
    private long freeBytesBefore;
    private long nextVolatileWork = Work.FIRST_VOLATILE;
    private long extents;
    private int layouts;
    private boolean inGrace;

    /** The files and the client asked for last: most often the next ones too. */
    private @Nullable FileNode lastFile;

    private @Nullable ClientEntry lastClient;

    /** All extents of which are in memory. */
    public VolumeTables(Limits limits) {
        this(limits, null);
    }

    /**
     * @param resident what of the extents of its files is in memory; null: all
     */
    VolumeTables(Limits limits, @Nullable ResidentPages resident) {
        this.limits = limits;
        this.resident = resident;
    }

    // ---- what operations read

    public Limits limits() {
        return limits;
    }

    /** Whether the first fact of a volume has been applied. */
    public boolean isCreated() {
        return settings != null;
    }

    public VolumeSettings settings() {
        return Objects.requireNonNull(settings, "the volume has not been created");
    }

    public int blockSize() {
        return settings().blockSize();
    }

    public FreeSpace free() {
        return Objects.requireNonNull(free, "the volume has not been created");
    }

    public Collection<VolumeDevice> devices() {
        return devices.values();
    }

    public @Nullable VolumeDevice device(int index) {
        return devices.get(index);
    }

    /** Whether the device is to leave the volume: what lies on it moves elsewhere. */
    public boolean isRetiring(int device) {
        return retiring.contains(device);
    }

    /** Devices that are to leave the volume. */
    public List<Integer> retiring() {
        return List.copyOf(retiring);
    }

    /** Devices that have left the volume, and whose labels may still name this server. */
    public Collection<VolumeDevice> leaving() {
        return leaving.values();
    }

    /** The least index that no device has had. */
    public int nextDevice() {
        return nextDevice;
    }

    /** Files from {@code first} on, in order of their numbers. */
    public Collection<FileNode> filesFrom(FileId first) {
        return files.tailMap(first, true).values();
    }

    public @Nullable FileNode file(FileId id) {
        FileNode last = lastFile;
        if (last == null || last.id.value() != id.value()) {
            last = files.get(id);
            lastFile = last;
        }
        return last;
    }

    public Collection<FileNode> files() {
        return files.values();
    }

    /** Whether the inode existed once: its number has been given out. */
    public boolean wasCreated(FileId id) {
        return id.value() < nextFile;
    }

    public FileId nextFile() {
        return new FileId(nextFile);
    }

    public @Nullable ClientEntry client(ClientId id) {
        ClientEntry last = lastClient;
        if (last == null || last.record.id().value() != id.value()) {
            last = clients.get(id);
            lastClient = last;
        }
        return last;
    }

    public Collection<ClientEntry> clients() {
        return clients.values();
    }

    /** Work on devices that is intended and not yet complete, the oldest first. */
    public Collection<Work> works() {
        return works.values();
    }

    /** The id of the next durable intent. */
    public long nextWork() {
        return nextWork;
    }

    /** The id of the next work that ends with the server. */
    public long nextVolatileWork() {
        return nextVolatileWork;
    }

    public Quarantine quarantine() {
        return quarantine;
    }

    /** Requests that wait for others to give something back. */
    public WaitingRoom waiting() {
        return waiting;
    }

    /** Clients that have been asked to give something back and have not. */
    public List<ClientEntry> recalled() {
        if (recalled.isEmpty()) {
            return List.of();
        }
        return recalled.stream().map(this::need).toList();
    }

    /** How many recalls are open. */
    public int openRecalls() {
        if (recalled.isEmpty()) {
            return 0;
        }
        return recalled().stream().mapToInt(client -> client.recalls().size()).sum();
    }

    public long nextRecall() {
        return nextRecall;
    }

    /** Which blocks are in more than one map. */
    public SharedBlocks shared() {
        return shared;
    }

    /** Extents of all files, counted as they change. */
    public long extents() {
        return extents;
    }

    /** Layouts on all files, counted as they come and go. */
    public int layouts() {
        return layouts;
    }

    public boolean isInGrace() {
        return inGrace;
    }

    public SpaceUse spaceUse() {
        long total = 0;
        for (VolumeDevice device : devices.values()) {
            total += device.lengthBytes();
        }
        return ledger.use(total, free().freeBytes() + free().withdrawnBytes());
    }

    /** Bytes of committed blocks that a client which has ended could still overwrite. */
    public long atRiskBytes() {
        return ledger.atRisk();
    }

    /** Whether some committed blocks may have to move before they are granted or read. */
    public boolean anyHasToMove() {
        return !retiring.isEmpty() || !quarantine.isEmpty();
    }

    // ---- what changes them

    /** Whose turn may have come since this was asked last. */
    public WaitingRoom.Ready takeReady() {
        if (free != null && free.freeBytes() > freeBytesBefore) {
            waiting.spaceChanged();
        }
        freeBytesBefore = free == null ? 0 : free.freeBytes();
        return waiting.takeReady();
    }

    /** What of the extents of files is in memory; null: all. */
    public @Nullable ResidentPages resident() {
        return resident;
    }

    /** As {@link dev.outlay.core.VolumeState#noteChanges}. */
    public void noteChanges() {
        changed.begin();
    }

    public int changes() {
        return changed.facts();
    }

    public List<Row> takeRows() {
        return StateRows.take(this);
    }

    public List<Row> takeAllRows() {
        return StateRows.takeAll(this);
    }

    /** Applies one fact. */
    public void apply(Fact fact) {
        changed.note(this, fact);
        switch (fact) {
            case Fact.VolumeCreated f -> create(f.settings());
            case Fact.DeviceAdded f -> addDevice(f.device());
            case Fact.DeviceRetiring f -> {
                free().withdraw(f.device());
                retiring.add(f.device());
            }
            case Fact.DeviceRetired f -> {
                free().removeDevice(f.device());
                retiring.remove(f.device());
                leaving.put(f.device(), Objects.requireNonNull(devices.remove(f.device())));
            }
            case Fact.DeviceReleased f -> leaving.remove(f.device());
            case Fact.ClientJoined f -> {
                ClientEntry entry = new ClientEntry(f.client());
                entry.reattached = true;
                clients.put(f.client().id(), entry);
                lastClient = null;
            }
            case Fact.ClientEnded f -> endClient(f);
            case Fact.ClientForgotten f -> {
                clients.remove(f.client());
                lastClient = null;
            }
            case Fact.ClientProven f -> BlockFacts.releaseQuarantine(this, f.client());
            case Fact.LeaseLapsed f -> {
                need(f.client()).lapsed = f.lapsed();
                releaseHeldBy(f.client());
                // What came back in pieces bars others until the whole recall is answered.
                need(f.client()).recalls.values().forEach(this::releaseAskedFor);
            }
            case Fact.GraceChanged f -> changeGrace(f.inGrace());
            case Fact.ClientReattached f -> {
                ClientEntry entry = need(f.client());
                entry.reattached = true;
                entry.lapsed = false;
                entry.acknowledge(f.answeredThrough());
            }
            case Fact.FileCreated f -> createFile(f);
            case Fact.FileRenamed f -> rename(f);
            case Fact.FileUnlinked f -> unlink(f);
            case Fact.FileForgotten f -> forget(f.file());
            case Fact.AttributesSet f -> setAttributes(f);
            case Fact.ExtentsAllocated f -> counting(f.file(), () -> BlockFacts.allocate(this, f));
            case Fact.ExtentsConverted f -> counting(f.file(), () -> BlockFacts.convert(this, f));
            case Fact.ExtentsFreed f -> counting(f.file(), () -> BlockFacts.free(this, f));
            case Fact.UncommittedFreed f -> counting(f.file(), () -> BlockFacts.free(this, f));
            case Fact.ExtentsQuarantined f ->
                    counting(f.file(), () -> BlockFacts.quarantine(this, f));
            case Fact.ExtentsReplaced f -> counting(f.file(), () -> BlockFacts.replace(this, f));
            case Fact.ExtentsAtRisk f -> counting(f.file(), () -> BlockFacts.putAtRisk(this, f));
            case Fact.ExtentsProven f -> counting(f.file(), () -> BlockFacts.prove(this, f));
            case Fact.Copying f -> CopyFacts.apply(this, f);
            case Fact.LayoutGranted f -> counting(f.file(), () -> grant(f));
            case Fact.LayoutReturned f -> counting(f.file(), () -> release(f));
            case Fact.SeqidSeen f -> {
                Layout layout = need(f.file()).layouts.get(f.client());
                if (layout != null) {
                    layout.seen(f.seqid());
                }
            }
            case Fact.Answered f -> {
                ClientEntry entry = client(f.client());
                if (entry != null && entry.ended == null) {
                    entry.keep(f.operationId(), f.answeredThrough(), f.reply(), f.durable());
                }
                waiting.answered(f.client(), f.operationId(), f.answeredThrough());
            }
            case Fact.RecallBegan f -> beginRecall(f);
            case Fact.RecallAcknowledged f ->
                    need(f.client())
                            .recalls
                            .computeIfPresent(
                                    f.recall(), (id, recall) -> recall.withAcknowledged());
            case Fact.RecallOverdue f -> {
                need(f.client())
                        .recalls
                        .computeIfPresent(f.recall(), (id, recall) -> recall.withOverdue());
                waiting.spaceChanged();
            }
            case Fact.RecallEnded f -> endRecall(need(f.client()).recalls.remove(f.recall()));
            case Fact.WaitBegan f -> waiting.begin(f.waiter());
            case Fact.WaitMoved f -> waiting.move(f.waiter());
            case Fact.WaitEnded f -> waiting.end(f.ticket());
            case Fact.InterestNoted f -> waiting.note(f.interest());
            case Fact.WorkIntended f -> intend(f.work());
            case Fact.WorkCompleted f -> complete(f.work());
        }
    }

    private void intend(Work work) {
        register(work);
        if (work.durable()) {
            nextWork = Math.max(nextWork, work.id() + 1);
        } else {
            nextVolatileWork = Math.max(nextVolatileWork, work.id() + 1);
        }
        work.fresh().forEach(extent -> BlockFacts.reserve(this, extent));
    }

    private void complete(long id) {
        Work work = works.remove(id);
        if (work == null) {
            throw new IllegalStateException("work " + id + " was never intended");
        }
        need(work.file()).works.remove(id);
        work.elsewhere().ifPresent(w -> need(w.file()).works.remove(w.id()));
        work.fresh().forEach(extent -> BlockFacts.unreserve(this, extent));
    }

    /** Device work blocks its file, and the source of a clone that waits for it. */
    void register(Work work) {
        works.put(work.id(), work);
        need(work.file()).works.put(work.id(), work);
        work.elsewhere().ifPresent(w -> need(w.file()).works.put(w.id(), w));
    }

    void counting(FileId id, Runnable change) {
        FileNode node = need(id);
        count(node, -1);
        change.run();
        count(node, 1);
    }

    /** Counts what a file has in ({@code sign} 1) or out (-1). */
    void count(FileNode node, int sign) {
        extents += sign * (long) node.extents.extents();
        layouts += sign * node.layouts.size();
    }

    private void create(VolumeSettings created) {
        settings = created;
        free = freeSpace(created);
        FileNode root =
                new FileNode(
                        FileId.ROOT,
                        FileKind.DIRECTORY,
                        FileId.ROOT,
                        "",
                        0755,
                        "",
                        created.createdMillis(),
                        resident);
        files.put(FileId.ROOT, root);
    }

    /** The free space of a volume without devices. */
    static FreeSpace freeSpace(VolumeSettings settings) {
        return new FreeSpace(
                settings.blockSize(), settings.placement() == VolumeSettings.Placement.STRIPED);
    }

    private void addDevice(VolumeDevice device) {
        devices.put(device.index(), device);
        nextDevice = Math.max(nextDevice, device.index() + 1);
        free().addDevice(device.range());
    }

    private void endClient(Fact.ClientEnded f) {
        ClientEntry entry = need(f.client());
        entry.ended = f.cause();
        entry.durableAnswers.clear();
        entry.volatileAnswers.clear();
        List<Recall> recalls = List.copyOf(entry.recalls.values());
        entry.recalls.clear();
        recalls.forEach(this::endRecall);
        waiting.forget(f.client());
        releaseHeldBy(f.client());
    }

    private void beginRecall(Fact.RecallBegan f) {
        Recall recall = f.recall();
        need(recall.client()).recalls.put(recall.id(), recall);
        recalled.add(recall.client());
        nextRecall = Math.max(nextRecall, recall.id() + 1);
        if (recall.scope() instanceof RecallScope.Ranges scope && f.seqid() != 0) {
            Layout layout = need(scope.file()).layouts.get(recall.client());
            if (layout != null) {
                layout.advance(f.seqid(), false);
            }
        }
    }

    private void endRecall(@Nullable Recall recall) {
        waiting.spaceChanged();
        if (recall != null && need(recall.client()).recalls.isEmpty()) {
            recalled.remove(recall.client());
        }
        if (recall != null) {
            releaseAskedFor(recall);
        }
    }

    /** What a recall asks for may be taken now, by those who wait for it. */
    private void releaseAskedFor(Recall recall) {
        if (recall.scope() instanceof RecallScope.Ranges scope) {
            scope.ranges().forEach(range -> waiting.released(scope.file(), range));
        }
    }

    /** What a client holds may be taken now, by those who wait for it. */
    private void releaseHeldBy(ClientId client) {
        for (FileId id : need(client).files) {
            Layout layout = need(id).layouts.get(client);
            if (layout != null) {
                layout.ranges().forEach(held -> waiting.released(id, held.range()));
            }
        }
    }

    private void changeGrace(boolean begins) {
        inGrace = begins;
        if (begins) {
            clients.values().forEach(c -> c.reattached = false);
        }
    }

    private void createFile(Fact.FileCreated f) {
        FileNode node =
                new FileNode(
                        f.file(),
                        f.kind(),
                        f.parent(),
                        f.name(),
                        f.mode(),
                        f.owner(),
                        f.nowMillis(),
                        resident);
        files.put(f.file(), node);
        nextFile = Math.max(nextFile, f.file().value() + 1);
        touchDirectory(f.parent(), f.nowMillis()).children.put(f.name(), f.file());
    }

    private void rename(Fact.FileRenamed f) {
        FileNode node = need(f.file());
        touchDirectory(node.parent, f.nowMillis()).children.remove(node.name);
        node.parent = f.newParent();
        node.name = f.newName();
        node.changeCounter++;
        node.changedMillis = Math.max(node.changedMillis, f.nowMillis());
        FileId before =
                touchDirectory(f.newParent(), f.nowMillis()).children.put(f.newName(), f.file());
        if (before != null) {
            throw new IllegalStateException("file " + before + " is still named " + f.newName());
        }
    }

    private void unlink(Fact.FileUnlinked f) {
        FileNode node = need(f.file());
        touchDirectory(node.parent, f.nowMillis()).children.remove(node.name);
        BlockFacts.unlink(this, node);
        node.changeCounter++;
        node.changedMillis = Math.max(node.changedMillis, f.nowMillis());
        waiting.released(node.id, ByteRange.from(0));
    }

    private void forget(FileId id) {
        FileNode node = need(id);
        if (!node.extents.isEmpty()
                || !node.fresh.isEmpty()
                || !node.layouts.isEmpty()
                || !node.children.isEmpty()) {
            throw new IllegalStateException("file " + id + " still holds blocks, layouts or names");
        }
        node.extents.leaveMemory();
        files.remove(id);
        lastFile = null;
    }

    private FileNode touchDirectory(FileId id, long nowMillis) {
        FileNode directory = need(id);
        directory.changeCounter++;
        directory.modifiedMillis = Math.max(directory.modifiedMillis, nowMillis);
        directory.changedMillis = Math.max(directory.changedMillis, nowMillis);
        return directory;
    }

    private void setAttributes(Fact.AttributesSet f) {
        FileNode node = need(f.file());
        node.sizeBytes = f.sizeBytes();
        node.mode = f.mode();
        node.owner = f.owner();
        node.modifiedMillis = f.modifiedMillis();
        node.changedMillis = f.changedMillis();
        node.accessedMillis = f.accessedMillis();
        node.changeCounter++;
    }

    private void grant(Fact.LayoutGranted f) {
        FileNode node = need(f.file());
        Layout layout = node.layouts.get(f.client());
        if (layout == null) {
            layout = new Layout(f.client(), f.layout());
            node.layouts.put(f.client(), layout);
            need(f.client()).files.add(f.file());
        }
        for (LayoutRange range : f.ranges()) {
            layout.grant(range, node.mapEpoch);
        }
        layout.advance(f.seqid(), f.isDurable());
    }

    private void release(Fact.LayoutReturned f) {
        FileNode node = need(f.file());
        Layout layout = node.layouts.get(f.client());
        if (layout == null) {
            throw new IllegalStateException(
                    "client " + f.client() + " holds nothing on file " + f.file());
        }
        layout.release(f.ranges(), node.mapEpoch, f.durable());
        f.ranges().forEach(range -> waiting.released(f.file(), range));
        countPiece(f);
        layout.advance(f.seqid(), f.durable());
        if (layout.isEmpty()) {
            node.layouts.remove(f.client());
            need(f.client()).files.remove(f.file());
        }
    }

    /** A part of what a client was asked for has come back: it is at work. */
    private void countPiece(Fact.LayoutReturned f) {
        need(f.client())
                .recallOf(f.file())
                .ifPresent(recall -> need(f.client()).recalls.put(recall.id(), recall.withPiece()));
    }

    FileNode need(FileId id) {
        FileNode node = file(id);
        if (node == null) {
            throw new IllegalStateException("there is no file " + id);
        }
        return node;
    }

    private ClientEntry need(ClientId id) {
        ClientEntry entry = client(id);
        if (entry == null) {
            throw new IllegalStateException("there is no client " + id);
        }
        return entry;
    }

    /** Whether the client has ended and only waits for the end of its lease or for a proof. */
    public boolean isEnded(ClientId id) {
        ClientEntry entry = clients.get(id);
        return entry == null || entry.ended != null;
    }

    /** Whether nobody remembered may still come back to something it held before the restart. */
    public boolean isEverybodyBackAfterRestart() {
        return clients.values().stream().allMatch(c -> c.ended == EndCause.EXPIRED);
    }

    /**
     * Whether every client that may still come back has done so: grace has nothing left to wait
     * for.
     */
    public boolean isEverybodyBack() {
        return clients.values().stream()
                .allMatch(c -> c.ended == EndCause.EXPIRED || (c.ended == null && c.reattached));
    }
}
