package dev.outlay.client;

import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a later process needs to go on with a session: what a command line keeps between two
 * commands. Whoever has it acts as this client, so it belongs in a private file.
 *
 * @param owner as in {@link ClientOptions}
 * @param incarnation random, never 0
 * @param clientId given by the server, never 0
 * @param secret 32 hexadecimal digits, given by the server
 * @param nextOperationIds by volume, the first operation id not used yet
 */
public record SavedSession(
        String owner,
        long incarnation,
        long clientId,
        String secret,
        Map<String, Long> nextOperationIds) {

    private static final int SECRET_BYTES = 16;

    public SavedSession {
        nextOperationIds = Map.copyOf(nextOperationIds);
        if (incarnation == 0 || clientId == 0) {
            throw new IllegalArgumentException("incarnation and client id are never 0");
        }
        if (HexFormat.of().parseHex(secret).length != SECRET_BYTES) {
            throw new IllegalArgumentException("a secret has " + SECRET_BYTES + " bytes");
        }
        nextOperationIds.forEach(
                (volume, id) -> {
                    if (id < 1) {
                        throw new IllegalArgumentException(
                                "operation ids begin at 1, but volume " + volume + " is at " + id);
                    }
                });
    }

    /**
     * The same session with {@code count} operation ids set aside in this volume. Saved before the
     * first request, it keeps a process that dies on the way from leaving ids that the next one
     * would use again.
     */
    public SavedSession skipping(String volume, int count) {
        Map<String, Long> skipped = new TreeMap<>(nextOperationIds);
        skipped.merge(volume, 1L + count, (next, _) -> Math.addExact(next, count));
        return new SavedSession(owner, incarnation, clientId, secret, skipped);
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "SavedSession[owner="
                + owner
                + ", clientId="
                + Long.toHexString(clientId)
                + ", nextOperationIds="
                + nextOperationIds
                + "]";
    }
}
