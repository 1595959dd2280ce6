package dev.outlay.client.session;

import dev.outlay.client.OutlayException;
import dev.outlay.core.value.Reason;
import dev.outlay.v1.AcknowledgeRecallRequest;
import dev.outlay.v1.EndClientRequest;
import dev.outlay.v1.RenewRequest;
import dev.outlay.v1.Request;
import org.jspecify.annotations.Nullable;

/** The requests by which a session lives, and the words for its failures. */
final class SessionMessages {

    private final SessionConfig config;

    SessionMessages(SessionConfig config) {
        this.config = config;
    }

    static Request.Builder renew() {
        return Request.newBuilder().setRenew(RenewRequest.getDefaultInstance());
    }

    static Request.Builder acknowledge(String volume, long recall) {
        return Request.newBuilder()
                .setAcknowledgeRecall(
                        AcknowledgeRecallRequest.newBuilder()
                                .setVolume(volume)
                                .setRecallId(recall));
    }

    static Request.Builder end() {
        return Request.newBuilder().setEndClient(EndClientRequest.getDefaultInstance());
    }

    /**
     * There was no answer in time.
     *
     * @param trouble what keeps the session from its server, where that is known
     */
    OutlayException noAnswer(String request, @Nullable OutlayException trouble) {
        if (trouble != null) {
            return trouble.again();
        }
        return OutlayException.noAnswer(
                "the server at "
                        + config.server()
                        + " did not answer "
                        + request
                        + " within "
                        + config.deadlineMillis()
                        + " ms",
                "look at its log, then try again");
    }

    OutlayException silent() {
        return OutlayException.noAnswer(
                "the server at " + config.server() + " does not answer",
                "is it running, and the address right?");
    }

    OutlayException interrupted(InterruptedException e) {
        OutlayException interrupted =
                OutlayException.noAnswer(
                        "interrupted while waiting for the server at " + config.server(),
                        "the outcome of the call is unknown");
        interrupted.initCause(e);
        return interrupted;
    }

    static OutlayException closed() {
        return OutlayException.noAnswer("the client is closed", "connect again");
    }

    static OutlayException unexpected(String to) {
        return OutlayException.of(
                Reason.INTERNAL, "the server answered " + to + " with something else");
    }

    static OutlayException senseless(String request, Throwable failure) {
        OutlayException senseless =
                OutlayException.of(
                        Reason.INTERNAL,
                        "the answer of the server to "
                                + request
                                + " makes no sense: "
                                + failure.getMessage());
        senseless.initCause(failure);
        return senseless;
    }
}
