package dev.outlay.server.engine;

/**
 * A session just opened, and the secret that goes with every later message: 128 bits, in two
 * halves.
 *
 * @param renewed whether the lease runs from now; not if the session was open and nothing renews it
 */
public record SessionGrant(Session session, long secretHigh, long secretLow, boolean renewed) {}
