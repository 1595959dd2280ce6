package dev.outlay.server.admin;

import java.util.List;
import java.util.Optional;

/**
 * How the server is. Asked by the thread of the HTTP port at every probe: must not wait. Reasons
 * are one sentence for a person.
 */
public interface Health {
    /** Why the process should be restarted; empty while it works. */
    Optional<String> whyNotLive();

    /** Why clients should not be sent here now; empty while it serves. */
    Optional<String> whyNotReady();

    /** What is wrong while it serves all the same, one sentence each: volumes in trouble. */
    List<String> troubles();
}
