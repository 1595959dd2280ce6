/**
 * {@code outlay bench}: how fast this machine lets Outlay be, and how near it comes.
 *
 * <p>A number alone means nothing on a machine that is shared. So every {@link
 * dev.outlay.bench.Benchmark} takes turns with a yardstick that is a limit of physics or the best
 * alternative - a bare stream, a bare copy, a bare append - in one run, round by round ({@link
 * dev.outlay.bench.Rounds}), and what is compared with a {@link dev.outlay.bench.Goal} is the
 * ratio. The server is a process of its own, as it is in life; so is the echo that it is held
 * against.
 */
@NullMarked
package dev.outlay.bench;

import org.jspecify.annotations.NullMarked;
