package dev.outlay.core.value;

/**
 * Who asks, and under which number. Operation ids rise per client and volume from 1; a retry
 * carries the id of the first try.
 *
 * @param operationId one or more; a query carries {@link #QUERY}
 * @param answeredThrough the last id up to which the client has all answers; the server forgets
 *     those
 */
public record Origin(ClientId client, long operationId, long answeredThrough) {

    /** The operation id of what changes nothing and is therefore not remembered. */
    public static final long QUERY = 0;

    public boolean isQuery() {
        return operationId == QUERY;
    }

    public static Origin query(ClientId client) {
        return new Origin(client, QUERY, 0);
    }
}
