package dev.outlay.client.cli;

import dev.outlay.client.OutlayException;
import dev.outlay.core.value.Reason;

/** Failures in the words of the command line: the server knows files by number, users by name. */
final class About {

    private About() {}

    /** The same failure, naming what it is about; one without an answer stays as it is. */
    static OutlayException name(Object subject, OutlayException e) {
        if (e.reason().isEmpty() || e.what().contains(subject.toString())) {
            return e;
        }
        Reason reason = e.reason().get();
        OutlayException named =
                OutlayException.of(
                        reason, subject + ": " + e.what(), e.whatToDo(), e.retryAfterMillis());
        named.initCause(e);
        return named;
    }
}
