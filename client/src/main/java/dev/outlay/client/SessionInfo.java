package dev.outlay.client;

import java.util.UUID;

/**
 * What is known of an open session.
 *
 * @param leaseMillis granted by the server
 * @param leaseLeftMillis until this client stops its I/O unless the lease is renewed; 0 or less: it
 *     has stopped
 */
public record SessionInfo(
        long clientId,
        UUID serverId,
        long serverIncarnation,
        int leaseMillis,
        long leaseLeftMillis) {}
