/**
 * All short histories of one small file: every sequence of steps up to a length, over two clients
 * and two blocks, with the server crashing at any one place in it.
 *
 * <p>A {@link dev.outlay.core.exhaustive.World} is the real volume, a memory shared by all hosts
 * whose lines are volatile until flushed, and what each client believes. {@link
 * dev.outlay.core.exhaustive.Search} goes through all steps from all worlds it has not met yet,
 * breadth first, so that the first failure it prints is a shortest one. What may be read is kept in
 * {@link dev.outlay.core.exhaustive.Expected}, which knows the promises and not the code.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.exhaustive;
