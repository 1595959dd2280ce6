package dev.outlay.process;

import java.util.Optional;

/** Something is not as it has to be; the message says what, in one clause. */
public final class StepFailed extends Exception {

    private static final long serialVersionUID = 1;

    private final Optional<String> process;

    public StepFailed(String what) {
        super(what);
        this.process = Optional.empty();
    }

    /**
     * A process is at fault.
     *
     * @param process its name, whose log says more
     */
    public StepFailed(String what, String process) {
        super(what);
        this.process = Optional.of(process);
    }

    /** Whose log says more, beside the server's. */
    public Optional<String> process() {
        return process;
    }
}
