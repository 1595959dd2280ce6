/**
 * What is asked of a volume. A command carries everything that is not deterministic: who, operation
 * id, server time, fresh ids.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.command;
