/** The client's side of a session: its stream, its lease and the clock the lease is counted on. */
@org.jspecify.annotations.NullMarked
package dev.outlay.client.session;
