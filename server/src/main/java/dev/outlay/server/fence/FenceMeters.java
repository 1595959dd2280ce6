package dev.outlay.server.fence;

/** What is counted of fencing. */
public interface FenceMeters {

    /** An attempt has failed. */
    void fenceFailed();

    /** How many clients wait for a proof, and of how many of them the last attempt has failed. */
    void fencing(int waiting, int failing);
}
