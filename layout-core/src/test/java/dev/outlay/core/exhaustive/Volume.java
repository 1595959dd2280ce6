package dev.outlay.core.exhaustive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.outlay.core.VolumeState;
import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.op.Decision;
import dev.outlay.core.op.VolumeKit;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.Limits;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state machine, as an image and the facts since. That makes copies cheap: they share both, and
 * the state itself is built where it is looked at.
 */
final class Volume {

    private record Chain(@Nullable Chain before, List<Fact> facts) {}

    /** One of its own for each change. */
    private static final class Moment {}

    private byte[] base;
    private @Nullable Chain chain;
    private @Nullable VolumeState state;

    /** What a crash leaves, once that has been asked for. */
    private byte @Nullable [] durable;

    /** The same in copies in which nothing has happened since. */
    private Moment moment = new Moment();

    Volume(int blocks) {
        base = VolumeKit.ofBlocks(blocks).state().image();
    }

    private Volume(byte[] base, @Nullable Chain chain, @Nullable VolumeState state) {
        this.base = base;
        this.chain = chain;
        this.state = state;
    }

    /** A copy, which takes the state along if it has been built. */
    Volume split() {
        Volume copy = new Volume(base, chain, state);
        copy.durable = durable;
        copy.moment = moment;
        state = null;
        return copy;
    }

    /** Takes the state back from a copy in which nothing has happened. */
    void join(Volume copy) {
        if (copy.moment == moment) {
            state = copy.state;
            copy.state = null;
        }
    }

    VolumeState state() {
        VolumeState built = state;
        if (built == null) {
            built = VolumeState.restore(Limits.DEFAULT, base);
            Deque<Chain> links = new ArrayDeque<>();
            for (Chain link = chain; link != null; link = link.before) {
                links.push(link);
            }
            for (Chain link : links) {
                link.facts.forEach(built::apply);
            }
            built.takeReady();
            state = built;
        }
        return built;
    }

    /** Frees the memory of a state that will not be looked at for a while. */
    void forgetState() {
        state = null;
    }

    VolumeTables tables() {
        return state().tables();
    }

    Decision decide(Command command) {
        return state().decide(command);
    }

    Execution execute(Command command) {
        Execution execution = state().execute(command);
        if (!execution.facts().isEmpty()) {
            chain = new Chain(chain, execution.facts());
            durable = null;
            moment = new Moment();
        }
        return execution;
    }

    /** Forgets how it came here, where all that counts is durable. */
    void settle() {
        crash();
    }

    /** What is not durable is gone. */
    void crash() {
        base = durable();
        durable = base;
        moment = new Moment();
        chain = null;
        state = null;
    }

    /** What a crash would leave; copies share it from then on. */
    byte[] durable() {
        byte[] left = durable;
        if (left == null) {
            VolumeState again = VolumeState.restore(Limits.DEFAULT, base);
            Deque<Chain> links = new ArrayDeque<>();
            for (Chain link = chain; link != null; link = link.before) {
                links.push(link);
            }
            for (Chain link : links) {
                link.facts.stream().filter(Fact::isDurable).forEach(again::apply);
            }
            left = again.image();
            assertArrayEquals(state().image(), left, "the journal gives another state");
            durable = left;
        }
        return left;
    }
}
