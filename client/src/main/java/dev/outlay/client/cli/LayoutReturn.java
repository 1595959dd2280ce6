package dev.outlay.client.cli;

import dev.outlay.client.HeldLayout;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.ReturnScope;
import dev.outlay.client.ReturnedLayout;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** ReturnLayout by hand. */
@Command(
        name = "layout-return",
        header = "Gives back the layout on a file, or a part of it.",
        description =
                "Nothing may be stored by it any more; what was not committed is dropped. With --all or --device: all that is held on the volume, or on one device of it.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  outlay layout-return data:/log",
            "  outlay layout-return data:/log --range 0+32KiB",
            "  outlay layout-return data:/ --all"
        })
final class LayoutReturn extends NameCommands.OnName {

    @Option(
            names = "--range",
            paramLabel = "OFF+LEN",
            converter = RangeSpec.Converter.class,
            description = "A part of the file, in whole blocks. Repeat for more. Default: all.")
    private List<RangeSpec> ranges = new ArrayList<>();

    @Option(
            names = "--stateid",
            paramLabel = "ID:SEQ",
            converter = Converters.OfStateid.class,
            description = "The layout. Default: the one the server knows.")
    private @Nullable Stateid stateid;

    @Option(names = "--all", description = "All layouts on the volume; name it as VOLUME:/.")
    private boolean all;

    @Option(
            names = "--device",
            paramLabel = "INDEX",
            description = "All that is held on this device of the volume; name it as VOLUME:/.")
    private @Nullable Integer device;

    @Override
    boolean needsOldSession() {
        return true;
    }

    @Override
    ExitCode run(LayoutClient client) throws IOException {
        boolean whole = all || device != null;
        if (whole && (!name().isRoot() || !ranges.isEmpty() || stateid != null)) {
            throw wrongUsage(
                    "--all and --device are about the volume: name it as "
                            + volume()
                            + ":/, without --range and --stateid");
        }
        List<ReturnedLayout> returned =
                client.returnLayout(volume(), whole ? ofVolume() : ofFile(client));
        if (all) {
            holdingNothing();
        } else if (device == null && isNothingLeft(client, returned)) {
            holding(name(), false);
        }
        print(returned);
        return ExitCode.OK;
    }

    /**
     * A file on which nothing was held in the ranges is not named, whatever is held beside them.
     */
    private boolean isNothingLeft(LayoutClient client, List<ReturnedLayout> returned)
            throws IOException {
        if (!returned.isEmpty()) {
            return returned.stream().allMatch(layout -> layout.stateid().isEmpty());
        }
        FileId file = client.lookup(volume(), name().path()).file();
        return LayoutGet.held(client, volume(), file).isEmpty();
    }

    private ReturnScope ofVolume() {
        return device == null ? new ReturnScope.OfVolume() : new ReturnScope.OfDevice(device);
    }

    private ReturnScope ofFile(LayoutClient client) throws IOException {
        FileId file = client.lookup(volume(), name().path()).file();
        Optional<Stateid> held =
                stateid != null
                        ? Optional.of(stateid)
                        : LayoutGet.held(client, volume(), file).map(HeldLayout::stateid);
        return new ReturnScope.OfFile(
                file,
                held,
                ranges.stream().map(RangeSpec::range).sorted(Comparator.naturalOrder()).toList());
    }

    private void print(List<ReturnedLayout> returned) {
        if (output().isJson()) {
            output().json(returned.stream().map(LayoutReturn::json).toList());
            return;
        }
        if (returned.isEmpty()) {
            output().line("nothing was held there");
            return;
        }
        for (ReturnedLayout layout : returned) {
            output().line(
                            "returned "
                                    + String.join(
                                            ", ",
                                            layout.ranges().stream()
                                                    .map(r -> r.start() + "+" + r.length())
                                                    .toList())
                                    + " of file "
                                    + layout.file()
                                    + layout.stateid()
                                            .map(left -> "; what is left is " + left)
                                            .orElse("; nothing is left"));
        }
    }

    private static Map<String, Object> json(ReturnedLayout layout) {
        List<Map<String, Object>> ranges = new ArrayList<>();
        for (ByteRange range : layout.ranges()) {
            ranges.add(Output.object("offset", range.start(), "length", range.length()));
        }
        return Output.object(
                "file", layout.file().value(),
                "stateid", layout.stateid().map(Stateid::toString).orElse(""),
                "returned", ranges);
    }
}
