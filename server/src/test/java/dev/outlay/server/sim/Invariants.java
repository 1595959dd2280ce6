package dev.outlay.server.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** All the invariants of one run, and what they read off the network together. */
final class Invariants {

    private final Leases leases;
    private final I4OneState oneState;
    private final I20Leases lease;
    private final List<Invariant> all = new ArrayList<>();

    /**
     * @param isZeroed whether a writer is told of a block that nobody has committed as written
     * @param images the volume as it runs, and as a crash would leave it
     * @param hinderedNanos when the server's own disk or device was broken last
     * @param mayLeave which device the operator has asked to be emptied
     */
    Invariants(
            World world,
            Talk talk,
            Asked asked,
            SharedMemory memory,
            Contents contents,
            Tags tags,
            int blocks,
            boolean isZeroed,
            Supplier<Optional<byte[][]>> images,
            LongSupplier hinderedNanos,
            IntPredicate mayLeave) {
        Told told = new Told(asked);
        Believed believed = new Believed();
        Moments moments = new Moments();
        leases = new Leases(world, talk);
        oneState = new I4OneState(world, blocks);
        lease = new I20Leases(world, asked, leases);
        all.add(moments);
        all.add(new I2CommitOnly(world, memory, contents, asked, tags, blocks));
        all.add(new I1Seeks(world, asked, blocks));
        all.add(oneState);
        all.add(new I5DurableBeforeGranted(world, asked, told, blocks, images));
        all.add(new I6CommitWhole(world, memory, asked, tags));
        all.add(new I7Reuse(world, asked));
        all.add(new I8OneWriter(world, believed, leases, blocks));
        all.add(new I9ConflictFollows(world, asked, leases));
        all.add(new I10ServerKnowsAll(world, believed, leases));
        all.add(new I11Sequence(world));
        all.add(new I12OneAnswer(world, asked));
        all.add(new I14Size(world, asked));
        all.add(new I15Tail(world, memory));
        all.add(new I16ChangeCounter(world, asked, blocks));
        all.add(new I17Lists(world, moments, isZeroed));
        all.add(new I18ConflictsEnd(world, hinderedNanos));
        all.add(lease);
        all.add(new I21Counts(world));
        all.add(new I22Grace(world, told, leases));
        all.add(new I23Devices(world, told, leases, mayLeave));
        all.add(new I24MapEpoch(world, moments, blocks));
        // Who compares a message with what was before it hears it first.
        List<Invariant> first =
                List.of(
                        new I3GrantedBeforeCommitted(world, asked, told),
                        new I13NothingTwice(world, asked, blocks),
                        new I19Overtaking(world, told));
        first.forEach(talk::add);
        List.of(asked, told, believed, leases).forEach(talk::add);
        all.forEach(talk::add);
        all.addAll(first);
        // What a rule of its own has found is named by that.
        all.add(new CheckedState(world));
    }

    void batch(Picture before, Picture now) {
        leases.batch();
        for (Invariant each : all) {
            each.batch(before, now);
        }
    }

    /** A client is about to store to a block. */
    void stores(long client, int place) {
        lease.stores(client);
        oneState.stores(client, place);
    }
}
