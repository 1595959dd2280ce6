package dev.outlay.core.fact;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Interest;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.core.value.Waiter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What has happened to a volume. Applying facts in order is the only way its state changes, and it
 * never refuses. Facts that are not durable concern plain READ grants, leases and grace; they end
 * with the server process and are rebuilt by re-attach.
 */
public sealed interface Fact {

    /** Whether the fact is journaled before anybody hears of it. */
    default boolean isDurable() {
        return true;
    }

    // ---- volume

    record VolumeCreated(VolumeSettings settings) implements Fact {}

    record DeviceAdded(VolumeDevice device) implements Fact {}

    /** None of its blocks is handed out from now on: the device is to leave the volume. */
    record DeviceRetiring(int device) implements Fact {}

    /**
     * Nothing lies on the device any more, and it is gone from the table; its label still tells.
     */
    record DeviceRetired(int device) implements Fact {}

    /** The label of a retired device does not name this server any more. */
    record DeviceReleased(int device) implements Fact {}

    // ---- clients

    record ClientJoined(ClientRecord client) implements Fact {}

    /**
     * The client has ended. Its layouts have been ended by facts before this one, but for plain
     * READ grants that linger until its lease is over. It stays remembered while quarantined blocks
     * name it.
     */
    record ClientEnded(ClientId client, EndCause cause) implements Fact {}

    /** Nothing names the client any more. */
    record ClientForgotten(ClientId client) implements Fact {}

    /**
     * It is proven that the client stores and reads no more: blocks outside of files that were in
     * quarantine because of it alone are free.
     */
    record ClientProven(ClientId client, Proof proof) implements Fact {}

    /** The client's lease is over, or (with {@code lapsed} false) renewed after all. */
    record LeaseLapsed(ClientId client, boolean lapsed) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    record GraceChanged(boolean inGrace) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    /** The client has come back after a restart and restated what it holds. */
    record ClientReattached(ClientId client, long answeredThrough) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    // ---- names and attributes

    record FileCreated(
            FileId file,
            FileId parent,
            String name,
            FileKind kind,
            int mode,
            String owner,
            long nowMillis)
            implements Fact {}

    record FileRenamed(FileId file, FileId newParent, String newName, long nowMillis)
            implements Fact {}

    /** The name is gone; the inode stays, removing, until its blocks can go. */
    record FileUnlinked(FileId file, long nowMillis) implements Fact {}

    /** The inode is gone: it has no blocks and no layouts. */
    record FileForgotten(FileId file) implements Fact {}

    /** Size, times, mode and owner as they are from now on; the change counter rises by one. */
    record AttributesSet(
            FileId file,
            long sizeBytes,
            int mode,
            String owner,
            long modifiedMillis,
            long changedMillis,
            long accessedMillis)
            implements Fact {}

    // ---- blocks; each raises the file's map epoch by one

    /**
     * Free blocks become unwritten extents of the file. {@code by} is 0 where no client holds them.
     */
    record ExtentsAllocated(FileId file, List<Extent> extents, long by) implements Fact {
        public ExtentsAllocated {
            extents = List.copyOf(extents);
        }
    }

    /** Mapped blocks change state or flags. */
    record ExtentsConverted(
            FileId file, List<ByteRange> ranges, ExtentState state, int flags, long by)
            implements Fact {
        public ExtentsConverted {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * Every mapped block of the range leaves the file and is free; those at risk go to quarantine
     * instead.
     */
    record ExtentsFreed(FileId file, ByteRange range, long by) implements Fact {}

    /**
     * What was allocated for a grant in the range and never committed leaves the file and is free;
     * those at risk go to quarantine instead. Says in one range what may be a million extents.
     */
    record UncommittedFreed(FileId file, ByteRange range, long by) implements Fact {}

    /**
     * Every mapped block of the ranges leaves the file and is quarantined: {@code holder} may still
     * store into it.
     */
    record ExtentsQuarantined(FileId file, List<ByteRange> ranges, ClientId holder)
            implements Fact {
        public ExtentsQuarantined {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * Committed blocks that {@code holder} could still overwrite or read: they stay in the file, at
     * risk.
     */
    record ExtentsAtRisk(FileId file, List<ByteRange> ranges, ClientId holder) implements Fact {
        public ExtentsAtRisk {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * It is proven that {@code holder} will not touch these committed blocks any more: they are not
     * at risk, unless another ended client may still touch them.
     */
    record ExtentsProven(FileId file, List<ByteRange> ranges, ClientId holder) implements Fact {
        public ExtentsProven {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * The server has written these blocks: they take the place of whatever was mapped in their
     * ranges, which leaves the file as in {@link ExtentsFreed}.
     */
    record ExtentsReplaced(FileId file, List<Extent> extents, long by) implements Fact {
        public ExtentsReplaced {
            extents = List.copyOf(extents);
        }
    }

    // ---- copy-on-write; each raises the epoch of the file it changes by one

    /** What copy-on-write and clones do to blocks, and the flags that go with them. */
    sealed interface Copying extends Fact {}

    /** Free blocks wait beside the map, to replace what is mapped at the same offsets. */
    record CopiesAllocated(FileId file, List<Extent> extents, long by) implements Copying {
        public CopiesAllocated {
            extents = List.copyOf(extents);
        }
    }

    /** Blocks that waited beside the map are free. */
    record CopiesFreed(FileId file, List<ByteRange> ranges) implements Copying {
        public CopiesFreed {
            ranges = List.copyOf(ranges);
        }
    }

    /** Blocks that waited beside the map are quarantined: {@code holder} may still store there. */
    record CopiesQuarantined(FileId file, List<ByteRange> ranges, ClientId holder)
            implements Copying {
        public CopiesQuarantined {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * The blocks beside the map replace what is mapped, and are written; the map lets go of those
     * they replace.
     */
    record ExtentsSwapped(FileId file, List<ByteRange> ranges, long by) implements Copying {
        public ExtentsSwapped {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * Committed blocks that {@code holder} may still read, and that nobody may store into: they
     * stay in their maps, are never written in place and go to quarantine when the last map lets
     * go.
     */
    record ExtentsRetained(FileId file, List<ByteRange> ranges, ClientId holder)
            implements Copying {
        public ExtentsRetained {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * The committed blocks of a range of {@code source} are mapped by {@code destination} too, from
     * {@code offset}; what it had there leaves it, and what the source has not committed is a hole.
     */
    record ExtentsCloned(FileId source, ByteRange range, FileId destination, long offset, long by)
            implements Copying {}

    /** The file has exactly these flags of {@link dev.outlay.core.value.FileAttributes}. */
    record FlagsSet(FileId file, int flags) implements Copying {}

    // ---- layouts

    /**
     * The client holds these ranges from now on; what it held there as READ and now holds as RW is
     * RW.
     */
    record LayoutGranted(
            ClientId client, FileId file, LayoutId layout, int seqid, List<LayoutRange> ranges)
            implements Fact {
        public LayoutGranted {
            ranges = List.copyOf(ranges);
        }

        @Override
        public boolean isDurable() {
            for (LayoutRange range : ranges) {
                if (range.kind().isDurable()) {
                    return true;
                }
            }
            return false;
        }
    }

    /**
     * The client holds nothing of these ranges any more. With nothing left the layout is gone.
     *
     * @param durable whether anything durable was held there
     */
    record LayoutReturned(
            ClientId client, FileId file, int seqid, List<ByteRange> ranges, boolean durable)
            implements Fact {
        public LayoutReturned {
            ranges = List.copyOf(ranges);
        }

        @Override
        public boolean isDurable() {
            return durable;
        }
    }

    /** The client has used this seqid; older ones are old from now on. */
    record SeqidSeen(ClientId client, FileId file, int seqid) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    // ---- recalls and waits

    /**
     * The client is asked to give back the scope of the recall; one with the same id is widened by
     * it.
     *
     * @param seqid of the layout from now on, for a scope of ranges; 0 if there is no layout
     */
    record RecallBegan(Recall recall, int seqid) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    record RecallAcknowledged(ClientId client, long recall) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    /** The deadline of the recall has passed: the client's lease is not renewed any more. */
    record RecallOverdue(ClientId client, long recall) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    /** The client has returned the whole scope at once. */
    record RecallEnded(ClientId client, long recall) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    record WaitBegan(Waiter waiter) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    /** What a request waits for is something else by now; its place is the same. */
    record WaitMoved(Waiter waiter) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    record WaitEnded(long ticket) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    /** The client was answered TRY_LATER and would like to hear when these bytes are released. */
    record InterestNoted(Interest interest) implements Fact {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    // ---- answers

    /** The answer is kept for a retry; those up to {@code answeredThrough} are forgotten. */
    record Answered(
            ClientId client,
            long operationId,
            long answeredThrough,
            Reply.Kept reply,
            boolean durable)
            implements Fact {
        @Override
        public boolean isDurable() {
            return durable;
        }
    }

    // ---- device work

    /**
     * Work on a device is to be done. A durable intent is done again after a restart, until it is
     * reported complete; one that is not ends with the server, and then nothing has happened.
     */
    record WorkIntended(Work work) implements Fact {
        @Override
        public boolean isDurable() {
            return work.durable();
        }
    }

    record WorkCompleted(long work, boolean durable) implements Fact {
        @Override
        public boolean isDurable() {
            return durable;
        }
    }

    /**
     * Something that the server does on devices for a file. Either zeros inside the file, in place:
     * the durable intent comes first. Or something on blocks that nobody can see: the device comes
     * first, then one record of what follows.
     *
     * @param blocked no grant, read or commit touches this range until completion
     * @param durable whether it is done again after a restart
     * @param tasks in the order in which they are done; none if whoever asked reads the device
     *     himself, which only keeps blocks from leaving the range
     * @param fresh extents on blocks that are reserved until completion, in order: written ones,
     *     which take the place of what was there, or those of a grant
     * @param then what the completion goes on with
     */
    record Work(
            long id,
            FileId file,
            ByteRange blocked,
            boolean durable,
            List<Task> tasks,
            List<Extent> fresh,
            Continuation then) {

        /** Ids from here on are of work that is not durable. */
        public static final long FIRST_VOLATILE = 1L << 62;

        public Work {
            tasks = List.copyOf(tasks);
            fresh = List.copyOf(fresh);
            if (durable
                    && !(fresh.isEmpty() && tasks.stream().allMatch(Task.Zero.class::isInstance))) {
                throw new IllegalArgumentException(
                        "only zeros can be written again after a restart");
            }
            if (durable == (id >= FIRST_VOLATILE)) {
                throw new IllegalArgumentException("work " + id + " has the id of another kind");
            }
        }

        /** Zeros in place, durably intended. */
        public Work(
                long id,
                FileId file,
                ByteRange blocked,
                List<DeviceRange> zero,
                Continuation then) {
            this(
                    id,
                    file,
                    blocked,
                    true,
                    zero.stream().<Task>map(Task.Zero::new).toList(),
                    List.of(),
                    then);
        }

        /** Where zeros are written. */
        public List<DeviceRange> zero() {
            return tasks.stream()
                    .filter(Task.Zero.class::isInstance)
                    .map(task -> ((Task.Zero) task).range())
                    .toList();
        }

        /** What it bars of another file: the source of a clone that waits for it. */
        public Optional<Work> elsewhere() {
            return then instanceof Continuation.Clone clone && !clone.source().equals(file)
                    ? Optional.of(
                            new Work(
                                    id,
                                    clone.source(),
                                    clone.range(),
                                    durable,
                                    tasks,
                                    List.of(),
                                    new Continuation.Nothing()))
                    : Optional.empty();
        }

        /** Whether it only keeps blocks where they are while somebody reads them. */
        public boolean isReading() {
            return tasks.isEmpty();
        }
    }

    /** One step of device work; ranges need not be whole blocks. */
    sealed interface Task {
        record Zero(DeviceRange range) implements Task {}

        /** As many bytes from one place to another. */
        record Copy(DeviceRange from, DeviceRange to) implements Task {}

        /** Bytes that a client sent with its Write, from {@code fromByte} of them on. */
        record Fill(DeviceRange range, int fromByte) implements Task {}
    }

    /** What completes once the device has it; an origin is who waits for it. */
    sealed interface Continuation {
        /** Nothing follows but that fresh extents take their place. */
        record Nothing() implements Continuation {}

        record Resize(Origin origin, long newSize, Reply.Returned returned)
                implements Continuation {}

        record Punch(Origin origin, ByteRange range, Reply.Returned returned)
                implements Continuation {}

        /**
         * A MapBlocks for RW on a volume that hands out zeros: the fresh and the kept blocks of the
         * range hold them. Never journaled.
         */
        record Grant(Command.MapBlocks ask) implements Continuation {}

        /** A Write of {@code range}, in bytes, that a client sent; never journaled. */
        record Wrote(
                Origin origin, ByteRange range, OptionalLong mtimeMillis, Reply.Returned returned)
                implements Continuation {}

        /**
         * A clone whose source, or destination, ends in a block that has to be zeroed first.
         *
         * @param range of the source, in bytes
         * @param seals whether the destination is read-only from then on
         */
        record Clone(
                Origin origin,
                FileId source,
                ByteRange range,
                long offset,
                boolean seals,
                Reply.Returned returned)
                implements Continuation {}
    }
}
