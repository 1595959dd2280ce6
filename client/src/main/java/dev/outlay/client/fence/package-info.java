/**
 * What makes clients fenceable: {@link dev.outlay.client.fence.LocalHost} says which process this
 * is, so that nobody else can be taken for it, and {@link dev.outlay.client.fence.FenceAgent} is
 * the process on a client's host that ends others for a server.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.client.fence;
