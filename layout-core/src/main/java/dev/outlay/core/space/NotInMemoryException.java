package dev.outlay.core.space;

/**
 * What is asked for lies in the store, and must not be fetched now. It has no stack: it is often.
 */
public final class NotInMemoryException extends RuntimeException {

    private static final long serialVersionUID = 1;

    NotInMemoryException() {
        super("extents are not in memory", null, false, false);
    }
}
