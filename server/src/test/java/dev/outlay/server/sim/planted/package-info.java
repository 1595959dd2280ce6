/**
 * The checkers are checked: faults put into the product on purpose, one by one, each of which the
 * simulator must find.
 *
 * <p>No fault lives in the product's code. Each is a file of {@code src/test/resources/planted}: it
 * names a source file of the product, the text that makes it right and the text that makes it wrong
 * ({@link dev.outlay.server.sim.planted.PlantedFault}). The wrong source is compiled in memory, and
 * the whole product and the simulator are loaded once more around it by a class loader of their own
 * ({@link dev.outlay.server.sim.planted.PatchedProduct}). Then seeds are run until an invariant
 * does not hold ({@link dev.outlay.server.sim.planted.Hunt}): first the one that showed the fault
 * when its row in the document was written, then all from 1 on.
 *
 * <p>A fault that no seed of its budget shows fails the test, as does one whose text is no more in
 * the source: then the code has changed, and the fault must be put where the rule lives now. What
 * found each fault is kept in {@code docs/planted-faults.md}.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.sim.planted;
