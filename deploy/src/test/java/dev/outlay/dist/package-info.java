/** Checks of what ships: run after packing, as a user without a JDK would use it. */
@NullMarked
package dev.outlay.dist;

import org.jspecify.annotations.NullMarked;
