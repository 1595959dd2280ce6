/**
 * One file for each operation: reads the tables, changes nothing, says what shall happen.
 *
 * <p>A command enters by {@link dev.outlay.core.op.Operations}; what a client asks passes {@link
 * dev.outlay.core.op.ExactlyOnce} first. The operation ({@code MapBlocksOp}, {@code
 * CommitBlocksOp}, {@code TruncateOp} and so on, each named as its command) checks what it was
 * given, leaving by {@link dev.outlay.core.op.Refusal}, and answers with a {@link
 * dev.outlay.core.op.Decision}: facts, and what follows once they are applied.
 *
 * <p>What several operations share: {@link dev.outlay.core.op.Checks} of untrusted input, {@link
 * dev.outlay.core.op.Grants} (who holds what, and what the end of a grant leaves behind), {@link
 * dev.outlay.core.op.Revocation} of a client without its own word, {@link
 * dev.outlay.core.op.DeviceWork} (zeros before facts), {@link dev.outlay.core.op.Removal} of files
 * that nobody holds any more, {@link dev.outlay.core.op.Placement} of free blocks under holes.
 *
 * <p>The order within an operation is always: shape of the request, the file, device work that is
 * in the way (wait), holders that are in the way (revoke those whose lease is over, refuse for the
 * others), grace, and only then facts. So a refused request has changed nothing.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.op;
