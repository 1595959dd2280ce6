/**
 * The durable state of a volume as rows that change one by one, and the journal position they stand
 * for. What has changed is taken from the state at the end of a batch, in microseconds, and written
 * in the background; a restart loads the rows and replays the journal from their position. There is
 * no dump of the whole, and nobody waits for one.
 *
 * <p>The rows are {@link dev.outlay.core.state.StateRows}'; {@link
 * dev.outlay.server.checkpoint.CheckpointStore} says what a store of them has to promise, and
 * {@link dev.outlay.server.checkpoint.RocksCheckpoints} keeps that with RocksDB.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.checkpoint;
