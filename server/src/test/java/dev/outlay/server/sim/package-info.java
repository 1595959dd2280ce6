/**
 * The simulator: a server and some clients in one thread, with virtual time, from a seed.
 *
 * <p>{@link dev.outlay.server.sim.World} is the scheduler: a queue of events, one random number
 * generator, a digest. Everything else is either the product or what it stands on.
 *
 * <p>The product, unchanged: on the server the streams, operations, sessions with their leases, the
 * engine of the volume with its batches, timers, device work and snapshots, the state machine, and
 * the journal down to its bytes; on the client the whole library, from {@code BlockFile} down to
 * its session. Programs of clients block where they wait for an answer, so each has a thread; but
 * one baton is handed around ({@link dev.outlay.server.sim.Coroutine}), and nobody but who has it
 * runs.
 *
 * <p>What it stands on: a network that keeps the order of a stream's messages and no other, breaks
 * streams, and lets nothing through for a while; a journal's disk that loses or tears what was not
 * forced, fails and fills up; memory shared by all hosts whose cache lines are volatile ({@link
 * dev.outlay.server.sim.SharedMemory}); hosts that crash, processes that are killed, or stopped and
 * go on between any two stores; clocks that jump or run at different speeds. Requests that no
 * library sends come in between ({@link dev.outlay.server.sim.Strays}).
 *
 * <p>What clients do ({@link dev.outlay.server.sim.ClientProgram}): write, read, commit, truncate,
 * punch, allocate, seek, close, remove, rename, renew, hand their session over, and load from READ
 * mappings that nobody checks ({@link dev.outlay.server.sim.MappedReader}). Of every other seed one
 * file in four is opened ATOMIC: what is written to it takes the place of what is committed with
 * the next commit, and nobody sees it before. Some of their processes reach no device, and read and
 * write through the server. One volume, of some seeds one that hands out zeros, fence policy
 * STRICT.
 *
 * <p>Of one seed in four the volume lies on two or three devices, one behind the other or in
 * stripes, and an {@link dev.outlay.server.sim.Operator} gives it more, has some emptied until they
 * leave, and cuts hosts off from one for a while. There are three units of memory in all ({@link
 * dev.outlay.server.sim.Units}), so that a device that comes may stand, formatted anew, where
 * another one has left its bytes. A block is named by its place on the units: whoever stores there
 * stores to that block, whatever he takes the device for. The choice comes from dice of its own:
 * all other seeds do what they did.
 *
 * <p>What is checked: after each batch the volume is copied into a {@link
 * dev.outlay.server.sim.Picture} and compared with the one before; every change must be what some
 * client asks for, as read off the network ({@link dev.outlay.server.sim.Asked}). Each invariant is
 * a class named after it ({@link dev.outlay.server.sim.Invariants}), and none asks the product for
 * its judgement: they hear every message at both its ends ({@link dev.outlay.server.sim.Talk}),
 * from which follows what clients were told and may believe to hold ({@link
 * dev.outlay.server.sim.Told}, {@link dev.outlay.server.sim.Believed}) and how long their leases
 * run ({@link dev.outlay.server.sim.Leases}). Each store must land where its client holds RW or is
 * in quarantine. Each word read must be what the file held at some moment of the read, and names
 * the write it comes from ({@link dev.outlay.server.sim.Tags}). At the end, with all clients gone,
 * nothing is granted, pending or reserved, and the volume is the same after a restart.
 *
 * <p>How much a run is worth is counted by {@link dev.outlay.server.sim.Tally}: operations, which
 * are steps of programs; those that met what another client held; those that a crash fell into.
 * {@link dev.outlay.server.sim.Shape} makes each seed's run as crowded as the seed says. {@link
 * dev.outlay.server.sim.Probe} lists the rare branches. A {@link dev.outlay.server.sim.Batch} of
 * fifty seeds or more in which too little of that was met fails, though nothing was violated.
 *
 * <p>Runs of many seeds go on at once, a {@link dev.outlay.server.sim.World} each and nothing
 * shared but meters, and the digest of a batch is a sum: neither depends on the number of threads.
 * Most do not fail, so nothing is made into text before somebody reads it ({@code World.tell} takes
 * parts), and the product's log is off.
 *
 * <p>A failing seed prints what was broken and the last events; {@code --shrink} leaves out steps
 * and faults as long as it still fails, and prints who asked for what, was granted what, and stored
 * where ({@link dev.outlay.server.sim.Words}). The same seed always does the same.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.sim;
