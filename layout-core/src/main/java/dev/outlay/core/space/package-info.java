/**
 * Where bytes lie: the extents of a file, the free space of a volume, and plain sets and maps of
 * ranges.
 *
 * <p>Every structure belongs to the one thread that owns its volume, and gives the same results for
 * the same sequence of calls. Methods check before they change: one that throws has changed
 * nothing.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.space;
