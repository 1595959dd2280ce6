package dev.outlay.server.sim;

/** Seeds from {@code first} to {@code last}. */
record Seeds(long first, long last) {

    Seeds {
        if (first > last) {
            throw new IllegalArgumentException("no seeds from " + first + " to " + last);
        }
    }

    /** {@code A..B}, or one number. */
    static Seeds parse(String text) {
        int dots = text.indexOf("..");
        return dots < 0
                ? new Seeds(Long.parseLong(text), Long.parseLong(text))
                : new Seeds(
                        Long.parseLong(text.substring(0, dots)),
                        Long.parseLong(text.substring(dots + 2)));
    }

    long count() {
        return last - first + 1;
    }
}
