/**
 * How the server comes to know that a client which ended without its own word stores no more.
 *
 * <p>A volume says {@code NeedsFence} when such a client leaves blocks in quarantine. {@link
 * dev.outlay.server.fence.FenceService} fences each client once, whatever the number of volumes, by
 * the one {@link dev.outlay.server.fence.FenceDriver} that is configured; what the driver confirms
 * goes back to the volumes as the command {@code ProveClient}. A driver that fails is tried again,
 * later and later, and says so by a meter and the log. Files never wait for it: their blocks have
 * been replaced by then.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.fence;
