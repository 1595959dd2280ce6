/** The tables of one volume and the one method that changes them. */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.state;
