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
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line of {@code outlay}.
 *
 * <p>Exit codes: {@link ExitCode}. A failure prints one line on standard error, {@code outlay:
 * <what> - <what to do>}; the stack trace appears only with {@code --debug} or {@code
 * OUTLAY_DEBUG=1}.
 */
final class OutlayCommandLine {

    private static final String DEBUG_OPTION = "--debug";

    /** As logback.xml reads them, from the environment or the properties of the process. */
    private static final String LOG_LEVEL = "OUTLAY_LOG";

    private static final String LIBRARY_LOG_LEVEL = "OUTLAY_LIBRARY_LOG";

    private static final String COMPLETION = "completion";
    private static final String HELP = "help";

    /** The commands that need all others. */
    private static final Set<String> TELL_OF_OTHERS = Set.of(COMPLETION, HELP);

    private OutlayCommandLine() {}

    /** Runs one command and ends the process with its exit code. */
    static void run(String[] args) {
        boolean debug = "1".equals(System.getenv("OUTLAY_DEBUG"));
        logFor(args, debug);
        CommandLine commandLine = of(debug, named(args));
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
        if (!named(args).equals("serve")
                && !debug
                && !words.contains(DEBUG_OPTION)
                && System.getenv(LOG_LEVEL) == null) {
            System.setProperty(LOG_LEVEL, "OFF");
            System.setProperty(LIBRARY_LOG_LEVEL, "OFF");
        }
    }

    /** The word that names the command, as options of the program take no values; or "". */
    private static String named(String[] args) {
        for (String word : args) {
            if (!word.startsWith("-")) {
                return word;
            }
        }
        return "";
    }

    /** The command line of all commands. */
    static CommandLine of(boolean debugByDefault) {
        return of(debugByDefault, "");
    }

    /**
     * Builds the command line.
     *
     * @param debugByDefault whether failures show their stack trace without being asked to by
     *     {@code --debug}
     * @param named what the first word of the line is: if it is the name of a command, others are
     *     left out, since to build them all takes longer than most commands do
     */
    static CommandLine of(boolean debugByDefault, String named) {
        CommandLine commandLine = new CommandLine(new RootCommand());
        CommandSpec root = commandLine.getCommandSpec();
        root.addOption(
                OptionSpec.builder(DEBUG_OPTION)
                        .description("On failure, show the stack trace too (as OUTLAY_DEBUG=1).")
                        .scopeType(ScopeType.INHERIT)
                        .type(boolean.class)
                        .build());
        Map<String, Supplier<Object>> commands = commands();
        if (commands.containsKey(named) && !TELL_OF_OTHERS.contains(named)) {
            commands.keySet().retainAll(Set.of(named));
        }
        commands.forEach((name, make) -> commandLine.addSubcommand(name, make.get()));
        CommandLine device = commandLine.getSubcommands().get("device");
        if (device != null) {
            ClientCommands.ofDevice().forEach(device::addSubcommand);
        }
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

    /** All commands in the order of the help. */
    private static Map<String, Supplier<Object>> commands() {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>(ToolCommands.byName());
        commands.putAll(ClientCommands.byName());
        commands.put("demo", DemoCommand::new);
        commands.put("bench", BenchCommand::new);
        commands.put("bench-echo", EchoCommand::new);
        commands.put("demo-writer", WriterCommand::new);
        commands.put(COMPLETION, CompletionCommand::new);
        commands.put("version", VersionCommand::new);
        commands.put(HELP, CommandLine.HelpCommand::new);
        return commands;
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
            each.getCommandSpec().versionProvider(new Version.Provider());
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
            versionProvider = Version.Provider.class,
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
