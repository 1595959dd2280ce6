/**
 * Bytes of what is stored: primitives here, whole facts, replies and states above them. Little
 * endian, one encoding for each value, so that equal states have equal bytes.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.codec;
