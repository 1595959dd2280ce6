/**
 * {@code outlay demo}: the promise of the product, shown on real processes that are really killed.
 *
 * <p>{@link dev.outlay.demo.Story} tells it step by step; each step acts, compares, and says what
 * that proves. {@link dev.outlay.process.Stage} owns what must be gone afterwards: the folder and
 * the processes. Every byte on the device and in a file is in somebody's {@link
 * dev.outlay.demo.Ink}, so that a byte read in the wrong place tells whose it was.
 */
@NullMarked
package dev.outlay.demo;

import org.jspecify.annotations.NullMarked;
