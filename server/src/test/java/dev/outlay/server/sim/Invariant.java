package dev.outlay.server.sim;

/**
 * One rule of the design, watched from outside while the simulation runs: from messages as they
 * cross the network, and from pictures of the volume.
 */
interface Invariant extends Talk.Listener {

    /** A batch is done, or a restarted server has its state back. */
    default void batch(Picture before, Picture now) {}
}
