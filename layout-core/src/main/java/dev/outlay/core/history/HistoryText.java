package dev.outlay.core.history;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import java.util.HexFormat;
import java.util.Locale;

/**
 * Ranges as the exposure log writes them: {@code 8192+4096} (offset and length; {@code 8192+} to
 * the end of everything), {@code 8192+4096 RW} as held, {@code 0:40960+4096} on device 0, {@code
 * 8192+4096@0:40960 written} for blocks.
 */
final class HistoryText {

    private static final String KEPT = "kept";
    private static final String SHARED = "shared";
    private static final String AT_RISK = "at-risk";
    private static final String NEW = "new";

    private HistoryText() {}

    static String of(Object value) {
        return switch (value) {
            case ByteRange range -> text(range);
            case LayoutRange held -> text(held.range()) + " " + held.kind();
            case DeviceRange place -> place.device() + ":" + place.start() + "+" + place.length();
            case Extent extent -> text(extent);
            case ClientId id -> HexFormat.of().toHexDigits(id.value());
            case Object other -> other.toString();
        };
    }

    static String text(ByteRange range) {
        return range.start() + "+" + (range.end() == ByteRange.END ? "" : range.length());
    }

    private static String text(Extent extent) {
        StringBuilder out = new StringBuilder();
        out.append(extent.fileOffset()).append('+').append(extent.length());
        if (extent.hasAddress()) {
            out.append('@').append(extent.device()).append(':').append(extent.deviceOffset());
        }
        out.append(' ').append(extent.state().name().toLowerCase(Locale.ROOT));
        flag(out, extent, Extent.KEPT, KEPT);
        flag(out, extent, Extent.SHARED, SHARED);
        flag(out, extent, Extent.AT_RISK, AT_RISK);
        flag(out, extent, Extent.NEW, NEW);
        return out.toString();
    }

    private static void flag(StringBuilder out, Extent extent, int flag, String word) {
        if (extent.has(flag)) {
            out.append(' ').append(word);
        }
    }

    static ByteRange range(String text) throws HistoryFormatException {
        int plus = text.indexOf('+');
        try {
            long start = Long.parseLong(text.substring(0, Math.max(plus, 0)));
            String length = text.substring(plus + 1);
            return length.isEmpty()
                    ? ByteRange.from(start)
                    : ByteRange.ofLength(start, Long.parseLong(length));
        } catch (IllegalArgumentException e) {
            throw wrong(text, "range");
        }
    }

    static LayoutRange held(String text) throws HistoryFormatException {
        int blank = text.indexOf(' ');
        try {
            return new LayoutRange(
                    range(text.substring(0, Math.max(blank, 0))),
                    GrantKind.valueOf(text.substring(blank + 1)));
        } catch (IllegalArgumentException e) {
            throw wrong(text, "grant");
        }
    }

    static DeviceRange place(String text) throws HistoryFormatException {
        int colon = text.indexOf(':');
        ByteRange range = range(text.substring(colon + 1));
        try {
            return new DeviceRange(
                    Integer.parseInt(text.substring(0, Math.max(colon, 0))),
                    range.start(),
                    range.length());
        } catch (IllegalArgumentException e) {
            throw wrong(text, "place on a device");
        }
    }

    static Extent extent(String text) throws HistoryFormatException {
        String[] words = text.split(" ", -1);
        int at = words[0].indexOf('@');
        ByteRange range = range(at < 0 ? words[0] : words[0].substring(0, at));
        try {
            int device = Extent.NO_DEVICE;
            long offset = 0;
            if (at >= 0) {
                int colon = words[0].indexOf(':', at);
                device = Integer.parseInt(words[0].substring(at + 1, Math.max(colon, at + 1)));
                offset = Long.parseLong(words[0].substring(colon + 1));
            }
            int flags = 0;
            for (int i = 2; i < words.length; i++) {
                flags |= flag(text, words[i]);
            }
            ExtentState state = ExtentState.valueOf(words[1].toUpperCase(Locale.ROOT));
            return new Extent(range.start(), range.length(), state, device, offset, flags);
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw wrong(text, "stretch of blocks");
        }
    }

    private static int flag(String text, String word) throws HistoryFormatException {
        return switch (word) {
            case KEPT -> Extent.KEPT;
            case SHARED -> Extent.SHARED;
            case AT_RISK -> Extent.AT_RISK;
            case NEW -> Extent.NEW;
            default -> throw wrong(text, "stretch of blocks");
        };
    }

    private static HistoryFormatException wrong(String text, String what) {
        return new HistoryFormatException("'" + text + "' is no " + what);
    }
}
