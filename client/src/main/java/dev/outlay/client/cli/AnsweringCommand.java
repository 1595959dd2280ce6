package dev.outlay.client.cli;

import picocli.CommandLine.Option;

/** A command that answers with data, for people or as JSON. */
abstract class AnsweringCommand extends ClientCommand {

    @Option(names = "--json", description = "Answer with one JSON document.")
    private boolean json;

    final Output output() {
        return new Output(out(), json);
    }
}
