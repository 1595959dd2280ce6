package dev.outlay;

import dev.outlay.bench.BenchCommand;
import dev.outlay.bench.EchoCommand;
import dev.outlay.client.cli.ClientCommands;
import dev.outlay.core.text.ExitCode;
import dev.outlay.demo.DemoCommand;
import dev.outlay.demo.WriterCommand;
import dev.outlay.server.tool.ToolCommands;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The main class of the program {@code outlay}.
 *
 * <p>Exit codes: {@link ExitCode}. A failure prints one line on standard error, {@code outlay:
 * <what> - <what to do>}; the stack trace appears only with {@code --debug} or {@code
 * OUTLAY_DEBUG=1}.
 */
public final class Outlay {

    private static final String DEBUG_OPTION = "--debug";

    /** As logback.xml reads them, from the environment or the properties of the process. */
    private static final String LOG_LEVEL = "OUTLAY_LOG";

    private static final String LIBRARY_LOG_LEVEL = "OUTLAY_LIBRARY_LOG";

    private Outlay() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] args) {
        boolean debug = "1".equals(System.getenv("OUTLAY_DEBUG"));
        logFor(args, debug);
        CommandLine commandLine = commandLine(debug);
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, failure) -> report(commandLine.getErr(), failure, debug));
        System.exit(commandLine.execute(args));
    }

    /**
     * Only a server's log belongs on standard error: what other commands have to say is their one
     * line. OUTLAY_LOG and --debug show the log of any command. Called before anything logs.
     */
    private static void logFor(String[] args, boolean debug) {
        List<String> words = List.of(args);
        boolean serves =
                words.stream()
                        .filter(word -> !word.startsWith("-"))
                        .findFirst()
                        .equals(Optional.of("serve"));
        if (!serves
                && !debug
                && !words.contains(DEBUG_OPTION)
                && System.getenv(LOG_LEVEL) == null) {
            System.setProperty(LOG_LEVEL, "OFF");
            System.setProperty(LIBRARY_LOG_LEVEL, "OFF");
        }
    }

    /**
     * Builds the whole command line.
     *
     * @param debugByDefault whether failures show their stack trace without being asked to by
     *     {@code --debug}
     */
    static CommandLine commandLine(boolean debugByDefault) {
        CommandLine commandLine = new CommandLine(new RootCommand());
        CommandSpec root = commandLine.getCommandSpec();
        root.addOption(
                OptionSpec.builder(DEBUG_OPTION)
                        .description("On failure, show the stack trace too (as OUTLAY_DEBUG=1).")
                        .scopeType(ScopeType.INHERIT)
                        .type(boolean.class)
                        .build());
        ToolCommands.all().forEach(commandLine::addSubcommand);
        ClientCommands.all().forEach(commandLine::addSubcommand);
        CommandLine device =
                Objects.requireNonNull(
                        commandLine.getSubcommands().get("device"), "the tools have `device`");
        ClientCommands.ofDevice().forEach(device::addSubcommand);
        commandLine.addSubcommand(new DemoCommand());
        commandLine.addSubcommand(new BenchCommand());
        commandLine.addSubcommand(new EchoCommand());
        commandLine.addSubcommand(new WriterCommand());
        commandLine.addSubcommand(new CompletionCommand());
        commandLine.addSubcommand(new VersionCommand());
        commandLine.addSubcommand(new CommandLine.HelpCommand());
        root.usageMessage().exitCodeList(exitCodes());
        showVersionEverywhere(commandLine);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setParameterExceptionHandler((failure, args) -> usage(failure));
        commandLine.setExecutionExceptionHandler(
                (failure, failed, parsed) -> {
                    report(failed.getErr(), failure, debugByDefault || asksForDebug(parsed));
                    return FailureCode.of(failure).code();
                });
        return commandLine;
    }

    /** The table of exit codes, as the help prints it. */
    private static Map<String, String> exitCodes() {
        Map<String, String> codes = new LinkedHashMap<>();
        for (ExitCode code : ExitCode.values()) {
            codes.put(Integer.toString(code.code()), code.meaning());
        }
        return codes;
    }

    /** Every command has the option --version; the version is that of the program. */
    private static void showVersionEverywhere(CommandLine commandLine) {
        for (CommandLine each : commandLine.getSubcommands().values()) {
            each.getCommandSpec().versionProvider(new Version());
            showVersionEverywhere(each);
        }
    }

    private static boolean asksForDebug(ParseResult parsed) {
        return parsed.asCommandLineList().stream()
                .anyMatch(level -> level.getParseResult().hasMatchedOption(DEBUG_OPTION));
    }

    private static void report(PrintWriter err, Throwable failure, boolean debug) {
        err.println("outlay: " + FailureText.of(failure));
        if (debug) {
            failure.printStackTrace(err);
        }
        err.flush();
    }

    private static int usage(ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        PrintWriter err = command.getErr();
        err.println(
                "outlay: "
                        + FailureText.oneLine(usageProblem(failure))
                        + " - see '"
                        + name
                        + " --help'");
        err.flush();
        return ExitCode.USAGE.code();
    }

    private static String usageProblem(ParameterException failure) {
        if (!(failure instanceof UnmatchedArgumentException unmatched)
                || unmatched.getUnmatched().isEmpty()) {
            return String.valueOf(failure.getMessage());
        }
        String word = unmatched.getUnmatched().getFirst();
        boolean expectsCommand = !failure.getCommandLine().getSubcommands().isEmpty();
        String kind = word.startsWith("-") ? "option" : expectsCommand ? "command" : "argument";
        List<String> suggestions = unmatched.getSuggestions();
        String hint = suggestions.isEmpty() ? "" : ", did you mean " + suggestions.getFirst() + "?";
        return "unknown " + kind + " '" + word + "'" + hint;
    }

    /** What {@code outlay} is when no command is named: it explains itself. */
    @Command(
            name = "outlay",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            header =
                    "A networked block-layout server: space is laid out first, and exposed on commit.",
            synopsisSubcommandLabel = "COMMAND",
            exitCodeListHeading = "%nExit codes:%n")
    private static final class RootCommand implements Runnable {

        @CommandLine.Spec private CommandSpec spec = CommandSpec.create();

        @Override
        public void run() {
            spec.commandLine().usage(spec.commandLine().getOut());
        }
    }
}
