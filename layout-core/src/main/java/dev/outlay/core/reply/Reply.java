package dev.outlay.core.reply;

import dev.outlay.core.notice.Notice.RecallSent;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What a command is answered with. */
public sealed interface Reply {

    /** What can be remembered for a retry, because a client asked for it under an operation id. */
    sealed interface Kept extends Reply {}

    /**
     * Where the bytes belong, and what is granted.
     *
     * @param stateid of the layout after this answer; absent if the client holds nothing on the
     *     file
     * @param granted what of the range the client now holds
     * @param extents sorted, contiguous from the offset asked for
     * @param nextOffset where to ask on; the end of the answer
     */
    record Mapped(
            Optional<Stateid> stateid,
            List<LayoutRange> granted,
            List<Extent> extents,
            long mapEpoch,
            long nextOffset,
            long sizeBytes)
            implements Kept {
        public Mapped {
            granted = List.copyOf(granted);
            extents = List.copyOf(extents);
        }
    }

    /**
     * The bytes are exposed.
     *
     * @param newSize present only if the commit changed the size
     */
    record Committed(OptionalLong newSize, FileAttributes attributes) implements Kept {}

    record Returned(List<ReturnedLayout> layouts) implements Kept {
        public Returned {
            layouts = List.copyOf(layouts);
        }
    }

    /** What was given back on one file; no stateid means that nothing is held there any more. */
    record ReturnedLayout(FileId file, Optional<Stateid> remaining, List<ByteRange> ranges) {
        public ReturnedLayout {
            ranges = List.copyOf(ranges);
        }
    }

    /** A file after a change, and which of the caller's own grants ended with it. */
    record FileChanged(FileAttributes attributes, List<ReturnedLayout> returned) implements Kept {
        public FileChanged {
            returned = List.copyOf(returned);
        }
    }

    record Attributes(FileAttributes attributes) implements Reply {}

    record Entry(String name, FileId file, FileKind kind, long sizeBytes) {}

    /**
     * A part of a directory, by name.
     *
     * @param more whether entries follow the last one here
     */
    record Entries(List<Entry> entries, boolean more) implements Reply {
        public Entries {
            entries = List.copyOf(entries);
        }
    }

    record Extents(List<Extent> extents, long nextOffset, boolean more, FileAttributes attributes)
            implements Reply {
        public Extents {
            extents = List.copyOf(extents);
        }
    }

    record HeldLayout(
            ClientId client, String owner, FileId file, Stateid stateid, List<LayoutRange> ranges) {
        public HeldLayout {
            ranges = List.copyOf(ranges);
        }
    }

    record Layouts(List<HeldLayout> layouts) implements Reply {
        public Layouts {
            layouts = List.copyOf(layouts);
        }
    }

    /**
     * A client that has ended, and what it keeps in quarantine.
     *
     * @param quarantinedBytes outside of files
     * @param atRiskBytes in files, read in place
     * @param ranges the part of both that this answer has room for, by device and offset
     */
    record QuarantinedClient(
            ClientRecord record,
            EndCause ended,
            long quarantinedBytes,
            long atRiskBytes,
            List<QuarantinedRange> ranges) {
        public QuarantinedClient {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * Blocks in quarantine.
     *
     * @param mapped whether they are in a file
     * @param holders how many ended clients keep them here
     */
    record QuarantinedRange(DeviceRange range, boolean mapped, int holders) {}

    /**
     * What is in quarantine.
     *
     * @param more whether ranges follow the last one here
     */
    record Quarantined(List<QuarantinedClient> clients, boolean more) implements Reply {
        public Quarantined {
            clients = List.copyOf(clients);
        }
    }

    /**
     * The end of a client is proven.
     *
     * @param freedBytes free again
     * @param safeBytes in files, and not at risk any more
     */
    record Proven(long freedBytes, long safeBytes) implements Reply {}

    /** The client has ended, and is remembered: grants linger or blocks are in quarantine. */
    record Remembered() implements Reply {}

    /** Open recalls of a client, the oldest first, each as it would be sent now. */
    record Recalls(List<RecallSent> recalls) implements Reply {
        public Recalls {
            recalls = List.copyOf(recalls);
        }
    }

    /** So many clients have been asked. */
    record RecallsBegun(int clients) implements Reply {}

    /**
     * A client under recall makes progress and is given more time.
     *
     * @param pieces seen so far
     */
    record RecallExtended(int pieces) implements Reply {}

    /**
     * The devices, and what the volume asks of its writers.
     *
     * @param retiring the indexes of those that are to leave
     */
    record Devices(VolumeSettings settings, List<VolumeDevice> devices, List<Integer> retiring)
            implements Reply {
        public Devices {
            devices = List.copyOf(devices);
            retiring = List.copyOf(retiring);
        }
    }

    /**
     * How much of a device is in use.
     *
     * @param retiring whether it is to leave the volume
     * @param usedBytes of its slice that are not free, those in quarantine included
     * @param quarantinedBytes in quarantine; they hold a retiring device until they are proven
     */
    record DeviceUse(
            VolumeDevice device, boolean retiring, long usedBytes, long quarantinedBytes) {}

    /**
     * The devices in the order of their indexes.
     *
     * @param nextDevice the least index that no device has had
     * @param leaving devices that have left, and whose labels may still name this server
     */
    record DeviceUses(List<DeviceUse> devices, int nextDevice, List<VolumeDevice> leaving)
            implements Reply {
        public DeviceUses {
            devices = List.copyOf(devices);
            leaving = List.copyOf(leaving);
        }
    }

    /** How far a device is on its way out of the volume. */
    enum Evacuation {
        /** There may be more to do at once, from the next file on. */
        GOES_ON,
        /** What is left is held, in quarantine, or bound by grace. */
        WAITS,
        /** What is left finds no room on the other devices. */
        NO_SPACE,
        /** The volume does not have the device any more. */
        GONE
    }

    /** One step of an evacuation is done; {@code next} is the file to look at in the next one. */
    record Evacuated(Evacuation state, FileId next) implements Reply {}

    /**
     * Bytes in each block state; they sum to {@code total}. {@code atRisk} is a part of {@code
     * mapped}.
     */
    record SpaceUse(
            long total,
            long free,
            long reserved,
            long granted,
            long mapped,
            long pending,
            long quarantined,
            long atRisk) {}

    record VolumeStatus(
            VolumeSettings settings,
            List<VolumeDevice> devices,
            SpaceUse space,
            long files,
            long extents,
            int clients,
            int layouts,
            int waiting,
            int openRecalls,
            boolean inGrace)
            implements Reply {
        public VolumeStatus {
            devices = List.copyOf(devices);
        }
    }

    /** What a check found wrong; empty is clean. */
    record Findings(List<String> findings) implements Reply {
        public Findings {
            findings = List.copyOf(findings);
        }
    }

    /** One restated layout: how it stands now, or why it does not. */
    record ReattachedLayout(
            FileId file,
            Optional<Stateid> stateid,
            List<LayoutRange> ranges,
            Optional<Failure> failure) {
        public ReattachedLayout {
            ranges = List.copyOf(ranges);
        }
    }

    /** All that the client holds in this volume, restated or not. */
    record Reattached(List<ReattachedLayout> layouts) implements Reply {
        public Reattached {
            layouts = List.copyOf(layouts);
        }
    }

    /**
     * Where the bytes of a Read lie: sorted, contiguous from the offset asked for, not past end of
     * file; zeros where an extent has no address.
     *
     * @param work to be reported complete once they have been read; none if all is zeros
     */
    record ReadPlan(OptionalLong work, List<Extent> extents, long sizeBytes) implements Reply {
        public ReadPlan {
            extents = List.copyOf(extents);
        }
    }

    /**
     * The bytes of a Read, fewer than asked for only at end of file.
     *
     * @param atRisk whether some lie where a client that ended without its own word could still
     *     store
     */
    record ReadBytes(ByteBuffer bytes, long sizeBytes, boolean atRisk) implements Reply {
        public ReadBytes {
            bytes = bytes.asReadOnlyBuffer();
        }
    }

    /** Where a Seek ended; no offset if there is nothing to be found before end of file. */
    record Found(OptionalLong offset, long sizeBytes) implements Reply {}

    /** Done, and nothing to tell. */
    record Done() implements Reply {}

    /**
     * Refused, and nothing has changed.
     *
     * @param message what was wrong and where, for a person
     * @param retryAfterMillis when a retry makes sense; 0 if it says nothing
     */
    record Failure(Reason reason, String message, long retryAfterMillis) implements Kept {
        public static Failure of(Reason reason, String message) {
            return new Failure(reason, message, 0);
        }
    }
}
