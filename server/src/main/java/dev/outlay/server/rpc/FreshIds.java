package dev.outlay.server.rpc;

import dev.outlay.core.value.LayoutId;
import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;

/**
 * Layout ids that nobody can guess, from random bytes fetched in bulk: one id for every MapBlocks,
 * though few are used. Any thread.
 */
final class FreshIds {
    private static final int BUFFER_BYTES = 4096;

    private final RandomGenerator random;
    private final byte[] bytes = new byte[BUFFER_BYTES];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes).limit(0);

    /**
     * @param random cryptographically strong, but in simulations
     */
    FreshIds(RandomGenerator random) {
        this.random = random;
    }

    synchronized LayoutId layoutId() {
        if (buffer.remaining() < Fields.ID_BYTES) {
            random.nextBytes(bytes);
            buffer.clear();
        }
        return new LayoutId(buffer.getLong(), buffer.getLong());
    }
}
