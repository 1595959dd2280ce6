/** Walks a whole volume and compares everything that must agree. */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.check;
