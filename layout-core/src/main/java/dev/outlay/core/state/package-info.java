/**
 * The tables of one volume and the one method that changes them, {@link
 * dev.outlay.core.state.VolumeTables#apply}.
 *
 * <p>{@code FileNode} holds attributes, extent map, layouts and device work of an inode; {@code
 * Layout} what one client holds there; {@code ClientEntry} who a client is and the answers kept for
 * it; {@code Quarantine} and {@code SpaceLedger} the blocks that are neither free nor plainly
 * mapped. What is durable of them is written by {@code StateImage}; plain READ grants, leases, seen
 * seqids, volatile answers and grace are not, and end with the process.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.state;
