package dev.outlay.server.engine;

/**
 * A session just opened, and the secret that goes with every later message: 128 bits, in two
 * halves.
 */
public record SessionGrant(Session session, long secretHigh, long secretLow) {}
