package dev.outlay.core.history;

/** Hears what is wrong with the event that is being replayed. */
@FunctionalInterface
interface HistoryReport {
    void found(String invariant, String what);
}
