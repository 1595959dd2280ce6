/**
 * The client's side of a session: one stream, one lease, and every request on it until its answer.
 *
 * <p>{@link dev.outlay.client.session.ClientSession} opens the session, batches what is asked of it
 * into messages, counts the lease from the sending of each message, and after a broken connection
 * or a restart of the server attaches anew, restates what is held ({@link
 * dev.outlay.client.session.LayoutHolder}) and repeats what is unanswered under the same operation
 * ids. It has no thread of its own: it runs on whoever calls it, on the callbacks of its {@link
 * dev.outlay.client.session.Transport} and on the timers of its {@link
 * dev.outlay.client.session.Scheduler}. Time, timers, network and randomness are handed in, so that
 * one thread can drive many sessions from a seed.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.client.session;
