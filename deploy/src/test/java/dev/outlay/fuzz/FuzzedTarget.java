package dev.outlay.fuzz;

/**
 * What Jazzer calls, in a process of its own; {@code -Doutlay.fuzz.target} says for which target.
 */
public final class FuzzedTarget {

    static final String TARGET = "outlay.fuzz.target";

    private static final Target CHOSEN = Target.valueOf(System.getProperty(TARGET, ""));

    private FuzzedTarget() {}

    /** Found by its name. */
    public static void fuzzerTestOneInput(byte[] input) {
        CHOSEN.run(input);
    }
}
