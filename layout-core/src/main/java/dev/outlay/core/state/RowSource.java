package dev.outlay.core.state;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A store of {@link Row}s, of which single ones can be had again. What fails does so as an
 * unchecked exception.
 */
public interface RowSource {

    /** The value of a row; null if there is no such row. */
    byte @Nullable [] row(byte[] key);

    /** Shows the keys of a range, rising. */
    void keys(KeyRange range, Consumer<byte[]> to);
}
