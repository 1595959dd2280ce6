package dev.outlay.server.tool;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Facts, which are records of records, in words and as JSON. The name of a record stands under
 * {@code "type"}; a record of one number or of its own text form is that. What belongs to a secret
 * is left out.
 */
final class FactText {

    private static final Set<String> SECRET = Set.of("secretHigh", "secretLow");
    private static final String CORE = "dev.outlay.core.value.";
    private static final Set<String> IDS = Set.of("FileId", "ClientId", "LayoutId", "Stateid");

    private FactText() {}

    /** As maps, lists, numbers, texts and truth values. */
    static Object json(Object value) {
        return switch (value) {
            case Record r -> record(r);
            case List<?> list -> list.stream().map(FactText::json).toList();
            case Optional<?> optional -> optional.<Object>map(FactText::json).orElse("");
            case OptionalLong optional -> optional.isPresent() ? optional.getAsLong() : "";
            case OptionalInt optional -> optional.isPresent() ? optional.getAsInt() : "";
            case Number number -> number;
            case Boolean truth -> truth;
            default -> value.toString();
        };
    }

    /** One line: the type, then each field. */
    static String line(Object value) {
        return words(json(value), true);
    }

    private static Object record(Record value) {
        Class<?> type = value.getClass();
        if (type.getName().startsWith(CORE) && IDS.contains(type.getSimpleName())) {
            return value.toString();
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        if (!type.getName().startsWith(CORE)) {
            fields.put("type", type.getSimpleName());
        }
        for (RecordComponent component : type.getRecordComponents()) {
            if (!SECRET.contains(component.getName())) {
                fields.put(component.getName(), json(get(value, component)));
            }
        }
        return fields;
    }

    private static Object get(Record value, RecordComponent component) {
        try {
            Object field = component.getAccessor().invoke(value);
            return field == null ? "" : field;
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("no access to " + component, e);
        }
    }

    private static String words(Object json, boolean outermost) {
        return switch (json) {
            case Map<?, ?> fields -> {
                List<String> parts = new ArrayList<>();
                Object type = fields.get("type");
                fields.forEach(
                        (name, field) -> {
                            if (!name.equals("type")) {
                                parts.add(name + "=" + words(field, false));
                            }
                        });
                String all = String.join(" ", parts);
                yield outermost
                        ? (type == null ? all : type + " " + all).strip()
                        : (type == null ? "" : type) + "{" + all + "}";
            }
            case List<?> list -> {
                List<String> parts = new ArrayList<>();
                list.forEach(element -> parts.add(words(element, false)));
                yield "[" + String.join(", ", parts) + "]";
            }
            case String text -> text.isEmpty() || text.contains(" ") ? "'" + text + "'" : text;
            default -> json.toString();
        };
    }
}
