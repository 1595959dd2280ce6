/**
 * Every decoder of bytes that are not trusted, or may be damaged, under arbitrary bytes.
 *
 * <p>A {@link dev.outlay.fuzz.Target} decodes an input. It may refuse it in the one documented way;
 * any other exception, an allocation out of proportion, a result that does not come back from its
 * own encoding, or an input that takes seconds is a defect. {@link dev.outlay.fuzz.FuzzTest} runs
 * the kept corpus, in {@code src/test/resources/fuzz/TARGET}, and then lets Jazzer look for more
 * for a while: {@code deploy/checks/fuzz.sh}.
 */
@NullMarked
package dev.outlay.fuzz;

import org.jspecify.annotations.NullMarked;
