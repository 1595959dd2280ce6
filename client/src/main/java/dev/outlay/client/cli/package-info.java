/**
 * The commands of {@code outlay} that talk to a server.
 *
 * <p>{@link dev.outlay.client.cli.ClientCommands} lists them; the program puts them on its command
 * line. A command is a picocli class that prints its answer through {@link
 * dev.outlay.client.cli.Output} - tables for people, one JSON document with {@code --json} - and
 * throws what went wrong: the program turns it into one line and an exit code.
 *
 * <p>Three ways to the server. Administration needs no session. Names, space and layouts share one
 * session across commands, kept in a private file ({@link dev.outlay.client.cli.SessionFile}), so
 * that a layout got by one command can be committed by the next. Transfers of whole files open a
 * session of their own and end it, so that they neither wait for other commands nor hold them up.
 */
@NullMarked
package dev.outlay.client.cli;

import org.jspecify.annotations.NullMarked;
