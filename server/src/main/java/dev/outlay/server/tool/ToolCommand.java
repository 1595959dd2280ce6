package dev.outlay.server.tool;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.Table;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * What the offline commands share: their answer goes out for people, or with {@code --json} as one
 * JSON document with sizes and positions in bytes.
 */
@Command(mixinStandardHelpOptions = true)
abstract class ToolCommand {

    static final String EXAMPLES = "%nExamples:%n";

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = "--json", description = "Answer with one JSON document.")
    private boolean json;

    final boolean isJson() {
        return json;
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final void json(Object document) {
        out().println(GSON.toJson(document));
        out().flush();
    }

    final void line(String line) {
        out().println(line);
        out().flush();
    }

    final void table(Table table) {
        table.lines().forEach(out()::println);
        out().flush();
    }

    /** A JSON object of keys and values in turn, in this order. */
    static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return object;
    }

    /** Bytes, for picocli. */
    static final class Size implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            try {
                return Amounts.parseBytes(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
