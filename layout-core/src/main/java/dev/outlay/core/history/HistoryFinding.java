package dev.outlay.core.history;

/**
 * What is wrong with a history.
 *
 * @param invariant which one is broken, as docs/semantics.md counts them
 * @param place file and line of the event that breaks it
 */
public record HistoryFinding(
        String invariant, String place, long seq, long atMillis, String event, String what) {}
