package dev.outlay.core.command;

import dev.outlay.core.reply.Reply.ReturnedLayout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import dev.outlay.core.value.VolumeDevice;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What is asked of a volume. Offsets and lengths are bytes and come unchecked: deciding checks
 * them. {@code nowMillis} is the server's wall clock, milliseconds since 1970, and only ever
 * becomes a time stamp.
 */
public sealed interface Command {

    /** What a client asks under an operation id; answered once, however often it is sent. */
    sealed interface Mutation extends Command {
        Origin origin();

        long nowMillis();
    }

    /** What changes nothing. */
    sealed interface Query extends Command {}

    /**
     * What the server itself has to say: a client came or went, work was done, a deadline passed.
     */
    sealed interface Internal extends Command {}

    // ---- layouts

    /**
     * Where do these bytes belong? RFC 8881 18.43, and Linux {@code iomap_begin}.
     *
     * @param minLength the answer covers at least this much from {@code offset}, or is an error; 0
     *     never waits
     * @param stateid of the layout the client holds on this file already, if it knows
     * @param freshId becomes the layout's id if this is the client's first grant on the file
     * @param waitMillis how long a conflict may be waited for
     */
    record MapBlocks(
            Origin origin,
            long nowMillis,
            FileId file,
            long offset,
            long length,
            long minLength,
            IoMode iomode,
            Optional<Stateid> stateid,
            MapFlags flags,
            int maxExtents,
            LayoutId freshId,
            long waitMillis)
            implements Mutation {}

    /**
     * Options of {@link MapBlocks}: no allocation of holes; blocks aligned to 2 MiB; the range will
     * be handed out as a mapping; the overwrite goes to fresh blocks, which replace the committed
     * ones all at once.
     */
    record MapFlags(boolean noAllocate, boolean alignHuge, boolean mapped, boolean atomic) {
        public static final MapFlags NONE = new MapFlags(false, false, false);

        public MapFlags(boolean noAllocate, boolean alignHuge, boolean mapped) {
            this(noAllocate, alignHuge, mapped, false);
        }
    }

    /**
     * These bytes are filled and durable: expose them. RFC 8881 18.42, and Linux {@code iomap_end}.
     *
     * @param reclaim under a grant that the journal knows, though the client may not have restated
     *     it since the server started
     */
    record CommitBlocks(
            Origin origin,
            long nowMillis,
            FileId file,
            Stateid stateid,
            List<CommitRange> ranges,
            List<DeviceIncarnation> devices,
            long mapEpoch,
            Durability durability,
            OptionalLong lastWriteOffset,
            OptionalLong mtimeMillis,
            boolean reclaim)
            implements Mutation {

        public CommitBlocks {
            ranges = List.copyOf(ranges);
            devices = List.copyOf(devices);
        }

        /** A commit by a client that has restated what it holds. */
        public CommitBlocks(
                Origin origin,
                long nowMillis,
                FileId file,
                Stateid stateid,
                List<CommitRange> ranges,
                List<DeviceIncarnation> devices,
                long mapEpoch,
                Durability durability,
                OptionalLong lastWriteOffset,
                OptionalLong mtimeMillis) {
            this(
                    origin,
                    nowMillis,
                    file,
                    stateid,
                    ranges,
                    devices,
                    mapEpoch,
                    durability,
                    lastWriteOffset,
                    mtimeMillis,
                    false);
        }
    }

    /** One range of a commit: {@code length} bytes of the file and where on the device they lie. */
    record CommitRange(long fileOffset, long length, int device, long deviceOffset) {}

    /** The incarnation a client read from the label of a device. */
    record DeviceIncarnation(int device, long incarnation) {}

    /** Given back. RFC 8881 18.44. */
    record ReturnLayout(Origin origin, long nowMillis, ReturnScope scope) implements Mutation {}

    /** What a {@link ReturnLayout} gives back. */
    sealed interface ReturnScope {
        /** Ranges of one file; the stateid is checked if it is given and something is held. */
        record Ranges(FileId file, Optional<Stateid> stateid, List<ByteRange> ranges)
                implements ReturnScope {
            public Ranges {
                ranges = List.copyOf(ranges);
            }
        }

        record WholeFile(FileId file, Optional<Stateid> stateid) implements ReturnScope {}

        record WholeDevice(int device) implements ReturnScope {}

        record Everything() implements ReturnScope {}
    }

    // ---- files and space

    record CreateFile(
            Origin origin,
            long nowMillis,
            FileId parent,
            String name,
            FileKind kind,
            int mode,
            String owner,
            boolean concurrent)
            implements Mutation {

        /** A file whose writers and readers exclude each other. */
        public CreateFile(
                Origin origin,
                long nowMillis,
                FileId parent,
                String name,
                FileKind kind,
                int mode,
                String owner) {
            this(origin, nowMillis, parent, name, kind, mode, owner, false);
        }
    }

    record SetAttributes(
            Origin origin,
            long nowMillis,
            FileId file,
            OptionalInt mode,
            Optional<String> owner,
            OptionalLong modifiedMillis,
            OptionalLong accessedMillis)
            implements Mutation {}

    record Rename(
            Origin origin,
            long nowMillis,
            FileId parent,
            String name,
            FileId newParent,
            String newName)
            implements Mutation {}

    record Remove(Origin origin, long nowMillis, FileId parent, String name) implements Mutation {}

    /** Shrink or extend to {@code newSize} bytes. */
    record Truncate(Origin origin, long nowMillis, FileId file, long newSize) implements Mutation {}

    /** Blocks that stay, unwritten, for every hole of the range; the size does not change. */
    record Allocate(Origin origin, long nowMillis, FileId file, long offset, long length)
            implements Mutation {}

    /** Punch a hole: whole blocks are freed, the edges become zeros; the size does not change. */
    record Deallocate(Origin origin, long nowMillis, FileId file, long offset, long length)
            implements Mutation {}

    /**
     * Bytes through the server, for a client that does not reach the device. They go to fresh
     * blocks, and are the file's once those are durable.
     */
    record Write(
            Origin origin,
            long nowMillis,
            FileId file,
            long offset,
            ByteBuffer bytes,
            OptionalLong mtimeMillis)
            implements Mutation {
        public Write {
            bytes = bytes.asReadOnlyBuffer();
        }
    }

    /**
     * Where bytes are to be read for a client that does not reach the device. It changes nothing,
     * but may have to wait for others, and holds blocks where they are until {@link CompleteWork}.
     */
    record Read(Origin origin, long nowMillis, FileId file, long offset, int length)
            implements Mutation {}

    /**
     * The committed blocks of a range of {@code source} become {@code destination}'s too, shared
     * until one of the two is written. Whole blocks, but for the last one of the source.
     *
     * @param length bytes; 0 is all to the end of the source
     * @param seals whether the destination is read-only from then on
     */
    record Clone(
            Origin origin,
            long nowMillis,
            FileId source,
            long offset,
            long length,
            FileId destination,
            long destinationOffset,
            boolean seals)
            implements Mutation {}

    /** A clone of all of {@code source} under a new name, whose bytes never change again. */
    record Snapshot(Origin origin, long nowMillis, FileId source, FileId parent, String name)
            implements Mutation {}

    // ---- queries

    /** The next committed byte from {@code offset} on, or (not {@code data}) the next other one. */
    record Seek(FileId file, long offset, boolean data) implements Query {}

    /** Resolve {@code path}, names separated by {@code /}, from {@code start}. */
    record Lookup(FileId start, String path) implements Query {}

    record GetAttributes(FileId file) implements Query {}

    /** Entries of a directory in the order of their names, those after {@code afterName}. */
    record ListDirectory(FileId directory, String afterName, int max) implements Query {}

    /**
     * The extents of a file from {@code offset}, holes included, for people to look at: it grants
     * nothing.
     */
    record ListExtents(FileId file, long offset, int max) implements Query {}

    /** What {@code client} holds, or what everybody holds. */
    record ListLayouts(Optional<ClientId> client) implements Query {}

    /**
     * What is in quarantine, by client, those of {@code client} or of all.
     *
     * @param after where the last answer ended
     * @param max ranges in the answer; 0 for as many as one answer holds
     */
    record ListQuarantine(Optional<ClientId> client, Optional<QuarantineCursor> after, int max)
            implements Query {}

    /** The last range of an answer: clients by id, ranges by device and offset. */
    record QuarantineCursor(ClientId client, int device, long offset) {}

    /** What {@code client} has been asked to give back and has not. */
    record ListRecalls(ClientId client) implements Query {}

    record ListDevices() implements Query {}

    /** What is in use of each device, and which of them leave. */
    record ListDeviceUse() implements Query {}

    record ShowVolume() implements Query {}

    /** Walk everything and report what does not agree. */
    record CheckVolume() implements Query {}

    // ---- internal

    /** The client is about to use this volume. */
    record JoinClient(ClientRecord client) implements Internal {}

    /** The client has ended, by its own word or not. */
    record EndClient(ClientId client, EndCause cause) implements Internal {}

    /**
     * The client's lease and its longest I/O have run out: what it holds is courtesy from now on.
     */
    record LapseClient(ClientId client) implements Internal {}

    /** The client has renewed after all; refused if any of its state is gone. */
    record ReviveClient(ClientId client) implements Internal {}

    /**
     * It is certain that this client, which has ended, stores and reads no more: what is in
     * quarantine because of it alone is free, and it is forgotten.
     */
    record ProveClient(ClientId client, Proof proof) implements Internal {}

    /**
     * End {@code client} whole, then decide {@code next}, which something it held stood in the way
     * of.
     */
    record EndClientThen(ClientId client, EndCause cause, Command next) implements Internal {}

    /** After a broken connection or a restart the client says what it holds. */
    record ReattachClient(ClientId client, long answeredThrough, List<RestatedLayout> layouts)
            implements Internal {
        public ReattachClient {
            layouts = List.copyOf(layouts);
        }
    }

    /** A layout as the client remembers it. */
    record RestatedLayout(FileId file, Stateid stateid, List<LayoutRange> ranges) {
        public RestatedLayout {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * The last step of an operation whose facts have been applied: answer with the file as it is
     * now.
     *
     * @param newSize of a commit, if it changed the size
     */
    record AnswerWithFile(
            Origin origin,
            FileId file,
            boolean committed,
            OptionalLong newSize,
            List<ReturnedLayout> returned)
            implements Internal {
        public AnswerWithFile {
            returned = List.copyOf(returned);
        }
    }

    /** Work on a device that a durable intent asked for is done, and durable. */
    record CompleteWork(long work, long nowMillis) implements Internal {}

    /** Sent once after a restart, before anything else, when clients are remembered. */
    record BeginGrace() implements Internal {}

    /** Every remembered client has come back, or its time is over. */
    record EndGrace() implements Internal {}

    /** Let removed files go that nobody holds any more. */
    record ReapRemoved() implements Internal {}

    record AddDevice(VolumeDevice device) implements Internal {}

    /** The device is to leave the volume, once nothing lies on it any more. */
    record RetireDevice(int device) implements Internal {}

    /**
     * Takes one bounded step towards an empty device, or lets an empty one go.
     *
     * @param from the file to look at first
     */
    record EvacuateDevice(int device, FileId from) implements Internal {}

    /** The label of a device that has left the volume does not name this server any more. */
    record ReleaseDevice(int device) implements Internal {}

    // ---- recalls and waits

    /**
     * Ask holders to give back, on the word of an operator or because the server needs it.
     *
     * @param client the one that is asked; everybody who holds any of it if absent
     * @param changed neither stores nor commits by layout any more
     */
    record RecallLayouts(RecallScope scope, Optional<ClientId> client, boolean changed)
            implements Internal {}

    /** The client knows of the recall. */
    record AcknowledgeRecall(ClientId client, long recall) implements Internal {}

    /**
     * The time given to answer a recall is over.
     *
     * @param pieces returns of parts that had been seen when the time began
     * @param extensions how often a client that makes progress may still be given more
     */
    record RecallDue(ClientId client, long recall, int pieces, int extensions)
            implements Internal {}

    /** The time that a request was willing to wait is over. */
    record EndWait(long ticket) implements Internal {}

    /** The client's connection is gone: what it waits for is not answered any more. */
    record CancelWaits(ClientId client) implements Internal {}
}
