package dev.outlay.core.history;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One JSON object without objects in it: strings, whole numbers, truth values, and lists of
 * strings. All that a line of the exposure log needs, and nothing that could surprise its reader.
 */
final class FlatJson {

    private static final int CONTROL = 0x20;
    private static final int HEX = 16;
    private static final int HEX_DIGITS = 4;

    private final String text;
    private int at;

    private FlatJson(String text) {
        this.text = text;
    }

    /** The fields of an object, in order: Long, Boolean, String, or a list of String. */
    static Map<String, Object> parse(String text) throws HistoryFormatException {
        return new FlatJson(text).object();
    }

    static void quote(StringBuilder out, String value) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < CONTROL) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private Map<String, Object> object() throws HistoryFormatException {
        Map<String, Object> fields = new LinkedHashMap<>();
        expect('{');
        while (peek() != '}') {
            if (!fields.isEmpty()) {
                expect(',');
            }
            String name = string();
            expect(':');
            if (fields.put(name, value()) != null) {
                throw wrong("field '" + name + "' is there twice");
            }
        }
        expect('}');
        if (at != text.length()) {
            throw wrong("something follows the end of the object");
        }
        return fields;
    }

    private Object value() throws HistoryFormatException {
        char c = peek();
        if (c == '"') {
            return string();
        }
        if (c == '[') {
            return list();
        }
        if (text.startsWith("true", at)) {
            at += "true".length();
            return true;
        }
        if (text.startsWith("false", at)) {
            at += "false".length();
            return false;
        }
        return number();
    }

    private List<String> list() throws HistoryFormatException {
        List<String> values = new ArrayList<>();
        expect('[');
        while (peek() != ']') {
            if (!values.isEmpty()) {
                expect(',');
            }
            values.add(string());
        }
        expect(']');
        return values;
    }

    private Long number() throws HistoryFormatException {
        int start = at;
        while (at < text.length() && (text.charAt(at) == '-' || isDigit(text.charAt(at)))) {
            at++;
        }
        try {
            return Long.valueOf(text.substring(start, at));
        } catch (NumberFormatException e) {
            throw wrong("a value is expected");
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private String string() throws HistoryFormatException {
        expect('"');
        int end = at;
        while (end < text.length() && text.charAt(end) != '"' && text.charAt(end) != '\\') {
            end++;
        }
        if (end < text.length() && text.charAt(end) == '"') {
            String plain = text.substring(at, end);
            at = end + 1;
            return plain;
        }
        StringBuilder value = new StringBuilder();
        while (peek() != '"') {
            char c = text.charAt(at++);
            value.append(c == '\\' ? escaped() : c);
        }
        at++;
        return value.toString();
    }

    private char escaped() throws HistoryFormatException {
        char c = peek();
        at++;
        if (c == '"' || c == '\\') {
            return c;
        }
        if (c == 'u' && at + HEX_DIGITS <= text.length()) {
            try {
                char value = (char) Integer.parseInt(text.substring(at, at + HEX_DIGITS), HEX);
                at += HEX_DIGITS;
                return value;
            } catch (NumberFormatException e) {
                throw wrong("not a character");
            }
        }
        throw wrong("an unknown escape");
    }

    private char peek() throws HistoryFormatException {
        if (at >= text.length()) {
            throw wrong("the line ends too early");
        }
        return text.charAt(at);
    }

    private void expect(char c) throws HistoryFormatException {
        if (peek() != c) {
            throw wrong("'" + c + "' is expected");
        }
        at++;
    }

    private HistoryFormatException wrong(String what) {
        return new HistoryFormatException(what + " at character " + (at + 1));
    }
}
