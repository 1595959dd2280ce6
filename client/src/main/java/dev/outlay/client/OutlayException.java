package dev.outlay.client;

import dev.outlay.core.value.Reason;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A request failed. The message is one line for the user: what was wrong, and what to do about it.
 *
 * <p>Checked, and an {@link IOException}, because the library stands where a file API stands: one
 * catch clause takes the server's refusals, a lost connection and the failures of a device ({@link
 * dev.outlay.client.device.DeviceException}) alike.
 *
 * <p>{@link #reason} tells a refusal by the server, in the words of the protocol, from a failure to
 * get an answer at all, where it is empty: then the outcome of a change is unknown.
 */
public final class OutlayException extends IOException {

    private static final long serialVersionUID = 1;

    /** Between the two halves of the message. */
    private static final String ADVICE = " - ";

    private final Optional<Reason> reason;
    private final String what;
    private final String whatToDo;
    private final int retryAfterMillis;
    private transient @Nullable CompletableFuture<?> underWay;

    private OutlayException(
            Optional<Reason> reason, String what, String whatToDo, int retryAfterMillis) {
        super(whatToDo.isEmpty() ? what : what + ADVICE + whatToDo);
        this.reason = reason;
        this.what = what;
        this.whatToDo = whatToDo;
        this.retryAfterMillis = retryAfterMillis;
    }

    /** A refusal, with the advice that goes with its reason. */
    public static OutlayException of(Reason reason, String what) {
        return new OutlayException(Optional.of(reason), what, reason.advice(), 0);
    }

    /** A refusal, with advice of its own. */
    public static OutlayException of(Reason reason, String what, String whatToDo) {
        return new OutlayException(Optional.of(reason), what, whatToDo, 0);
    }

    /** A refusal that may be gone after a while. */
    public static OutlayException of(
            Reason reason, String what, String whatToDo, int retryAfterMillis) {
        return new OutlayException(Optional.of(reason), what, whatToDo, retryAfterMillis);
    }

    /** There is no answer: the server cannot be reached, or does not say anything in time. */
    public static OutlayException noAnswer(String what, String whatToDo) {
        return new OutlayException(Optional.empty(), what, whatToDo, 0);
    }

    /** The same failure for one more caller, with its own stack trace. */
    public OutlayException again() {
        OutlayException again = new OutlayException(reason, what, whatToDo, retryAfterMillis);
        again.initCause(this);
        again.underWay = underWay;
        return again;
    }

    /** The request was sent, and may still be done: {@code answer} completes when that is known. */
    public OutlayException underWay(CompletableFuture<?> answer) {
        underWay = answer;
        return this;
    }

    /** Completes when it is known what has become of the request; empty if that is known. */
    Optional<CompletableFuture<?>> underWay() {
        return Optional.ofNullable(underWay);
    }

    /** Why the server refused; empty if it did not answer. */
    public Optional<Reason> reason() {
        return reason;
    }

    /** Whether the server refused for this reason. */
    public boolean is(Reason expected) {
        return reason.isPresent() && reason.get() == expected;
    }

    /** Whether the same request may succeed later, or has succeeded without a word reaching us. */
    boolean isPassing() {
        return reason.isEmpty() || reason.get().errorClass() == Reason.ErrorClass.RETRY;
    }

    /** What was wrong, without the advice. */
    public String what() {
        return what;
    }

    /** What the caller can do about it; may be empty. */
    public String whatToDo() {
        return whatToDo;
    }

    /** Milliseconds after which a repetition may succeed; 0 if waiting alone does not help. */
    public int retryAfterMillis() {
        return retryAfterMillis;
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
