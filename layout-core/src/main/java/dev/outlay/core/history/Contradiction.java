package dev.outlay.core.history;

/** An event that does not fit what the log has told before, and the invariant that it breaks. */
final class Contradiction extends Exception {

    private static final long serialVersionUID = 1;

    private final String invariant;

    Contradiction(String invariant, String message) {
        super(message, null, false, false);
        this.invariant = invariant;
    }

    String invariant() {
        return invariant;
    }

    String what() {
        return String.valueOf(getMessage());
    }
}
