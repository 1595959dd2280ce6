/**
 * The acceptance scenarios, against the real server: gRPC on loopback or a Unix socket, a real
 * journal in a temporary folder, a plain file as the device, filled with 0xCD before it is
 * formatted, so that every stale byte shows. A test is named by the number of its scenario.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.scenario;
