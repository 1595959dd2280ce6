package dev.outlay.server.sim;

/** I4, I17, I21 and the rest that the product's own state checker knows. */
record CheckedState(World world) implements Invariant {

    @Override
    public void batch(Picture before, Picture now) {
        now.findings().forEach(finding -> world.violated("I4/I17/I21", finding));
    }
}
