/**
 * What an Outlay device says of itself: the label in its first 4 KiB block and the copy of it in
 * its last.
 *
 * <p>Codec only. Servers write labels, clients read them, and both decide by the same {@link
 * dev.outlay.core.device.LabelPair} which of the two copies counts, so that a label torn by a crash
 * is read alike by everyone. What lies between the two blocks is the usable space.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.device;
