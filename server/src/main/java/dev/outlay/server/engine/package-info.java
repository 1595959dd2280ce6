/**
 * The engine: one thread a volume, batches of which one is decided while the one before it is being
 * forced, reads of what is durable between them on the thread that asks, parked replies, and the
 * clock that deadlines are counted on.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.engine;
