/**
 * The engine: one thread a volume, batches, parked replies, and the clock that deadlines are
 * counted on.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.engine;
