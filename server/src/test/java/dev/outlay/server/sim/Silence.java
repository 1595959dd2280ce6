package dev.outlay.server.sim;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The product logs nothing: what goes wrong in a simulation is meant to, a thousand times. */
final class Silence implements AutoCloseable {

    private final Logger logger = (Logger) LoggerFactory.getLogger("dev.outlay");
    private final @Nullable Level before = logger.getLevel();

    Silence() {
        logger.setLevel(Level.OFF);
    }

    @Override
    public void close() {
        logger.setLevel(before);
    }
}
