package dev.outlay.server.config;

import java.util.List;

/** The configuration is refused. The message has one line for each problem, each with its place. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String problems;

    public ConfigException(List<String> problems) {
        this.problems = String.join(System.lineSeparator(), problems);
    }

    @Override
    public String getMessage() {
        return problems;
    }
}
