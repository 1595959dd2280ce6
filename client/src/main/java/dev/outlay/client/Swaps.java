package dev.outlay.client;

import dev.outlay.client.session.ClientSession;
import dev.outlay.core.value.ByteRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Commits of one file that put other blocks in the place of committed ones, and are not answered.
 * The server answers them once all who read the old blocks have given them back, which may take as
 * long as a recall.
 *
 * <p>What is stored to such blocks meanwhile would be seen with the commit that is under way: so
 * nothing is stored until it is answered, or known to have failed. Used inside the file's gate.
 */
final class Swaps {

    private final ClientSession session;
    private final List<Swap> underWay = new ArrayList<>();

    private record Swap(List<ByteRange> ranges, CompletableFuture<?> over) {
        boolean touches(List<ByteRange> others) {
            return ranges.stream().anyMatch(mine -> others.stream().anyMatch(mine::overlaps));
        }
    }

    Swaps(ClientSession session) {
        this.session = session;
    }

    /**
     * One is sent.
     *
     * @param over done once it is answered, and the answer is entered
     */
    void sent(List<Mapping.Piece> pieces, CompletableFuture<?> over) {
        forget();
        underWay.add(new Swap(pieces.stream().map(Mapping.Piece::range).toList(), over));
    }

    /** Any that is not answered. */
    Optional<CompletableFuture<?>> any() {
        forget();
        return underWay.isEmpty() ? Optional.empty() : Optional.of(underWay.getFirst().over());
    }

    /** Whether one touches these ranges. */
    boolean touch(List<ByteRange> ranges) {
        forget();
        return underWay.stream().anyMatch(swap -> swap.touches(ranges));
    }

    /** Of all that they touch. */
    List<ByteRange> ranges() {
        forget();
        return underWay.stream().flatMap(swap -> swap.ranges().stream()).toList();
    }

    /**
     * Waits until none touches these ranges.
     *
     * @throws OutlayException if one is not answered in time
     */
    void settle(List<ByteRange> ranges) throws OutlayException {
        for (Swap swap : List.copyOf(underWay)) {
            if (swap.touches(ranges)) {
                session.settle(swap.over());
            }
        }
        forget();
    }

    private void forget() {
        if (underWay.isEmpty()) {
            return;
        }
        underWay.removeIf(swap -> swap.over().isDone());
    }
}
