/** How figures are taken and shown; what they are worth, a test cannot tell. */
@NullMarked
package dev.outlay.bench;

import org.jspecify.annotations.NullMarked;
