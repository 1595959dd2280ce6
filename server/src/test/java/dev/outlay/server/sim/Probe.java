package dev.outlay.server.sim;

/**
 * Rare branches that random runs must reach: a batch of fifty seeds or more that has not met one of
 * them has shown less than it seems to, and fails with its name.
 */
enum Probe {
    BLOCK_RELOCATED(
            "A written block that a revoked writer could still store to was copied elsewhere."),
    CLIENT_KILLED_UNCOMMITTED(
            "A client's process was killed after it had stored and before it had committed."),
    CLOCK_JUMPED("The server's wall clock jumped while it ran."),
    END_PROVEN("The end of a client was proven, and what it held left the quarantine."),
    GRACE_REFUSED("A request was refused because clients may still restate what they held."),
    LATE_STORE("A revoked client stored to a block that is in quarantine in its name."),
    READ_ONLY_REFUSED("A request was refused because the journal had failed or was full."),
    RECALLED("A client was asked to give something back."),
    REPLY_LOST("A request was answered, the answer was lost, and the request came once more."),
    SERVER_STORE_FAILED("The server's own store to the device failed half-way."),
    SESSION_LOST("A client found its session dead and began a new one."),
    STOPPED_IN_ACCESS("A client was stopped for long in the middle of a store or a load."),
    STRAY_COMMIT("A client asked to commit what another one holds."),
    STRAY_COPY("A request came a second time, long after the first."),
    STRAY_RECLAIM("A client claimed to have held before the restart what another one holds.");

    private final String meaning;

    Probe(String meaning) {
        this.meaning = meaning;
    }

    String meaning() {
        return meaning;
    }
}
