/**
 * How values are written for people, and read from them: sizes, durations, tables, the outcome of a
 * command. Shared by the commands of client and server, which do not know each other.
 */
@NullMarked
package dev.outlay.core.text;

import org.jspecify.annotations.NullMarked;
