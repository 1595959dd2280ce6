/**
 * What has happened. Facts are the only input of {@code apply}; the durable ones are what the
 * journal holds.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.fact;
