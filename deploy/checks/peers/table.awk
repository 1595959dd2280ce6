# Reads rows (key, who, operation, in flight, durable, key of ours, goal; separated by tabs) and then samples (round, key, value), and
# prints a table, or with format=json an array. A figure is the median over the rounds; a ratio, ours to theirs, is taken within each
# round, and is the median of those.
BEGIN { FS = "\t"; count = 0 }
FNR == NR { key[count] = $1; for (i = 2; i <= 7; i++) cell[count, i] = $i; count++; next }
{ sample[$2, $1] = $3; if ($1 + 0 > rounds) rounds = $1 + 0 }

function median(values, n,    i, j, swap) {
    for (i = 1; i < n; i++)
        for (j = i; j > 0 && values[j - 1] > values[j]; j--) {
            swap = values[j]; values[j] = values[j - 1]; values[j - 1] = swap
        }
    return n % 2 ? values[(n - 1) / 2] : (values[n / 2 - 1] + values[n / 2]) / 2
}
function over_rounds(one, other,    round, n, values) { # of a key, or of the ratio of two; empty if there is none
    n = 0
    for (round = 1; round <= rounds; round++)
        if ((one, round) in sample && (other == "" || (other, round) in sample && sample[other, round] > 0))
            values[n++] = sample[one, round] / (other == "" ? 1 : sample[other, round])
    return n ? median(values, n) : ""
}
function number(value) {
    return value == "" ? "-" : sprintf(value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 1 ? "%.2f" : "%.3f", value)
}
function durable(row,    text, forces) { # ends with what was counted of the forces, in the unit that stands in brackets
    text = cell[row, 5]
    forces = over_rounds(key[row] ".force", "")
    if (match(text, / \([a-z]+\)$/))
        text = substr(text, 1, RSTART - 1) (forces == "" ? "" : " (" number(forces) " " substr(text, RSTART + 2, RLENGTH - 3) " a force)")
    return text
}
function quoted(text) {
    gsub(/[\\"]/, "\\\\&", text)
    return "\"" text "\""
}
function or_null(value) {
    return value == "" ? "null" : sprintf("%.6g", value)
}
END {
    line = "%-8s %-46s %9s %12s %8s %6s %-7s %s\n"
    if (format != "json") printf line, "WHO", "OPERATION", "IN FLIGHT", "PER SECOND", "RATIO", "GOAL", "", "DURABLE WHEN IT ANSWERS"
    for (row = 0; row < count; row++) {
        figure = over_rounds(key[row], "")
        ratio = cell[row, 6] == "" ? "" : over_rounds(cell[row, 6], key[row])
        goal = cell[row, 7]
        met = goal == "" || ratio == "" ? "" : ratio >= goal + 0 ? "met" : "MISSED"
        if (format != "json") {
            printf line, cell[row, 2], cell[row, 3], cell[row, 4], number(figure), number(ratio),
                goal == "" ? "" : ">= " goal, met, durable(row)
            continue
        }
        printf "%s    {\"who\": %s, \"operation\": %s, \"inFlight\": %s, \"perSecond\": %s, \"durable\": %s, \"ratio\": %s, \"goal\": %s, \"met\": %s}",
            row ? ",\n" : "", quoted(cell[row, 2]), quoted(cell[row, 3]), cell[row, 4], or_null(figure), quoted(durable(row)),
            or_null(ratio), or_null(goal), met == "" ? "null" : met == "met" ? "true" : "false"
    }
    if (format == "json") printf "\n"
}
