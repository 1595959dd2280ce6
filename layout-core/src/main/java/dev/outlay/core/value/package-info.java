/**
 * The values that cross every seam: ranges, ids, extents, stateids. Immutable, checked at
 * construction.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.value;
