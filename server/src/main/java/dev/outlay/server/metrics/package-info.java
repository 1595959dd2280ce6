/**
 * What the server counts, for Prometheus. {@link dev.outlay.server.metrics.ServerMeters} is the one
 * list of names and units; whoever counts is handed it, or the {@link
 * dev.outlay.server.metrics.VolumeMeters} of one volume. Names are never made of what a client
 * sends, so that their number is bounded.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.metrics;
