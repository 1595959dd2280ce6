package dev.outlay.core.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows under aligned columns, two spaces apart. A heading that begins with {@code >} makes its
 * column right-aligned, as numbers want it. One thread.
 */
public final class Table {

    private static final String GAP = "  ";
    private static final String RIGHT = ">";

    private final List<String> headings = new ArrayList<>();
    private final List<Boolean> right = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    public Table(String... headings) {
        for (String heading : headings) {
            boolean isRight = heading.startsWith(RIGHT);
            right.add(isRight);
            this.headings.add(isRight ? heading.substring(RIGHT.length()) : heading);
        }
    }

    /** Adds a row, a cell for each column. */
    public Table row(Object... cells) {
        if (cells.length != headings.size()) {
            throw new IllegalArgumentException(
                    cells.length + " cells for " + headings.size() + " columns");
        }
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(String.valueOf(cell));
        }
        rows.add(row);
        return this;
    }

    /** The lines; the headings first, unless all are empty. */
    public List<String> lines() {
        int[] widths = new int[headings.size()];
        List<List<String>> all = new ArrayList<>();
        if (headings.stream().anyMatch(heading -> !heading.isEmpty())) {
            all.add(headings);
        }
        all.addAll(rows);
        for (List<String> row : all) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], width(row.get(i)));
            }
        }
        return all.stream().map(row -> line(row, widths)).toList();
    }

    private String line(List<String> row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String cell = row.get(i);
            String padding = " ".repeat(widths[i] - width(cell));
            line.append(right.get(i) ? padding + cell : cell + padding).append(GAP);
        }
        return line.toString().stripTrailing();
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
