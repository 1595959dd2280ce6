/**
 * Real processes, killed at random moments, and a check of every byte that anybody read.
 *
 * <p>{@link dev.outlay.crash.CrashCheck} runs it: {@link dev.outlay.crash.CrashRun} starts a server
 * and clients, kills, stops and restarts them, and fills the disk of the journal. Each client, a
 * {@link dev.outlay.crash.ClientProgram}, writes down what it does in a {@link
 * dev.outlay.crash.Diary} that outlives it. {@link dev.outlay.crash.Truth} puts all diaries
 * together and says of each byte that was read whether some history explains it: all processes of
 * one host see the same monotonic clock.
 *
 * <p>Each 8 bytes written are a {@link dev.outlay.crash.Cell}: who wrote them, which write it was,
 * and where they belong. So bytes of another file, of another place, of nobody, and those of a
 * write that another one has overwritten are told apart.
 */
@NullMarked
package dev.outlay.crash;

import org.jspecify.annotations.NullMarked;
