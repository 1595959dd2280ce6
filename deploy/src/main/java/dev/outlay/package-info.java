/**
 * The program {@code outlay}: one command line put together from the client's and the server's
 * commands.
 *
 * <p>This is the only place that knows both. {@link dev.outlay.Outlay} owns what all commands
 * share: exit codes, the version, and the rule that a failure is one line saying what went wrong
 * and what to do about it.
 */
@NullMarked
package dev.outlay;

import org.jspecify.annotations.NullMarked;
