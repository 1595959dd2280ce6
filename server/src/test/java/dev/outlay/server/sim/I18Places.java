package dev.outlay.server.sim;

import dev.outlay.core.VolumeState;
import dev.outlay.core.command.Command;
import dev.outlay.core.op.Decision;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Waiter;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * I18, as it has to be for each conflict to end by what others do and not by a time of its own: no
 * turn is missed, and nobody waits behind a place that no request has any more.
 *
 * <p>After each batch a request that waits has another in front of it, or somebody has been asked
 * for bytes that it needs; otherwise it is decided once more, and has to wait for device work.
 */
record I18Places(World world) {

    void check(VolumeState state, Map<Long, List<Command>> turns, Map<Long, List<Command>> works) {
        if (state.tables().waiting().size() == 0) {
            return;
        }
        Set<Origin> atWork = new HashSet<>();
        // A proof waits for work, too, and so does the emptying of a device: neither has a place.
        works.values().stream()
                .flatMap(List::stream)
                .filter(Command.Mutation.class::isInstance)
                .map(Command.Mutation.class::cast)
                .forEach(mutation -> atWork.add(mutation.origin()));
        for (Waiter waiter : state.tables().waiting().all()) {
            if (turns.containsKey(waiter.ticket())) {
                turns.get(waiter.ticket()).forEach(command -> lookAt(state, waiter, command));
            } else if (atWork.stream().noneMatch(o -> isSame(o, waiter.origin()))) {
                world.violated("I18", "a place that no request has: " + waiter);
            }
        }
    }

    private void lookAt(VolumeState state, Waiter waiter, Command command) {
        if (waiter.forSpace() || isBehind(state, waiter) || isAskedFor(state, waiter)) {
            return;
        }
        Decision now = state.decide(command);
        // The end of others' work on these bytes wakes it.
        boolean waits =
                now.outcome() instanceof Decision.Outcome.AwaitWork && now.facts().isEmpty();
        if (!waits) {
            world.violated(
                    "I18",
                    "nothing ends the wait of "
                            + waiter
                            + ": "
                            + command
                            + " would come to "
                            + now.outcome()
                            + " by "
                            + now.facts());
        }
    }

    /** Another waits in front, and wakes it by going on. */
    private static boolean isBehind(VolumeState state, Waiter waiter) {
        return state.tables().waiting().on(waiter.file()).stream()
                .takeWhile(other -> other.ticket() < waiter.ticket())
                .anyMatch(other -> other.conflictsWith(waiter));
    }

    /**
     * Somebody has been asked for some of its bytes, which is the caller itself where they have to
     * move, or has ended and is waited for until its lease is over: either wakes it by what it
     * gives back. Whose lease is over has been waited for long enough: it gives nothing back of its
     * own accord, and is revoked by whoever is decided next.
     */
    private static boolean isAskedFor(VolumeState state, Waiter waiter) {
        FileNode file = state.tables().file(waiter.file());
        Stream<ByteRange> recalled =
                state.tables().recalled().stream()
                        .filter(c -> !c.isLapsed() || isOf(c, waiter))
                        .flatMap(c -> c.recallOf(waiter.file()).stream())
                        .flatMap(r -> ((RecallScope.Ranges) r.scope()).ranges().stream());
        Stream<ByteRange> lingering =
                file == null
                        ? Stream.of()
                        : file.layouts().stream()
                                .filter(l -> state.tables().isEnded(l.client()))
                                .flatMap(l -> l.within(waiter.range()).stream())
                                .map(LayoutRange::range);
        return Stream.concat(recalled, lingering).anyMatch(waiter.range()::overlaps)
                || (file != null && isAskedForWhole(state, file, waiter));
    }

    /** Somebody has been asked for all of a device, and holds some of the bytes there. */
    private static boolean isAskedForWhole(VolumeState state, FileNode file, Waiter waiter) {
        return state.tables().recalled().stream()
                .filter(client -> !client.isLapsed() || isOf(client, waiter))
                .filter(client -> file.layoutOf(client.record().id()) != null)
                .flatMap(
                        client ->
                                Objects.requireNonNull(file.layoutOf(client.record().id()))
                                        .within(waiter.range())
                                        .stream()
                                        .flatMap(
                                                held ->
                                                        Stream.concat(
                                                                file
                                                                        .extents()
                                                                        .mapped(held.range())
                                                                        .stream(),
                                                                file
                                                                        .fresh()
                                                                        .mapped(held.range())
                                                                        .stream()))
                                        .filter(extent -> isAskedFor(client, extent)))
                .findAny()
                .isPresent();
    }

    private static boolean isAskedFor(ClientEntry client, Extent extent) {
        return client.recalls().stream()
                .anyMatch(r -> r.scope().equals(new RecallScope.Device(extent.device())));
    }

    private static boolean isOf(ClientEntry client, Waiter waiter) {
        return client.record().id().equals(waiter.origin().client());
    }

    private static boolean isSame(Origin a, Origin b) {
        return a.client().equals(b.client()) && a.operationId() == b.operationId();
    }
}
