/** What a command is answered with. Errors are values too. */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.reply;
