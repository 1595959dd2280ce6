/**
 * The exposure log: what was granted, committed, returned, revoked, freed and used again, written
 * down beside the journal so that `outlay history` can check and search it later.
 *
 * <p>The volume's thread only hands over the facts of a batch that has become durable ({@link
 * dev.outlay.server.history.FactListener}). A thread of the log's own ({@link
 * dev.outlay.server.history.VolumeHistory}) applies them to a second copy of the volume's tables,
 * which tells where the blocks lie that a fact is about ({@link
 * dev.outlay.server.history.FactLines}), and appends lines to files that are rotated ({@link
 * dev.outlay.server.history.HistoryFiles}). Each file begins with the whole state ({@link
 * dev.outlay.server.history.StateLines}), so that any of them can be checked without those before.
 *
 * <p>Whatever goes wrong with the log costs lines of the log and nothing else: a full queue or a
 * failing disk is counted, told, and made up for by a new file with the state as it is then. Format
 * and guarantees: docs/history.md.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.history;
