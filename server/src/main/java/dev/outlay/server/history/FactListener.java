package dev.outlay.server.history;

import dev.outlay.core.VolumeState;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.value.ClientId;
import java.util.List;
import java.util.Optional;

/**
 * Hears what has happened to a volume, in the order in which it was applied and not before it was
 * durable. On the volume's thread, or that of a read which is answered at once, one at a time;
 * neither must be held up.
 */
public interface FactListener extends AutoCloseable {

    /**
     * What one command came to. Not the command itself, which may hold what a client wrote.
     *
     * @param cause the name of the command
     * @param caller who sent it, if a client did
     */
    record Done(String cause, Optional<ClientId> caller, List<Fact> facts) {

        public static Done of(Command command, List<Fact> facts) {
            return new Done(
                    command.getClass().getSimpleName(),
                    command instanceof Command.Mutation ask
                            ? Optional.of(ask.origin().client())
                            : Optional.empty(),
                    facts);
        }
    }

    /** Whether it hears anything at all: for whoever would have to make something for it. */
    default boolean listens() {
        return true;
    }

    /** Whether {@link #happened} looks at the state, so that it must not have gone on meanwhile. */
    default boolean looksAtState() {
        return listens();
    }

    /**
     * The volume has been read back from its journal; nothing has been done to it since.
     *
     * @param position of the journal that was forced
     * @param again whether that was in the midst of running, after the journal had failed
     */
    void opened(VolumeState state, long position, boolean again);

    /** Facts have been applied to {@code state}, and the durable ones are durable. */
    void happened(VolumeState state, long position, List<Done> done);

    /** The volume is closed; nothing more will happen to it. */
    @Override
    default void close() {}

    /** Nobody listens. */
    FactListener NONE =
            new FactListener() {
                @Override
                public boolean listens() {
                    return false;
                }

                @Override
                public void opened(VolumeState state, long position, boolean again) {}

                @Override
                public void happened(VolumeState state, long position, List<Done> done) {}
            };
}
