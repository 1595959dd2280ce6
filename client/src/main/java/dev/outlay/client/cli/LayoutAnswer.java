package dev.outlay.client.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.outlay.client.MappedBlocks;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What {@code layout-get --json} prints and {@code layout-commit --from} reads. */
record LayoutAnswer(VolumePath name, FileId file, IoMode iomode, MappedBlocks mapped) {

    Map<String, Object> toJson() {
        return Output.object(
                "volume", name.volume(),
                "path", name.path(),
                "file", file.value(),
                "iomode", iomode.name(),
                "stateid", mapped.stateid().map(Stateid::toString).orElse(""),
                "mapEpoch", mapped.mapEpoch(),
                "sizeBytes", mapped.sizeBytes(),
                "nextOffset", mapped.nextOffset(),
                "ranges", mapped.ranges().stream().map(Facts::range).toList(),
                "extents", mapped.extents().stream().map(Facts::extent).toList());
    }

    /**
     * Reads what {@link #toJson} gave.
     *
     * @param source where it is from, for messages
     */
    static LayoutAnswer parse(String source, String text) throws CommandFailure {
        try {
            JsonObject root = JsonParser.parseString(text).getAsJsonObject();
            JsonElement stateid = root.get("stateid");
            List<LayoutRange> ranges = new ArrayList<>();
            for (JsonElement range : root.get("ranges").getAsJsonArray()) {
                ranges.add(range(range.getAsJsonObject()));
            }
            List<Extent> extents = new ArrayList<>();
            for (JsonElement extent : root.get("extents").getAsJsonArray()) {
                extents.add(extent(extent.getAsJsonObject()));
            }
            return new LayoutAnswer(
                    new VolumePath(
                            root.get("volume").getAsString(), root.get("path").getAsString()),
                    new FileId(root.get("file").getAsLong()),
                    IoMode.valueOf(root.get("iomode").getAsString()),
                    new MappedBlocks(
                            stateid.getAsString().isEmpty()
                                    ? Optional.empty()
                                    : Optional.of(Converters.stateid(stateid.getAsString())),
                            ranges,
                            extents,
                            root.get("mapEpoch").getAsLong(),
                            root.get("nextOffset").getAsLong(),
                            root.get("sizeBytes").getAsLong()));
        } catch (JsonParseException
                | IllegalArgumentException
                | IllegalStateException
                | NullPointerException
                | UnsupportedOperationException e) {
            throw new CommandFailure(
                    source + " does not hold the answer of a layout-get",
                    "give the output of 'outlay layout-get ... --json' as it is");
        }
    }

    private static LayoutRange range(JsonObject json) {
        return new LayoutRange(
                ByteRange.ofLength(json.get("offset").getAsLong(), json.get("length").getAsLong()),
                GrantKind.valueOf(json.get("kind").getAsString()));
    }

    private static Extent extent(JsonObject json) {
        JsonElement device = json.get("device");
        return new Extent(
                json.get("fileOffset").getAsLong(),
                json.get("length").getAsLong(),
                ExtentState.valueOf(json.get("state").getAsString()),
                device == null ? Extent.NO_DEVICE : device.getAsInt(),
                device == null ? 0 : json.get("deviceOffset").getAsLong(),
                0);
    }

    /**
     * The extents that may be stored to by this answer, cut to what is granted for it; of a pair
     * the second, whose bytes come from the first where they are not to change.
     */
    List<Extent> storable() {
        List<Extent> storable = new ArrayList<>();
        List<Extent> all = mapped.extents();
        for (int i = 0; i < all.size(); i++) {
            Extent extent = all.get(i);
            boolean isSource = i + 1 < all.size() && all.get(i + 1).range().equals(extent.range());
            if (!extent.hasAddress() || isSource) {
                continue;
            }
            for (LayoutRange granted : mapped.ranges()) {
                if (granted.kind().isWriter() && granted.range().overlaps(extent.range())) {
                    storable.add(extent.slice(granted.range()));
                }
            }
        }
        return storable;
    }
}
