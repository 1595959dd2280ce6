package dev.outlay.server.sim.planted;

import dev.outlay.server.sim.planted.Hunt.Finding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The table of {@code docs/planted-faults.md}: which fault was found by what, and how soon. */
final class FaultTable {

    private static final Path DOCUMENT = Path.of("docs/planted-faults.md");
    private static final String BEGIN = "<!-- table -->";
    private static final String END = "<!-- end of table -->";

    private static final int SEED_CELL = 4;

    private FaultTable() {}

    /** One line for each fault, below two for the head. */
    static List<String> lines(Map<PlantedFault, Optional<Finding>> results) {
        List<String> lines = new ArrayList<>();
        lines.add("| fault | breaks | reported by | seed | operations until found | events |");
        lines.add("|---|---|---|---:|---:|---:|");
        results.forEach((fault, found) -> lines.add(line(fault, found)));
        return lines;
    }

    private static String line(PlantedFault fault, Optional<Finding> found) {
        return begin(fault)
                + fault.breaks()
                + " | "
                + found.map(
                                f ->
                                        f.invariant()
                                                + " | "
                                                + f.seed()
                                                + " | "
                                                + f.operations()
                                                + " | "
                                                + f.events())
                        .orElse("**nothing** | - | - | -")
                + " |";
    }

    private static String begin(PlantedFault fault) {
        return "| `" + fault.name() + "`: " + fault.why() + " | ";
    }

    /** Puts the table where the old one is. */
    static void write(Map<PlantedFault, Optional<Finding>> results) {
        String text = read();
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END);
        String table = "\n" + String.join("\n", lines(results)) + "\n";
        try {
            Files.writeString(
                    PlantedFault.root().resolve(DOCUMENT),
                    text.substring(0, begin) + table + text.substring(end));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Faults that the document does not know, or tells otherwise. */
    static List<String> missing(List<PlantedFault> faults) {
        String text = read();
        return faults.stream()
                .filter(f -> !text.contains(begin(f) + f.breaks() + " | "))
                .map(PlantedFault::name)
                .toList();
    }

    /** The seed that showed a fault when the document was written. */
    static OptionalLong seed(PlantedFault fault) {
        return read().lines()
                .filter(line -> line.startsWith("| `" + fault.name() + "`: "))
                .map(line -> line.split("\\|", -1))
                .filter(cells -> cells.length > SEED_CELL)
                .map(cells -> cells[SEED_CELL].strip())
                .filter(cell -> cell.matches("\\d{1,9}"))
                .mapToLong(Long::parseLong)
                .findFirst();
    }

    private static String read() {
        try {
            return Files.readString(PlantedFault.root().resolve(DOCUMENT));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
