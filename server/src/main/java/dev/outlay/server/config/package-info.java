/**
 * The server's configuration: one commented file of {@code key = value} lines, read once at start
 * into {@link dev.outlay.server.config.ServerConfig}. Whatever is not understood is refused, with
 * its place and what was probably meant; all problems of a file are told at once.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.config;
