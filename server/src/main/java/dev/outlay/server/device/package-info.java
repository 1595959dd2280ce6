/**
 * The server's way to shared devices: formatting, claiming, and the device work that decide asks
 * for.
 *
 * <p>Bytes of files pass here only where the server itself must store them: zeroing, copying, and
 * writes of clients that cannot reach the device. The rest is the label. {@link
 * dev.outlay.server.device.DeviceFormatter} writes it, {@link
 * dev.outlay.server.device.ServerDevice#claim} puts the server's name and a new lock epoch into it,
 * and every store of the server checks that epoch first, so that a server that lost the device to
 * another one stops by itself.
 *
 * <p>Both copies are written last block first, each forced before the next, so that a crash tears
 * at most one; {@link dev.outlay.core.device.LabelPair} says which one counts, and the next claim
 * writes both anew.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.device;
