package dev.outlay.server.checkpoint;

import dev.outlay.core.state.KeyRange;
import dev.outlay.core.state.Row;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Rows in memory that behave as badly as a {@link CheckpointStore} may, by a seed: a crash, or a
 * store that is closed after a failure, keeps of what was not flushed any first part.
 */
public final class FaultyCheckpoints implements CheckpointStore.Place {

    /** Something the disk is asked to do, which may fail, or at which the machine may stop. */
    @FunctionalInterface
    public interface Disk {
        void change() throws IOException;
    }

    private final RandomGenerator random;
    private final Disk disk;
    private Kept durable = new Kept(0, rows());
    private List<Kept> unflushed = new ArrayList<>();
    private @Nullable Store open;
    private boolean replaced;
    private boolean asked;

    /** The rows as of a position. */
    private record Kept(long position, NavigableMap<byte[], byte[]> rows) {}

    public FaultyCheckpoints(RandomGenerator random, Disk disk) {
        this.random = random;
        this.disk = disk;
    }

    /** On a disk that works. */
    public FaultyCheckpoints(RandomGenerator random) {
        this(random, () -> {});
    }

    private static NavigableMap<byte[], byte[]> rows() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    /**
     * The process, or the machine, stops; what was not flushed is kept in part.
     *
     * @return whether anything was lost
     */
    public boolean restart() {
        boolean lost = !unflushed.isEmpty();
        int kept = unflushed.isEmpty() ? 0 : random.nextInt(unflushed.size() + 1);
        if (kept > 0) {
            durable = unflushed.get(kept - 1);
            lost = kept < unflushed.size();
        }
        unflushed = new ArrayList<>();
        open = null;
        return lost;
    }

    /** Whether all rows were written anew since this was asked last. */
    public boolean wasReplaced() {
        boolean was = replaced;
        replaced = false;
        return was;
    }

    /** Whether a single row was asked for since this was asked last. */
    public boolean wasAsked() {
        boolean was = asked;
        asked = false;
        return was;
    }

    /** Another place, with what is flushed here. */
    public FaultyCheckpoints copyOfWhatIsFlushed(RandomGenerator dice) {
        FaultyCheckpoints copy = new FaultyCheckpoints(dice);
        copy.durable = durable;
        return copy;
    }

    /** The position that a crash now would leave at least. */
    public long durablePosition() {
        return durable.position;
    }

    /** The position that was written last. */
    public long position() {
        return unflushed.isEmpty() ? durable.position : unflushed.getLast().position;
    }

    /** Damages what is durable: it cannot be read from now on. */
    public void damage() {
        durable = new Kept(-1, rows());
    }

    @Override
    public CheckpointStore open() throws IOException {
        if (open != null) {
            throw new IllegalStateException("the store is open already");
        }
        if (durable.position < 0) {
            throw new CheckpointDamagedException("the checkpoint in memory is damaged");
        }
        Store opened = new Store();
        open = opened;
        return opened;
    }

    @Override
    public CheckpointStore inspect() throws IOException {
        return open();
    }

    @Override
    public CheckpointStore openToRead() throws IOException {
        return open();
    }

    @Override
    public void discard() {
        durable = new Kept(0, rows());
        unflushed.clear();
    }

    private final class Store implements CheckpointStore {

        private Kept now = durable;
        private boolean failed;

        @Override
        public long position() {
            return now.position;
        }

        @Override
        public void read(KeyRange range, RowReader to) throws IOException {
            for (var row : within(range).entrySet()) {
                to.row(row.getKey(), row.getValue());
            }
        }

        @Override
        public byte @Nullable [] row(byte[] key) {
            requireOpen();
            asked = true;
            return now.rows.get(key);
        }

        @Override
        public void keys(KeyRange range, Consumer<byte[]> to) {
            within(range).keySet().forEach(to);
        }

        private NavigableMap<byte[], byte[]> within(KeyRange range) {
            requireOpen();
            return now.rows.subMap(range.from(), true, range.until(), false);
        }

        @Override
        public void write(long position, List<Row> changes) throws IOException {
            requireUsable();
            if (position < now.position) {
                throw new IllegalArgumentException(
                        "position " + position + " lies before " + now.position);
            }
            NavigableMap<byte[], byte[]> next = rows();
            next.putAll(now.rows);
            for (Row change : changes) {
                switch (change) {
                    case Row.Put put -> next.put(put.key(), put.value());
                    case Row.Delete delete -> next.remove(delete.key());
                    case Row.DeleteRange range -> {
                        next.keySet().removeIf(range.keys()::covers);
                        replaced |= range.keys().from().length == 0;
                    }
                }
            }
            now = new Kept(position, next);
            unflushed.add(now);
            change();
        }

        @Override
        public void flush() throws IOException {
            requireUsable();
            change();
            durable = now;
            unflushed.clear();
        }

        private void change() throws IOException {
            try {
                disk.change();
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }

        private void requireUsable() {
            requireOpen();
            if (failed) {
                throw new IllegalStateException("the store has failed");
            }
        }

        private void requireOpen() {
            if (open != this) {
                throw new IllegalStateException("the store is closed");
            }
        }

        @Override
        public void close() {
            if (open == this) {
                var _ = restart();
            }
        }
    }
}
