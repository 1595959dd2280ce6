package dev.outlay.bench;

import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.process.Stage;
import dev.outlay.server.device.DeviceFormatter;
import dev.outlay.server.device.FormatOptions;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outlay bench}: runs {@link Benchmark}s and says which goals are met. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        header = "Measure Outlay against the limits of this machine.",
        description = {
            "Runs each benchmark and its yardstick in turns, in one run, and prints both, their"
                    + " ratio, how far it varied from round to round, and the goal. Needs nothing"
                    + " but a temporary folder. With --quick the rounds are short, and the"
                    + " largest sizes are left out.",
            "A missed goal is no failure: the exit code tells whether everything could be measured."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  outlay bench --quick",
            "  outlay bench map cycle --dir /mnt/nvme",
            "  outlay bench --json bench.json --chart bench.svg"
        })
public final class BenchCommand implements Callable<Integer> {

    static final List<Benchmark> ALL =
            List.of(
                    new MapBenchmark(),
                    new CycleBenchmark(),
                    CopyBenchmark.write(),
                    CopyBenchmark.read(),
                    new AppendBenchmark(),
                    new SyncBenchmark(),
                    new HandoverBenchmark(),
                    new ExtentsBenchmark(),
                    new RestartBenchmark(),
                    new CheckpointBenchmark(),
                    new SessionsBenchmark(),
                    new ManyBenchmark(),
                    new ChurnBenchmark(),
                    new StartBenchmark(),
                    new CurvesBenchmark());

    private static final double NANOS_PER_SECOND = 1e9;

    @Parameters(
            paramLabel = "NAME",
            arity = "0..*",
            description =
                    "Which benchmarks to run; all that have goals if none is named. See --list.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--quick", description = "Fewer and shorter rounds, smaller sizes.")
    private boolean quick;

    @Option(names = "--list", description = "Say what the benchmarks do, and run none.")
    private boolean list;

    @Option(
            names = "--dir",
            paramLabel = "FOLDER",
            description = "Where journals and devices lie: the disk to measure. Default: /tmp.")
    private @Nullable Path dir;

    @Option(
            names = "--device",
            paramLabel = "PATH",
            description =
                    "A device for write, read, append and sync instead of a file in the folder."
                            + " ALL IT HOLDS IS LOST.")
    private @Nullable Path device;

    @Option(
            names = "--force",
            description = "Use the device even if it is formatted already or looks like data.")
    private boolean force;

    @Option(
            names = "--peer",
            paramLabel = "FOLDER",
            description =
                    "A folder on another file system of the same disk (one on ext4, one on XFS), for"
                            + " sync to be held against as well.")
    private @Nullable Path peer;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the figures to a file, too, one entry for each line.")
    private @Nullable Path json;

    @Option(
            names = "--chart",
            paramLabel = "FILE",
            description = "Draw them, too, as a picture in SVG.")
    private @Nullable Path chart;

    @Option(
            names = "--keep",
            description = "Leave the temporary folder: journals, devices, and all logs.")
    private boolean keep;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, CommandFailure {
        PrintWriter out = spec.commandLine().getOut();
        List<Benchmark> chosen = chosen();
        if (list) {
            (names.isEmpty() ? ALL : chosen).forEach(each -> describe(each, out));
            out.flush();
            return ExitCode.OK.code();
        }
        checkFolder(dir);
        checkFolder(peer);
        checkFile("--json", json);
        checkFile("--chart", chart);
        claimDevice();
        return run(chosen, out);
    }

    private int run(List<Benchmark> chosen, PrintWriter out) throws IOException, CommandFailure {
        Results results = new Results(figure -> Report.row(out, figure));
        List<Exception> reasons = new ArrayList<>();
        long start = System.nanoTime();
        Report.head(out);
        try (Stage stage = Stage.open(Optional.ofNullable(dir), "outlay-bench-", keep)) {
            Bench bench =
                    new Bench(
                            stage,
                            quick,
                            Optional.ofNullable(device),
                            Optional.ofNullable(peer),
                            results,
                            new Progress(spec.commandLine().getErr(), isTerminal()));
            for (int i = 0; i < chosen.size(); i++) {
                bench.progress().begin(chosen.get(i).name(), i + 1, chosen.size());
                run(chosen.get(i), bench).ifPresent(reasons::add);
                if (!reasons.isEmpty() && stage.isEnding()) {
                    // Ctrl-C has taken the processes away; the JVM ends on its way.
                    return ExitCode.FAILED.code();
                }
            }
            bench.progress().clear();
            if (keep) {
                results.note("kept: " + stage.folder());
            }
        }
        Report.tail(out, results, (System.nanoTime() - start) / NANOS_PER_SECOND);
        if (json != null) {
            Files.writeString(json, Report.json(results, quick));
        }
        if (chart != null) {
            Files.writeString(chart, Chart.svg(results.figures()));
        }
        if (!reasons.isEmpty()) {
            throw failed(results, reasons);
        }
        return ExitCode.OK.code();
    }

    /** Runs one; why it could not be run, if so. */
    private static Optional<Exception> run(Benchmark benchmark, Bench bench) {
        try {
            benchmark.run(bench);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            bench.failed(benchmark, e);
            return Optional.of(e);
        } catch (Exception e) {
            // Whatever it is: the others can be measured nevertheless.
            bench.failed(benchmark, e);
            return Optional.of(e);
        }
    }

    private static CommandFailure failed(Results results, List<Exception> reasons) {
        CommandFailure failed =
                new CommandFailure(
                        "could not be measured to the end: "
                                + String.join(
                                        ", ",
                                        results.failures().stream()
                                                .map(Results.Failure::benchmark)
                                                .toList()),
                        "see the reasons above; --debug shows where, --keep leaves the servers'"
                                + " logs");
        failed.initCause(reasons.getFirst());
        reasons.stream().skip(1).forEach(failed::addSuppressed);
        return failed;
    }

    private static boolean isTerminal() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }

    private List<Benchmark> chosen() {
        Set<Benchmark> chosen = new LinkedHashSet<>();
        for (String name : names) {
            chosen.add(named(name));
        }
        return chosen.isEmpty() ? unnamed() : List.copyOf(chosen);
    }

    /** What runs if none is named. */
    private static List<Benchmark> unnamed() {
        return ALL.stream().filter(each -> !each.runsOnlyIfNamed()).toList();
    }

    private static void describe(Benchmark benchmark, PrintWriter out) {
        String when = unnamed().contains(benchmark) ? "" : " (only if named)";
        out.printf(Locale.ROOT, "%-10s %s%s%n", benchmark.name(), benchmark.work(), when);
    }

    private Benchmark named(String name) {
        return ALL.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                wrong(
                                        "there is no benchmark '"
                                                + name
                                                + "', but "
                                                + String.join(
                                                        ", ",
                                                        ALL.stream()
                                                                .map(Benchmark::name)
                                                                .toList())));
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    private static void checkFolder(@Nullable Path folder) throws CommandFailure {
        if (folder == null) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new CommandFailure(
                    ExitCode.NOT_FOUND, "there is no folder " + folder, "make it, or name another");
        }
        if (!Files.isWritable(folder)) {
            throw new CommandFailure(
                    "nothing can be written in " + folder, "name a folder of your own");
        }
    }

    /** Before all is measured: whether it can be kept. */
    private void checkFile(String option, @Nullable Path file) throws CommandFailure {
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || Files.isDirectory(file)) {
            throw wrong(option + " needs the name of a file, and " + file + " is a folder");
        }
        checkFolder(folder);
    }

    /** Asks once whether the device may be used; the benchmarks ask no more. */
    private void claimDevice() throws IOException, CommandFailure {
        if (device == null) {
            if (force) {
                throw wrong("--force says something about --device only");
            }
            return;
        }
        if (!Files.exists(device)) {
            throw new CommandFailure(
                    ExitCode.NOT_FOUND, "there is no device " + device, "name one that is there");
        }
        device = device.toAbsolutePath();
        var _ =
                DeviceFormatter.format(
                        device,
                        new FormatOptions(
                                OptionalLong.empty(),
                                BenchServer.BLOCK_BYTES,
                                true,
                                force,
                                UUID.randomUUID()));
    }
}
