package dev.outlay;

import java.io.PrintWriter;
import java.util.Locale;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outlay completion}: the script that completes commands and options on the Tab key. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        header = "Prints the script that completes commands in a shell.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  source <(outlay completion bash)",
            "  outlay completion zsh > ~/.outlay-completion.zsh   (then source it in .zshrc)"
        })
final class CompletionCommand implements Runnable {

    /** The shells there is a script for. */
    enum Shell {
        BASH,
        ZSH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "bash|zsh", description = "The shell: ${COMPLETION-CANDIDATES}.")
    private Shell shell = Shell.BASH;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        // picocli's script loads zsh's emulation of bash completion by itself where it runs in zsh.
        String script = AutoComplete.bash("outlay", spec.root().commandLine());
        out.print(
                switch (shell) {
                    case BASH -> script;
                    case ZSH -> "autoload -U +X compinit && compinit\n" + script;
                });
        out.flush();
    }
}
