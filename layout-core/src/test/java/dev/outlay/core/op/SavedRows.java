package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.VolumeState;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.state.KeyRange;
import dev.outlay.core.state.Row;
import dev.outlay.core.state.RowSource;
import dev.outlay.core.state.StateRows;
import dev.outlay.core.value.Limits;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The rows of a volume as a store keeps them, and up to which record of the journal. */
public final class SavedRows {

    private final Limits limits;
    private final NavigableMap<byte[], byte[]> rows = new TreeMap<>(Arrays::compareUnsigned);
    private int records;

    public SavedRows(Limits limits) {
        this.limits = limits;
    }

    /** Takes what has changed of a state that has come about by so many records. */
    public void take(VolumeState state, int recordsSoFar) {
        keep(state.takeRows());
        records = recordsSoFar;
    }

    public void keep(List<Row> changes) {
        for (Row change : changes) {
            switch (change) {
                case Row.Put put -> rows.put(put.key(), put.value());
                case Row.Delete delete -> rows.remove(delete.key());
                case Row.DeleteRange range -> rows.keySet().removeIf(range.keys()::covers);
            }
        }
    }

    public int size() {
        return rows.size();
    }

    public NavigableMap<byte[], byte[]> rows() {
        return rows;
    }

    /** The state that the rows alone give. */
    public VolumeState load() {
        StateRows.Loader loader = new StateRows.Loader(limits);
        rows.forEach(loader::row);
        VolumeState state = VolumeState.of(loader);
        state.noteChanges();
        return state;
    }

    /** The same, with extents that come from the rows as they are asked for. */
    private VolumeState loadLazily() {
        StateRows.Loader loader =
                new StateRows.Loader(
                        limits,
                        new RowSource() {
                            @Override
                            public byte @Nullable [] row(byte[] key) {
                                return rows.get(key);
                            }

                            @Override
                            public void keys(KeyRange range, Consumer<byte[]> to) {
                                List.copyOf(within(range).keySet()).forEach(to);
                            }
                        });
        loader.wanted().forEach(range -> within(range).forEach(loader::row));
        VolumeState state = VolumeState.of(loader);
        state.noteChanges();
        return state;
    }

    private NavigableMap<byte[], byte[]> within(KeyRange range) {
        return rows.subMap(range.from(), true, range.until(), false);
    }

    /** The state as after a restart: the rows, and what the journal has behind them. */
    public VolumeState load(List<byte[]> journal) {
        VolumeState state = load();
        replay(state, journal);
        return state;
    }

    private void replay(VolumeState state, List<byte[]> journal) {
        journal.subList(records, journal.size())
                .forEach(record -> FactCodec.facts(record).forEach(state::apply));
    }

    /** The rows and the journal give this state, and the rows alone once they have caught up. */
    public void check(VolumeState expected, List<byte[]> journal) {
        VolumeState loaded = load(journal);
        assertArrayEquals(expected.image(), loaded.image(), "the rows give another state");
        assertEquals(
                expected.tables().extents(),
                loaded.tables().extents(),
                "the rows give another count of extents");
        VolumeState lazy = loadLazily();
        replay(lazy, journal);
        assertArrayEquals(expected.image(), lazy.image(), "extents loaded late are others");
        SavedRows caughtUp = new SavedRows(limits);
        caughtUp.rows.putAll(rows);
        caughtUp.take(loaded, journal.size());
        assertArrayEquals(
                expected.image(), caughtUp.load().image(), "the rows caught up give another");
        SavedRows whole = new SavedRows(limits);
        whole.keep(loaded.takeAllRows());
        assertEquals(whole.rows.size(), caughtUp.rows.size(), "rows are left that nobody needs");
        assertArrayEquals(expected.image(), whole.load().image(), "all rows give another state");
    }
}
