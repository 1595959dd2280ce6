package dev.outlay.demo;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.process.Stage;
import dev.outlay.process.StepFailed;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outlay demo}: tells the {@link Story}, and fails if anything in it differs. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        header = "Show on real processes that nobody reads a stale byte.",
        description = {
            "Starts a server on a temporary plain file full of 0xCD, kills a writer before it"
                    + " commits, kills the server, and compares every byte that is read meanwhile."
                    + " Takes a few seconds and leaves nothing behind."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  outlay demo", "  outlay demo --keep", "  outlay demo --json | jq .staleBytes"})
public final class DemoCommand implements Callable<Integer> {

    private static final String NON_ASCII = "✓✗█░·╳";
    private static final int LOG_TAIL_LINES = 20;
    private static final double NANOS_PER_SECOND = 1e9;

    @Option(
            names = "--keep",
            description = "Leave the temporary folder: the device, the journal, and all logs.")
    private boolean keep;

    @Option(names = "--json", description = "Answer with one JSON document.")
    private boolean json;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, CommandFailure {
        long start = System.nanoTime();
        try (Stage stage = Stage.open(Optional.empty(), "outlay-demo-", keep)) {
            Narrator narrator =
                    new Narrator(
                            json
                                    ? new PrintWriter(Writer.nullWriter())
                                    : spec.commandLine().getOut(),
                            style());
            Story story = new Story(stage, narrator);
            narrator.heading("Outlay demo: can anybody read a byte that is not theirs to read?");
            Optional<Throwable> failure = tell(story);
            if (failure.isPresent() && stage.isEnding()) {
                // Ctrl-C has taken the processes away; the JVM ends on its way.
                return ExitCode.FAILED.code();
            }
            double seconds = (System.nanoTime() - start) / NANOS_PER_SECOND;
            failure.ifPresent(why -> narrator.failed(words(why)));
            summarise(story, narrator, failure.isEmpty(), seconds);
            if (json) {
                print(story, narrator, failure, seconds, stage);
            } else if (keep) {
                spec.commandLine().getOut().println("kept: " + stage.folder());
            }
            if (failure.isPresent()) {
                showLogs(stage, failure.get());
                throw failed(narrator, failure.get());
            }
            return ExitCode.OK.code();
        }
    }

    private static Optional<Throwable> tell(Story story) {
        try {
            story.tell();
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of(e);
        } catch (IOException | StepFailed | RuntimeException e) {
            return Optional.of(e);
        }
    }

    private static void summarise(Story story, Narrator narrator, boolean good, double seconds) {
        narrator.summary(
                good,
                String.format(
                        Locale.ROOT,
                        "%s: %d bytes read, %d stale bytes, %d operations (%s went through the"
                                + " server), %.1f seconds",
                        good ? "passed" : "FAILED",
                        story.bytesRead(),
                        story.staleBytes(),
                        story.operations(),
                        Amounts.bytes(story.trafficBytes()),
                        seconds));
    }

    private void print(
            Story story,
            Narrator narrator,
            Optional<Throwable> failure,
            double seconds,
            Stage stage) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("passed", failure.isEmpty());
        document.put("bytesRead", story.bytesRead());
        document.put("staleBytes", story.staleBytes());
        document.put("operations", story.operations());
        document.put("serverTrafficBytes", story.trafficBytes());
        document.put("millis", Math.round(seconds * 1_000));
        document.put("steps", narrator.steps());
        document.put("failure", failure.map(DemoCommand::words).orElse(null));
        document.put("folder", keep ? stage.folder().toString() : null);
        Gson gson =
                new GsonBuilder()
                        .setPrettyPrinting()
                        .disableHtmlEscaping()
                        .serializeNulls()
                        .create();
        spec.commandLine().getOut().println(gson.toJson(document));
        spec.commandLine().getOut().flush();
    }

    /** The end of what the server logged, and of what the process at fault did. */
    private void showLogs(Stage stage, Throwable failure) {
        Set<String> names = new LinkedHashSet<>(List.of(Story.SERVER));
        if (failure instanceof StepFailed step) {
            step.process().ifPresent(names::add);
        }
        PrintWriter err = spec.commandLine().getErr();
        for (String name : names) {
            List<String> lines = tail(stage.log(name));
            if (!lines.isEmpty()) {
                err.println("the end of the log of " + name + ":");
                lines.forEach(line -> err.println("  | " + line));
            }
        }
        err.flush();
    }

    private static List<String> tail(Path log) {
        try {
            List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            return lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size());
        } catch (IOException e) {
            // It was never started.
            return List.of();
        }
    }

    private CommandFailure failed(Narrator narrator, Throwable failure) {
        List<Narrator.Step> steps = narrator.steps();
        CommandFailure failed =
                new CommandFailure(
                        "the demonstration failed in step "
                                + steps.size()
                                + " ("
                                + steps.getLast().title()
                                + ")",
                        keep
                                ? "see above why, and all files in the folder that was kept"
                                : "see above why, and all files with --keep");
        failed.initCause(failure);
        return failed;
    }

    private static String words(Throwable failure) {
        return failure instanceof RuntimeException
                ? failure.toString()
                : Objects.requireNonNullElse(failure.getMessage(), failure.toString());
    }

    private static Narrator.Style style() {
        Charset output =
                Objects.requireNonNullElse(System.out.charset(), StandardCharsets.US_ASCII);
        boolean plain = !output.newEncoder().canEncode(NON_ASCII);
        return new Narrator.Style(wantsColours(), plain);
    }

    /** On a terminal that has them, unless the user's environment says no (no-color.org). */
    private static boolean wantsColours() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false)
                && Objects.requireNonNullElse(System.getenv("NO_COLOR"), "").isEmpty()
                && !"dumb".equals(System.getenv("TERM"));
    }
}
