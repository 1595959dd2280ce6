package dev.outlay.core.op;

import dev.outlay.core.command.Command.AnswerWithFile;
import dev.outlay.core.command.Command.CommitBlocks;
import dev.outlay.core.command.Command.CommitRange;
import dev.outlay.core.command.Command.DeviceIncarnation;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.op.CopyOnWrite.Piece;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * CommitBlocks: these bytes are filled and durable, expose them. The one place that turns unwritten
 * into written.
 *
 * <p>Each range is held against what this client was granted for RW, and its device address against
 * the map: a client that lists blocks it was never given, or that it got wrong, exposes nothing.
 * All ranges, size and times change in one record or not at all.
 *
 * <p>Source: RFC 8881 18.42, RFC 5663 2.3; {@code xfs_fs_commit_blocks} and {@code iomap_end} in
 * Linux.
 */
final class CommitBlocksOp {

    private CommitBlocksOp() {}

    static Decision decide(VolumeTables tables, CommitBlocks ask) {
        checkShape(tables, ask);
        FileNode file = fileOrRemoving(tables, ask);
        ClientId caller = ask.origin().client();
        Layout layout = file.layoutOf(caller);
        checkStateid(layout, ask);
        if (layout == null) {
            throw new IllegalStateException("a checked stateid has a layout");
        }
        checkDevices(tables, ask);
        OptionalLong work = workOn(file, ask.ranges());
        if (work.isPresent() && !file.isRemoving()) {
            return Decision.awaitWork(List.of(), work.getAsLong());
        }
        List<ByteRange> toSwap = new ArrayList<>();
        List<ByteRange> toConvert = new ArrayList<>();
        for (CommitRange range : ask.ranges()) {
            checkGrant(file, layout, range, ask);
            for (Piece piece : named(tables, file, range)) {
                if (piece.copy() != null) {
                    toSwap.add(piece.range());
                } else if (piece.main().state() == ExtentState.UNWRITTEN) {
                    toConvert.add(piece.range());
                }
            }
        }
        if (!toSwap.isEmpty() && !file.isRemoving()) {
            Decision wait = clearForSwap(tables, file, ask, toSwap);
            if (wait != null) {
                return wait;
            }
        }
        List<Fact> facts = new ArrayList<>(4);
        if (!ask.reclaim()) {
            facts.add(new Fact.SeqidSeen(caller, file.id(), ask.stateid().seqid()));
        }
        if (file.isRemoving()) {
            // Dropped, but answered for good: a retry after a crash finds other attributes.
            return Decision.then(
                    facts,
                    new AnswerWithFile(
                            ask.origin(), file.id(), true, OptionalLong.empty(), List.of()));
        }
        if (!toSwap.isEmpty()) {
            facts.add(new Fact.ExtentsSwapped(file.id(), toSwap, caller.value()));
        }
        if (!toConvert.isEmpty()) {
            facts.add(
                    new Fact.ExtentsConverted(
                            file.id(), toConvert, ExtentState.WRITTEN, 0, caller.value()));
        }
        long size = Math.max(file.sizeBytes(), ask.lastWriteOffset().orElse(-1) + 1);
        long modified = ask.mtimeMillis().orElse(ask.nowMillis());
        facts.add(FileChanges.resized(file, size, modified, ask.nowMillis()));
        OptionalLong newSize =
                size == file.sizeBytes() ? OptionalLong.empty() : OptionalLong.of(size);
        long epoch = file.mapEpoch() + (toSwap.isEmpty() ? 0 : 1) + (toConvert.isEmpty() ? 0 : 1);
        return Decision.then(
                        facts,
                        new AnswerWithFile(ask.origin(), file.id(), true, newSize, List.of()))
                .with(Invalidation.of(file, caller, ask.ranges(), epoch));
    }

    /**
     * Readers of what is about to be replaced give it back first: they have seen the old bytes and
     * none of them sees a mix.
     */
    private static @Nullable Decision clearForSwap(
            VolumeTables tables, FileNode file, CommitBlocks ask, List<ByteRange> toSwap) {
        if (toSwap.size() > tables.limits().commitRanges()) {
            throw new Refusal(
                    Reason.TOO_LARGE,
                    toSwap.size()
                            + " extents are more than one commit may replace, "
                            + tables.limits().commitRanges());
        }
        Decision revoke = Grants.clearForSwap(tables, file, ask, toSwap);
        if (revoke == null) {
            Grants.refuseInGrace(tables, "replacing committed blocks");
        }
        return revoke;
    }

    /** A reclaim is held against what the journal knows: the client may have a newer seqid. */
    private static void checkStateid(@Nullable Layout layout, CommitBlocks ask) {
        if (!ask.reclaim()) {
            Checks.stateid(layout, ask.stateid(), false);
        } else if (layout == null || !layout.id().equals(ask.stateid().id())) {
            throw new Refusal(
                    Reason.RECLAIM_BAD,
                    "the journal knows of no layout of this client on file "
                            + ask.file()
                            + " with the id "
                            + ask.stateid().id());
        } else if (ask.stateid().seqid() == 0) {
            throw new Refusal(Reason.BAD_STATEID, "a seqid is never 0");
        }
    }

    /**
     * A commit on a file that is being removed is accepted and dropped, so that a recalled client
     * can finish.
     */
    private static FileNode fileOrRemoving(VolumeTables tables, CommitBlocks ask) {
        FileNode file = tables.file(ask.file());
        return file != null && file.isRemoving() ? file : Checks.file(tables, ask.file());
    }

    /** Bytes under device work are in no commit until it is complete. */
    private static OptionalLong workOn(FileNode file, List<CommitRange> ranges) {
        if (file.works() == 0) {
            return OptionalLong.empty();
        }
        return ranges.stream()
                .map(r -> file.workOn(ByteRange.ofLength(r.fileOffset(), r.length())))
                .filter(Objects::nonNull)
                .mapToLong(Fact.Work::id)
                .findFirst();
    }

    private static void checkShape(VolumeTables tables, CommitBlocks ask) {
        if (ask.ranges().isEmpty()) {
            throw new Refusal(Reason.INVALID_ARGUMENT, "a commit names at least one range");
        }
        if (ask.ranges().size() > tables.limits().commitRanges()) {
            throw new Refusal(
                    Reason.TOO_LARGE,
                    ask.ranges().size()
                            + " ranges are more than one commit may name, "
                            + tables.limits().commitRanges());
        }
        long end = 0;
        for (CommitRange range : ask.ranges()) {
            ByteRange bytes = Checks.blocks(tables, range.fileOffset(), range.length());
            if (bytes.start() < end) {
                throw new Refusal(
                        Reason.INVALID_ARGUMENT,
                        "ranges must be sorted and disjoint: " + bytes + " begins before " + end);
            }
            end = bytes.end();
        }
        if (!ask.durability().atLeast(tables.settings().leastDurability())) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "durability "
                            + ask.durability()
                            + " is less than this volume accepts, "
                            + tables.settings().leastDurability());
        }
        if (ask.lastWriteOffset().isPresent()) {
            checkLastWrite(ask.ranges(), ask.lastWriteOffset().getAsLong());
        }
    }

    private static void checkLastWrite(List<CommitRange> ranges, long offset) {
        for (CommitRange range : ranges) {
            if (ByteRange.ofLength(range.fileOffset(), range.length()).contains(offset)) {
                return;
            }
        }
        throw new Refusal(
                Reason.INVALID_ARGUMENT,
                "last_write_offset " + offset + " lies in none of the ranges");
    }

    private static void checkDevices(VolumeTables tables, CommitBlocks ask) {
        for (CommitRange range : ask.ranges()) {
            VolumeDevice device = tables.device(range.device());
            if (device == null) {
                throw new Refusal(Reason.BAD_LAYOUT, "this volume has no device " + range.device());
            }
            DeviceIncarnation seen = named(ask.devices(), range.device());
            if (seen == null) {
                throw new Refusal(
                        Reason.INVALID_ARGUMENT,
                        "the commit names device "
                                + range.device()
                                + " without the incarnation read from its label");
            }
            if (seen.incarnation() != device.incarnation()) {
                throw new Refusal(
                        Reason.DEVICE_MISMATCH,
                        "device "
                                + range.device()
                                + " ("
                                + device.uuid()
                                + ") is at incarnation "
                                + device.incarnation()
                                + ", the client read "
                                + seen.incarnation());
            }
        }
    }

    private static @Nullable DeviceIncarnation named(List<DeviceIncarnation> devices, int index) {
        for (DeviceIncarnation device : devices) {
            if (device.device() == index) {
                return device;
            }
        }
        return null;
    }

    private static void checkGrant(
            FileNode file, Layout layout, CommitRange range, CommitBlocks ask) {
        long epoch = ask.mapEpoch();
        ByteRange bytes = ByteRange.ofLength(range.fileOffset(), range.length());
        if (!layout.covers(bytes, GrantKind.RW_ATOMIC)) {
            List<LayoutRange> held = layout.within(bytes);
            boolean readOnly = layout.covers(bytes, GrantKind.READ);
            throw new Refusal(
                    ask.reclaim()
                            ? Reason.RECLAIM_BAD
                            : readOnly ? Reason.BAD_IOMODE : Reason.BAD_LAYOUT,
                    "bytes "
                            + bytes
                            + " are not all granted to this client for RW; it holds "
                            + (held.isEmpty() ? "nothing there" : held.getFirst())
                            + (held.size() > 1 ? " and " + (held.size() - 1) + " more" : ""));
        }
        if (epoch < layout.grantedSince(bytes) && file.changes().changedAfter(bytes, epoch)) {
            throw new Refusal(
                    Reason.STALE_MAP,
                    "bytes "
                            + bytes
                            + " were changed after map epoch "
                            + epoch
                            + " and before they were granted to this client; the epoch is "
                            + file.mapEpoch()
                            + " now");
        }
    }

    /** The pieces of the file that a range names, each by the address its holder stores to. */
    private static List<Piece> named(VolumeTables tables, FileNode file, CommitRange range) {
        ByteRange bytes = ByteRange.ofLength(range.fileOffset(), range.length());
        List<Piece> pieces = CopyOnWrite.pieces(tables, file, bytes, false);
        long expected = range.deviceOffset();
        for (Piece piece : pieces) {
            Extent copy = piece.copy();
            if (copy == null ? piece.lacks() : liesAt(piece.main(), range.device(), expected)) {
                throw new Refusal(
                        Reason.BAD_LAYOUT,
                        "bytes "
                                + piece.range()
                                + (piece.main().isHole()
                                        ? " have no blocks"
                                        : " are not written in place; commit the fresh blocks that"
                                                + " were granted with them"));
            }
            if (!liesAt(copy == null ? piece.main() : copy, range.device(), expected)) {
                throw new Refusal(
                        Reason.BAD_LAYOUT,
                        "bytes "
                                + piece.range()
                                + " do not lie at "
                                + expected
                                + " of device "
                                + range.device());
            }
            expected += piece.range().length();
        }
        return pieces;
    }

    private static boolean liesAt(Extent extent, int device, long offset) {
        return extent.hasAddress() && extent.device() == device && extent.deviceOffset() == offset;
    }
}
