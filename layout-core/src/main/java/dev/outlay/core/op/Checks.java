package dev.outlay.core.op;

import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What many operations check first; each method returns what was asked for or refuses. */
final class Checks {

    private Checks() {}

    /** The client, if it may act: known, not ended, and back after a restart. */
    static ClientEntry liveClient(VolumeTables tables, Origin origin) {
        ClientEntry client = tables.client(origin.client());
        if (client == null) {
            throw new Refusal(
                    Reason.EXPIRED,
                    "client "
                            + origin.client()
                            + " is not known to this volume: its lease has ended");
        }
        EndCause ended = client.ended().orElse(null);
        if (ended != null) {
            throw new Refusal(
                    Reason.FENCED,
                    "client "
                            + origin.client()
                            + " was revoked ("
                            + switch (ended) {
                                case OWN_WORD -> "it said it had ended";
                                case SUPERSEDED ->
                                        "another process started under the same owner name";
                                case EXPIRED -> "its lease ran out";
                                case REVOKED -> "by an operator";
                            }
                            + ")");
        }
        if (tables.isInGrace() && !client.isReattached()) {
            throw new Refusal(
                    Reason.NO_SESSION, "the server has restarted: re-attach before anything else");
        }
        return client;
    }

    /**
     * The client of a reclaim commit: it need not be back, its grant is in the journal. One that
     * the volume has forgotten comes too late.
     */
    static ClientEntry reclaimingClient(VolumeTables tables, Origin origin) {
        ClientEntry client = tables.client(origin.client());
        if (client == null) {
            throw new Refusal(
                    Reason.NO_GRACE,
                    "client "
                            + origin.client()
                            + " is not known to this volume: the time to reclaim is over");
        }
        return client.ended().isPresent() ? liveClient(tables, origin) : client;
    }

    static FileNode file(VolumeTables tables, FileId id) {
        FileNode node = node(tables, id);
        if (node.isDirectory()) {
            throw new Refusal(
                    Reason.IS_DIRECTORY, "inode " + id + " is a directory, it has no bytes");
        }
        return node;
    }

    static FileNode directory(VolumeTables tables, FileId id) {
        FileNode node = node(tables, id);
        if (!node.isDirectory()) {
            throw new Refusal(Reason.NOT_DIRECTORY, "inode " + id + " is a file, not a directory");
        }
        return node;
    }

    static FileNode node(VolumeTables tables, FileId id) {
        FileNode node = tables.file(id);
        if (node == null && !tables.wasCreated(id)) {
            throw new Refusal(
                    Reason.NOT_FOUND, "there has never been an inode " + id + " in this volume");
        }
        if (node == null || node.isRemoving()) {
            throw new Refusal(Reason.STALE_FILE, "file " + id + " has been removed");
        }
        return node;
    }

    /** Refuses what would change the bytes of a snapshot. */
    static void writable(FileNode file) {
        if (file.isReadOnly()) {
            throw new Refusal(
                    Reason.PERMISSION_DENIED,
                    "file " + file.id() + " is a snapshot: its bytes do not change any more");
        }
    }

    /** An entry of a directory. */
    static FileNode child(VolumeTables tables, FileNode directory, String name) {
        FileId id = directory.children().get(name);
        if (id == null) {
            throw new Refusal(
                    Reason.NOT_FOUND, "there is no '" + name + "' in directory " + directory.id());
        }
        return node(tables, id);
    }

    static void name(VolumeTables tables, String name) {
        if (name.isEmpty() || name.equals(".") || name.equals("..")) {
            throw new Refusal(Reason.INVALID_ARGUMENT, "'" + name + "' is not a file name");
        }
        if (name.indexOf('/') >= 0 || name.indexOf('\0') >= 0) {
            throw new Refusal(Reason.INVALID_ARGUMENT, "a file name holds no '/' and no NUL");
        }
        text("file name", name, tables.limits().nameBytes());
    }

    static void mode(int mode) {
        if (mode < 0 || mode > 07777) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "mode " + Integer.toOctalString(mode) + " is not within 0..7777 (octal)");
        }
    }

    static void text(String what, String text, int maxBytes) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT, "the " + what + " has half a surrogate pair in it");
        }
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > maxBytes) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "the " + what + " has " + bytes + " bytes, more than " + maxBytes);
        }
    }

    /** A range of bytes of a file, from what came over the wire. */
    static ByteRange range(VolumeTables tables, long offset, long length) {
        if (!ByteRange.isValid(offset, length)) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    length
                            + " bytes at "
                            + offset
                            + " are not a range: offsets are not negative, lengths at least 1");
        }
        if (offset + length > tables.limits().fileBytes()) {
            throw new Refusal(
                    Reason.TOO_LARGE,
                    "byte "
                            + (offset + length)
                            + " lies past the largest file, "
                            + tables.limits().fileBytes()
                            + " bytes");
        }
        return ByteRange.ofLength(offset, length);
    }

    /** As {@link #range}, in whole blocks. */
    static ByteRange blocks(VolumeTables tables, long offset, long length) {
        ByteRange range = range(tables, offset, length);
        if (!range.isAligned(tables.blockSize())) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "offset "
                            + offset
                            + " and length "
                            + length
                            + " must be multiples of the block size, "
                            + tables.blockSize());
        }
        return range;
    }

    /** Compares a stateid that a client sent with the layout it holds, if it holds one. */
    static void stateid(@Nullable Layout layout, Stateid sent, boolean recencyMatters) {
        if (layout == null || !layout.id().equals(sent.id())) {
            throw new Refusal(
                    Reason.BAD_STATEID,
                    "no layout of this client on this file has the id " + sent.id());
        }
        if (sent.seqid() == 0 || Stateid.isAfter(sent.seqid(), layout.stateid().seqid())) {
            throw new Refusal(
                    Reason.BAD_STATEID,
                    "seqid "
                            + Integer.toUnsignedString(sent.seqid())
                            + " was never issued; the newest is "
                            + Integer.toUnsignedString(layout.stateid().seqid()));
        }
        if (recencyMatters
                && layout.seenSeqid() != 0
                && Stateid.isAfter(layout.seenSeqid(), sent.seqid())) {
            throw new Refusal(
                    Reason.OLD_STATEID,
                    "seqid "
                            + Integer.toUnsignedString(sent.seqid())
                            + " is older than "
                            + Integer.toUnsignedString(layout.seenSeqid())
                            + ", which this client has used already");
        }
    }
}
