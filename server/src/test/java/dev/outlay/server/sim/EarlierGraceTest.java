package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The journal fails twice within a lease: the state is rebuilt twice in process, and the time of
 * the first grace says nothing about the second.
 */
class EarlierGraceTest {

    private static final long MILLI = 1_000_000;

    private final SteppedVolume volume;

    EarlierGraceTest() throws IOException {
        volume = new SteppedVolume();
    }

    @BeforeEach
    void start() {
        volume.engine().start();
    }

    @AfterEach
    void stop() {
        volume.close();
    }

    @Test
    void itsTimerDoesNotEndALaterGrace() {
        submit(volume.join());
        failTheJournal();
        assertTrue(isInGrace());
        submit(new Command.ReattachClient(SteppedVolume.CLIENT, volume.operation() - 1, List.of()));
        assertFalse(isInGrace());

        runUntil(200);
        failTheJournal();
        runUntil(400);
        assertTrue(isInGrace(), "the client has 350 ms from when the state was rebuilt");

        runUntil(600);
        assertFalse(isInGrace(), "nobody has come back in time");
    }

    private void submit(Command command) {
        var _ = volume.submit(command);
        volume.engine().step();
    }

    /** What is asked finds the journal broken, and asked again the state read back. */
    private void failTheJournal() {
        volume.disk().failAfter(1);
        Command create = volume.create();
        submit(create);
        submit(create);
    }

    private boolean isInGrace() {
        boolean[] answer = new boolean[1];
        volume.engine().look(state -> answer[0] = state.tables().isInGrace());
        return answer[0];
    }

    /** Lets the timers that are due by then fire, each followed by a batch. */
    private void runUntil(long millis) {
        boolean[] there = new boolean[1];
        World world = volume.world();
        world.after(1_000_000_000 + millis * MILLI - world.nanos(), () -> there[0] = true);
        while (!there[0] && world.step()) {
            if (volume.engine().hasWork()) {
                volume.engine().step();
            }
        }
    }
}
