/** The server's part of the command line: each command one class, put together by the program. */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.tool;
