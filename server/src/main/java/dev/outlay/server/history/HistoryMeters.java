package dev.outlay.server.history;

/** What is counted of a volume's exposure log. Any thread. */
public interface HistoryMeters extends AutoCloseable {

    /** Lines have been written. */
    void written(long lines);

    /** Events have been lost: they are in no line. */
    void lost(long events);

    /** Whether the log cannot be written at the moment. */
    void failing(boolean is);

    @Override
    default void close() {}

    /** Nobody counts. */
    HistoryMeters NONE =
            new HistoryMeters() {
                @Override
                public void written(long lines) {}

                @Override
                public void lost(long events) {}

                @Override
                public void failing(boolean is) {}
            };
}
