package dev.outlay.client.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.outlay.core.text.Table;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where a command's answer goes: for people as lines and tables, with {@code --json} as one JSON
 * document. Keys are in camel case, sizes and offsets are numbers in bytes, times are milliseconds
 * since 1970, ids are strings.
 */
final class Output {

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

    private final PrintWriter out;
    private final boolean json;

    Output(PrintWriter out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /** Whether the answer is wanted as JSON. */
    boolean isJson() {
        return json;
    }

    /** Prints the JSON document: maps, lists, strings, numbers and truth values. */
    void json(Object document) {
        out.println(GSON.toJson(document));
        out.flush();
    }

    /** Prints a line for people. */
    void line(String line) {
        out.println(line);
        out.flush();
    }

    /** Prints a table for people. */
    void table(Table table) {
        table.lines().forEach(out::println);
        out.flush();
    }

    /** A JSON object of keys and values in turn, in this order. */
    static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return object;
    }
}
