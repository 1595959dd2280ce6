package dev.outlay.core.state;

import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.space.ExtentMap;
import dev.outlay.core.space.ResidentPages;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One inode: attributes, extents, layouts; for a directory, names. Only {@link VolumeTables}
 * changes it.
 */
public final class FileNode {

    final FileId id;
    final FileKind kind;
    final long createdMillis;
    FileId parent;
    String name;
    boolean removing;
    long sizeBytes;
    long changeCounter;
    long mapEpoch;
    int mode;
    String owner;
    long modifiedMillis;
    long changedMillis;
    long accessedMillis;
    int flags;
    final ExtentMap extents;
    final ExtentMap fresh = new ExtentMap();
    final ChangeLog changes = new ChangeLog();
    final NavigableMap<ClientId, Layout> layouts = new TreeMap<>();
    final NavigableMap<Long, Work> works = new TreeMap<>();
    final NavigableMap<String, FileId> children = new TreeMap<>();

    /**
     * @param resident what of its extents is in memory; null: all
     */
    FileNode(
            FileId id,
            FileKind kind,
            FileId parent,
            String name,
            int mode,
            String owner,
            long nowMillis,
            @Nullable ResidentPages resident) {
        this.id = id;
        this.extents = new ExtentMap(id.value(), resident);
        this.kind = kind;
        this.parent = parent;
        this.name = name;
        this.mode = mode;
        this.owner = owner;
        this.createdMillis = nowMillis;
        this.modifiedMillis = nowMillis;
        this.changedMillis = nowMillis;
        this.accessedMillis = nowMillis;
        this.changeCounter = 1;
    }

    public FileId id() {
        return id;
    }

    public FileKind kind() {
        return kind;
    }

    public boolean isDirectory() {
        return kind == FileKind.DIRECTORY;
    }

    /** Whether the name is gone and only layouts or blocks are left. */
    public boolean isRemoving() {
        return removing;
    }

    public FileId parent() {
        return parent;
    }

    public String name() {
        return name;
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    public long modifiedMillis() {
        return modifiedMillis;
    }

    public long changedMillis() {
        return changedMillis;
    }

    public long accessedMillis() {
        return accessedMillis;
    }

    public int mode() {
        return mode;
    }

    public String owner() {
        return owner;
    }

    public long mapEpoch() {
        return mapEpoch;
    }

    public ExtentMap extents() {
        return extents;
    }

    /** Blocks of a range that were allocated for a grant and never committed. */
    public List<Extent> uncommitted(ByteRange range) {
        return extents.mapped(range).stream()
                .filter(e -> e.state() == ExtentState.UNWRITTEN && !e.has(Extent.KEPT))
                .toList();
    }

    /**
     * Blocks that replace those of {@link #extents} at commit, by the same offsets: unwritten, each
     * under the grant of the one client that fills it.
     */
    public ExtentMap fresh() {
        return fresh;
    }

    /** Readers and writers may share what is committed and this file's alone. */
    public boolean isConcurrent() {
        return (flags & FileAttributes.CONCURRENT) != 0;
    }

    /** A snapshot: its bytes never change again. */
    public boolean isReadOnly() {
        return (flags & FileAttributes.READ_ONLY) != 0;
    }

    public ChangeLog changes() {
        return changes;
    }

    /** Entries of a directory, by name. */
    public NavigableMap<String, FileId> children() {
        return children;
    }

    public @Nullable Layout layoutOf(ClientId client) {
        return layouts.get(client);
    }

    public Collection<Layout> layouts() {
        return layouts.values();
    }

    /**
     * As {@link #workOn}, but for work that only keeps blocks in their place while they are read:
     * that bars neither readers nor grants.
     */
    public @Nullable Work changeOf(ByteRange range) {
        if (works.isEmpty()) {
            return null;
        }
        return works.values().stream()
                .filter(w -> !w.isReading() && w.blocked().overlaps(range))
                .findFirst()
                .orElse(null);
    }

    /** As {@link #changeOf}, but the one that begins first in the file; null if there is none. */
    public @Nullable Work firstChange(ByteRange range) {
        if (works.isEmpty()) {
            return null;
        }
        return works.values().stream()
                .filter(w -> !w.isReading() && w.blocked().overlaps(range))
                .min(Comparator.comparingLong(w -> w.blocked().start()))
                .orElse(null);
    }

    /** Whether other device work changes bytes that {@code work} bars. */
    public boolean isChangedBesides(Work work) {
        return works.values().stream()
                .anyMatch(
                        w ->
                                w.id() != work.id()
                                        && !w.isReading()
                                        && w.blocked().overlaps(work.blocked()));
    }

    /**
     * Device work that bars {@code range} until it is complete, the oldest first; null if there is
     * none.
     */
    public @Nullable Work workOn(ByteRange range) {
        if (works.isEmpty()) {
            return null;
        }
        return works.values().stream()
                .filter(w -> w.blocked().overlaps(range))
                .findFirst()
                .orElse(null);
    }

    /** How much device work bars a part of it. */
    public int works() {
        return works.size();
    }

    public FileAttributes attributes() {
        return new FileAttributes(
                id,
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
                extents.mappedBytes(),
                removing ? Optional.empty() : Optional.of(parent),
                name,
                flags);
    }
}
