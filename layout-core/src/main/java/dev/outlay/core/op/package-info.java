/** One file for each operation: reads the tables, changes nothing, says what shall happen. */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.op;
