package dev.outlay.core.history;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.LayoutRange;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * One event of an exposure log: a JSON object on a line of its own, which ends with its CRC32C over
 * all bytes before the field {@code crc}. Fields and events are listed in docs/history.md; a reader
 * passes over fields it does not know.
 *
 * @param seq rises by one from line to line of a volume, so that a missing line is noticed
 * @param atMillis wall clock of the server when it knew that the event was durable
 * @param position of the journal that was forced then
 * @param step the same for all lines that happened at once; rises
 * @param fields more of it: Long, Boolean, String, ClientId, or lists of one kind of range
 */
public record HistoryLine(
        long seq,
        long atMillis,
        long position,
        long step,
        String event,
        Map<String, Object> fields) {

    private static final String CRC_FIELD = ",\"crc\":\"";
    private static final int CRC_LENGTH = CRC_FIELD.length() + 8 + 2;
    private static final int HEX = 16;

    // ---- making one

    /** What happened, before it has its place in a log. */
    public static final class Draft {
        private final String event;
        private final Map<String, Object> fields = new LinkedHashMap<>();

        public Draft(String event) {
            this.event = event;
        }

        public Draft with(String name, Object value) {
            fields.put(name, value);
            return this;
        }

        /** As {@link #with}, unless the list is empty. */
        public Draft withAll(String name, List<?> values) {
            if (!values.isEmpty()) {
                fields.put(name, List.copyOf(values));
            }
            return this;
        }

        public HistoryLine at(long seq, long atMillis, long position, long step) {
            return new HistoryLine(seq, atMillis, position, step, event, fields);
        }
    }

    // ---- reading its fields

    public boolean has(String name) {
        return fields.containsKey(name);
    }

    public boolean flag(String name) {
        return fields.get(name) instanceof Boolean value && value;
    }

    public long number(String name) throws HistoryFormatException {
        if (fields.get(name) instanceof Long value) {
            return value;
        }
        throw lacks(name, "number");
    }

    public String text(String name) throws HistoryFormatException {
        if (fields.get(name) instanceof String value) {
            return value;
        }
        throw lacks(name, "string");
    }

    /** The bits of a client id. */
    public long client(String name) throws HistoryFormatException {
        Object value = fields.get(name);
        if (value instanceof ClientId id) {
            return id.value();
        }
        try {
            return Long.parseUnsignedLong(text(name), HEX);
        } catch (NumberFormatException e) {
            throw lacks(name, "client id");
        }
    }

    public List<String> words(String name) throws HistoryFormatException {
        return list(name, String.class, text -> text);
    }

    public List<ByteRange> ranges(String name) throws HistoryFormatException {
        return list(name, ByteRange.class, HistoryText::range);
    }

    public List<LayoutRange> held(String name) throws HistoryFormatException {
        return list(name, LayoutRange.class, HistoryText::held);
    }

    public List<DeviceRange> places(String name) throws HistoryFormatException {
        return list(name, DeviceRange.class, HistoryText::place);
    }

    public List<Extent> blocks(String name) throws HistoryFormatException {
        return list(name, Extent.class, HistoryText::extent);
    }

    private interface Parser<T> {
        T parse(String text) throws HistoryFormatException;
    }

    private <T> List<T> list(String name, Class<T> type, Parser<T> parser)
            throws HistoryFormatException {
        Object value = fields.get(name);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> all)) {
            throw lacks(name, "list");
        }
        List<T> parsed = new ArrayList<>(all.size());
        for (Object each : all) {
            parsed.add(type.isInstance(each) ? type.cast(each) : parser.parse(each.toString()));
        }
        return parsed;
    }

    private HistoryFormatException lacks(String name, String kind) {
        return new HistoryFormatException("'" + event + "' has no " + kind + " '" + name + "'");
    }

    // ---- as text

    /** The line, without its end. */
    public String encode() {
        StringBuilder out = new StringBuilder(256);
        out.append("{\"seq\":").append(seq);
        out.append(",\"at\":\"").append(Instant.ofEpochMilli(atMillis));
        out.append("\",\"pos\":").append(position);
        out.append(",\"step\":").append(step);
        out.append(",\"event\":");
        FlatJson.quote(out, event);
        fields.forEach(
                (name, value) -> {
                    out.append(',');
                    FlatJson.quote(out, name);
                    out.append(':');
                    append(out, value);
                });
        String crc = crc(out.toString());
        return out.append(CRC_FIELD).append(crc).append("\"}").toString();
    }

    private static void append(StringBuilder out, Object value) {
        switch (value) {
            case Long number -> out.append((long) number);
            case Boolean flag -> out.append((boolean) flag);
            case List<?> list -> {
                out.append('[');
                for (int i = 0; i < list.size(); i++) {
                    if (i > 0) {
                        out.append(',');
                    }
                    FlatJson.quote(out, HistoryText.of(list.get(i)));
                }
                out.append(']');
            }
            case Object other -> FlatJson.quote(out, HistoryText.of(other));
        }
    }

    private static String crc(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    /**
     * Reads a line.
     *
     * @throws HistoryFormatException if it is torn, damaged or none of this format, saying so
     */
    public static HistoryLine decode(String line) throws HistoryFormatException {
        int body = line.length() - CRC_LENGTH;
        if (body <= 0 || !line.startsWith(CRC_FIELD, body) || !line.endsWith("\"}")) {
            throw new HistoryFormatException("it is torn, or no line of an exposure log");
        }
        String found = line.substring(body + CRC_FIELD.length(), line.length() - 2);
        if (!found.equals(crc(line.substring(0, body)))) {
            throw new HistoryFormatException("its checksum is wrong: the line is damaged");
        }
        Map<String, Object> fields = FlatJson.parse(line.substring(0, body) + "}");
        HistoryLine raw = new HistoryLine(0, 0, 0, 0, "line", fields);
        long seq = raw.number("seq");
        long at = millis(raw.text("at"));
        long position = raw.number("pos");
        long step = raw.number("step");
        String event = raw.text("event");
        List.of("seq", "at", "pos", "step", "event").forEach(fields::remove);
        return new HistoryLine(seq, at, position, step, event, fields);
    }

    private static long millis(String at) throws HistoryFormatException {
        try {
            return Instant.parse(at).toEpochMilli();
        } catch (DateTimeException e) {
            throw new HistoryFormatException("'" + at + "' is no time");
        }
    }
}
