/**
 * The exposure log of a volume: its lines, and what can be told from them without the volume.
 *
 * <p>{@link dev.outlay.core.history.HistoryLine} is one event, as an object and as a line of text.
 * {@link dev.outlay.core.history.HistoryCheck} replays lines into a model of its own ({@link
 * dev.outlay.core.history.Exposure}) and says which invariant an event breaks; {@link
 * dev.outlay.core.history.HistoryAccess} tells from the same replay who could touch which bytes.
 * Nothing here uses the state machine or its structures: what checks it must not share its faults.
 *
 * <p>It is here, and not with the server that writes or the command that reads, because both and
 * the simulator need it and none of them may depend on another. It does no I/O: lines come and go
 * as text.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.history;
