package dev.outlay.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was found out, as a table and as JSON. */
final class Report {

    private static final String ROW = "%-34s %10s %10s  %-11s %7s  %-15s %-9s %-7s %s%n";

    private Report() {}

    /** The first line. */
    static void head(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                ROW,
                "BENCHMARK",
                "OUTLAY",
                "YARDSTICK",
                "UNIT",
                "RATIO",
                "SPREAD",
                "GOAL",
                "",
                "YARDSTICK IS");
        out.flush();
    }

    static void row(PrintWriter out, Figure figure) {
        Rounds.Pair measured = figure.measured();
        out.printf(
                Locale.ROOT,
                ROW,
                figure.name(),
                number(measured.value()),
                number(measured.yardstick()),
                figure.unit(),
                number(measured.ratio()),
                number(measured.lowest()) + ".." + number(measured.highest()),
                figure.goal().map(Goal::toString).orElse(""),
                figure.goal().isEmpty() ? "" : figure.isMet() ? "met" : "MISSED",
                figure.against());
        out.flush();
    }

    /** The last lines. */
    static void tail(PrintWriter out, Results results, double seconds) {
        results.notes().forEach(out::println);
        for (Results.Failure failure : results.failures()) {
            out.println(failure.benchmark() + " FAILED: " + failure.why());
        }
        long met = results.figures().stream().filter(Figure::isMet).count();
        long goals = results.figures().stream().filter(each -> each.goal().isPresent()).count();
        out.printf(Locale.ROOT, "%d of %d goals met, in %.0f s%n", met, goals, seconds);
        out.flush();
    }

    /** Three digits that count. */
    static String number(double value) {
        double size = Math.abs(value);
        String format = size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f";
        return String.format(Locale.ROOT, format, value);
    }

    static String json(Results results, boolean quick) {
        List<Map<String, @Nullable Object>> entries = new ArrayList<>();
        for (Figure figure : results.figures()) {
            Rounds.Pair measured = figure.measured();
            Map<String, @Nullable Object> entry = new LinkedHashMap<>();
            entry.put("name", figure.name());
            entry.put("value", finite(measured.value()));
            entry.put("yardstick", finite(measured.yardstick()));
            entry.put("ratio", finite(measured.ratio()));
            entry.put("goal", figure.goal().map(Goal::bound).orElse(null));
            entry.put("met", figure.goal().isPresent() ? figure.isMet() : null);
            entry.put("comparison", figure.goal().map(Goal::sign).orElse(null));
            entry.put("unit", figure.unit());
            entry.put("yardstickIs", figure.against());
            entry.put("lowestRatio", finite(measured.lowest()));
            entry.put("highestRatio", finite(measured.highest()));
            entries.add(entry);
        }
        List<Map<String, Object>> failed = new ArrayList<>();
        for (Results.Failure failure : results.failures()) {
            failed.add(Map.of("benchmark", failure.benchmark(), "why", failure.why()));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("benchmarks", entries);
        document.put("failed", failed);
        document.put("notes", results.notes());
        document.put("quick", quick);
        document.put("processors", Runtime.getRuntime().availableProcessors());
        document.put("java", System.getProperty("java.vm.version", ""));
        document.put(
                "system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        Gson gson =
                new GsonBuilder()
                        .setPrettyPrinting()
                        .disableHtmlEscaping()
                        .serializeNulls()
                        .create();
        return gson.toJson(document) + "\n";
    }

    /** A number, or null for what is none: JSON has no word for that. */
    private static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
