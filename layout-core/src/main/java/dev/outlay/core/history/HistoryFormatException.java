package dev.outlay.core.history;

/** A line is not one of an exposure log, or is damaged. */
public final class HistoryFormatException extends Exception {

    private static final long serialVersionUID = 1;

    public HistoryFormatException(String message) {
        super(message);
    }
}
