package dev.outlay.client.cli;

import dev.outlay.core.text.Amounts;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.LayoutRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Values of the protocol as every command shows them, in words and in JSON. */
final class Facts {

    private static final int OCTAL = 8;

    private Facts() {}

    static Map<String, Object> attributes(String volume, FileAttributes file) {
        return Output.object(
                "volume", volume,
                "file", file.file().value(),
                "kind", word(file.kind()),
                "name", file.name(),
                // As on the wire: 0 of a file that is being removed.
                "parent", file.parent().map(FileId::value).orElse(0L),
                "sizeBytes", file.sizeBytes(),
                "allocatedBytes", file.allocatedBytes(),
                "mode", Integer.toString(file.mode(), OCTAL),
                "owner", file.owner(),
                "changeCounter", file.changeCounter(),
                "mapEpoch", file.mapEpoch(),
                "createdMillis", file.createdMillis(),
                "modifiedMillis", file.modifiedMillis(),
                "changedMillis", file.changedMillis(),
                "accessedMillis", file.accessedMillis(),
                "concurrent", file.has(FileAttributes.CONCURRENT),
                "readOnly", file.has(FileAttributes.READ_ONLY));
    }

    static Map<String, Object> extent(Extent extent) {
        Map<String, Object> json =
                Output.object(
                        "fileOffset", extent.fileOffset(),
                        "length", extent.length(),
                        "state", extent.state().name());
        if (extent.hasAddress()) {
            json.put("device", extent.device());
            json.put("deviceOffset", extent.deviceOffset());
        }
        json.put("flags", flags(extent));
        return json;
    }

    static Map<String, Object> range(LayoutRange range) {
        return Output.object(
                "offset", range.range().start(),
                "length", range.range().length(),
                "kind", range.kind().name());
    }

    static List<String> flags(Extent extent) {
        List<String> flags = new ArrayList<>();
        if (extent.has(Extent.NEW)) {
            flags.add("NEW");
        }
        if (extent.has(Extent.SHARED)) {
            flags.add("SHARED");
        }
        if (extent.has(Extent.AT_RISK)) {
            flags.add("AT_RISK");
        }
        return flags;
    }

    /** {@code file} or {@code directory}. */
    static String word(FileKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** {@code RW 0+4096, READ 8192+4096}. */
    static String ranges(List<LayoutRange> ranges) {
        return String.join(
                ", ",
                ranges.stream()
                        .map(
                                r ->
                                        r.kind().name().replace('_', ' ')
                                                + " "
                                                + r.range().start()
                                                + "+"
                                                + r.range().length())
                        .toList());
    }

    /** A size to read, and exact where reading it is not. */
    static String size(long bytes) {
        String human = Amounts.bytes(bytes);
        return human.equals(bytes + " B") ? human : human + " (" + bytes + ")";
    }

    /** A point in time, in UTC. */
    static String time(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }
}
