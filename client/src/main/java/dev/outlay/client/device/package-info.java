/**
 * The client's way to the bytes: shared devices behind one seam, {@link
 * dev.outlay.client.device.Device}.
 *
 * <p>{@link dev.outlay.client.device.Devices#open} looks at the path, chooses the access that fits
 * it, and checks the label before anything else is touched:
 *
 * <ul>
 *   <li>a file on a DAX file system: mapped with {@code MAP_SYNC}, {@code SYNC_MAPPED};
 *   <li>any other file: read through a mapping, stored to and forced, {@code FORCED};
 *   <li>a block device: direct I/O and a flush of the device, {@code DEVICE_FLUSHED}.
 * </ul>
 *
 * <p>The durability is reported by the device and sent with each commit, never assumed; the weakest
 * one a caller accepts is named in {@link dev.outlay.client.device.DeviceOptions}. Nothing here
 * knows of leases and grants: whoever calls has checked them.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.client.device;
