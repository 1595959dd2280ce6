package dev.outlay.server.sim;

/** One rule of the design, watched from outside while the simulation runs. */
interface Invariant {

    /** A batch is done, or a restarted server has its state back. */
    void batch(Picture before, Picture now);
}
