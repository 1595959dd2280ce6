package dev.outlay.core.exhaustive;

import dev.outlay.core.command.Command.RestatedLayout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The process of a client on one host, and what it believes. */
final class ClientProcess {

    enum Status {
        RUNNING,
        STOPPED,
        DEAD
    }

    /**
     * How it holds a block.
     *
     * @param block where it lies on the device, or -1 if it was not told
     * @param filled what it has stored there, by line; null before its first store
     */
    @SuppressWarnings("ArrayRecordComponent") // never changed, compared by content in Key
    record View(boolean isWriter, long block, long epoch, int @Nullable [] filled) {}

    /** Where a block of the file lay when it was told last. */
    record Known(long block, long epoch) {}

    /** What its predecessor on the host held when it ended. */
    @SuppressWarnings("ArrayRecordComponent")
    record Former(long client, @Nullable Stateid stateid, @Nullable View[] views) {}

    final int host;
    long client;
    Status status = Status.RUNNING;
    boolean attached = true;

    /** Its lease is over by its own clock; what it reads from now on it discards. */
    boolean leaseOver;

    /** It has noticed, and stores no more. */
    boolean suspended;

    final @Nullable View[] views = new View[Expected.BLOCKS];
    final @Nullable Known[] known = new Known[Expected.BLOCKS];
    @Nullable Stateid stateid;
    @Nullable Former former;
    private long nextOperation = 1;

    ClientProcess(int host, long client) {
        this.host = host;
        this.client = client;
    }

    ClientProcess copy() {
        ClientProcess copy = new ClientProcess(host, client);
        copy.status = status;
        copy.attached = attached;
        copy.leaseOver = leaseOver;
        copy.suspended = suspended;
        System.arraycopy(views, 0, copy.views, 0, views.length);
        System.arraycopy(known, 0, copy.known, 0, known.length);
        copy.stateid = stateid;
        copy.former = former;
        copy.nextOperation = nextOperation;
        return copy;
    }

    ClientId id() {
        return new ClientId(client);
    }

    ClientRecord record() {
        return new ClientRecord(id(), "p", World.NAMES[host], client, 0, 0, 1000, 100);
    }

    boolean isRunning() {
        return status == Status.RUNNING;
    }

    Origin nextOrigin() {
        long operation = nextOperation++;
        return new Origin(id(), operation, 0);
    }

    /** Whether it may still store into this block of the device. */
    boolean mayStoreTo(long block) {
        return status != Status.DEAD && !suspended && holds(block, true);
    }

    private boolean holds(long block, boolean asWriter) {
        for (View view : views) {
            if (view != null && view.block == block && (view.isWriter || !asWriter)) {
                return true;
            }
        }
        return false;
    }

    /** Whether bytes that it reads of this block of the file count. */
    boolean mayRead(int block) {
        return status != Status.DEAD && !leaseOver && views[block] != null;
    }

    void drop(int from, int end) {
        for (int block = from; block < end; block++) {
            views[block] = null;
        }
    }

    /** Another process begins in its place. */
    void restart(long newClient) {
        former = new Former(client, stateid, views.clone());
        client = newClient;
        status = Status.RUNNING;
        attached = true;
        leaseOver = false;
        suspended = false;
        drop(0, views.length);
        stateid = null;
        nextOperation = 1;
    }

    List<RestatedLayout> restated(FileId file) {
        List<LayoutRange> ranges = new ArrayList<>();
        for (int block = 0; block < views.length; block++) {
            View view = views[block];
            if (view != null) {
                ranges.add(
                        new LayoutRange(
                                World.range(block), view.isWriter ? GrantKind.RW : GrantKind.READ));
            }
        }
        Stateid last = stateid;
        return ranges.isEmpty() || last == null
                ? List.of()
                : List.of(new RestatedLayout(file, last, ranges));
    }

    /** The ranges of {@code held} that are RW cover this block. */
    static boolean isWriterOf(List<LayoutRange> held, int block) {
        ByteRange range = World.range(block);
        return held.stream().anyMatch(r -> r.kind().isWriter() && r.range().contains(range));
    }
}
