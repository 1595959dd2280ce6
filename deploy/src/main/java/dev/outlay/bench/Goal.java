package dev.outlay.bench;

import java.util.Locale;

/**
 * What a ratio has to be.
 *
 * @param bound the worst ratio that is still good
 * @param least whether more is better
 */
record Goal(double bound, boolean least) {

    static Goal atLeast(double bound) {
        return new Goal(bound, true);
    }

    static Goal atMost(double bound) {
        return new Goal(bound, false);
    }

    boolean isMet(double ratio) {
        return least ? ratio >= bound : ratio <= bound;
    }

    /** How far it is met: 1 just so, more is better. */
    double part(double ratio) {
        return least ? ratio / bound : bound / Math.max(ratio, Double.MIN_NORMAL);
    }

    String sign() {
        return least ? ">=" : "<=";
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s %.2f", sign(), bound);
    }
}
