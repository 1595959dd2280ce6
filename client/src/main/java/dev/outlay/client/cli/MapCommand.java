package dev.outlay.client.cli;

import dev.outlay.client.DeviceEntry;
import dev.outlay.client.ExtentListing;
import dev.outlay.client.LayoutClient;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.text.Table;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileAttributes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import picocli.CommandLine.Command;

/** Shows a file's map; it grants nothing. */
@Command(
        name = "map",
        header = "Shows what of a file is written, and where it lies.",
        description = "Grants nothing: do not store there.",
        footerHeading = "%nExamples:%n",
        footer = {"  outlay map data:/dir/file", "  outlay map data:/dir/file --json"})
final class MapCommand extends NameCommands.OnName {

    private static final int PICTURE_WIDTH = 64;

    @Override
    ExitCode run(LayoutClient client) throws IOException {
        FileAttributes file = client.lookup(volume(), name().path());
        List<Extent> extents = new ArrayList<>();
        OptionalLong next = OptionalLong.of(0);
        while (next.isPresent()) {
            ExtentListing page = client.extents(volume(), file.file(), next.getAsLong(), 0);
            extents.addAll(page.extents());
            file = page.attributes();
            next = page.nextOffset();
        }
        List<DeviceEntry> devices = client.devices(volume()).devices();
        if (output().isJson()) {
            output().json(
                            Output.object(
                                    "volume", volume(),
                                    "path", name().path(),
                                    "file", file.file().value(),
                                    "sizeBytes", file.sizeBytes(),
                                    "mapEpoch", file.mapEpoch(),
                                    "extents", extents.stream().map(Facts::extent).toList(),
                                    "devices",
                                            devices.stream().map(VolumeCommands::json).toList()));
            return ExitCode.OK;
        }
        output().line(
                        name()
                                + " (file "
                                + file.file()
                                + "): "
                                + Facts.size(file.sizeBytes())
                                + ", "
                                + Amounts.bytes(file.allocatedBytes())
                                + " on devices, map epoch "
                                + file.mapEpoch());
        output().table(table(extents));
        long end = extents.isEmpty() ? 0 : extents.getLast().end();
        long length = Math.max(file.sizeBytes(), end);
        if (length > 0) {
            output().line("");
            output().line("[" + ExtentPicture.draw(extents, length, PICTURE_WIDTH) + "]");
            output().line(" " + ExtentPicture.LEGEND);
        }
        return ExitCode.OK;
    }

    /** Extents in exact numbers, so that they can be used with other tools. */
    static Table table(List<Extent> extents) {
        Table table =
                new Table(
                        ">FILE OFFSET",
                        ">LENGTH",
                        "",
                        "STATE",
                        ">DEVICE",
                        ">DEVICE OFFSET",
                        "FLAGS");
        for (Extent extent : extents) {
            table.row(
                    extent.fileOffset(),
                    extent.length(),
                    Amounts.bytes(extent.length()),
                    extent.state().name().toLowerCase(Locale.ROOT),
                    extent.hasAddress() ? extent.device() : "-",
                    extent.hasAddress() ? extent.deviceOffset() : "-",
                    String.join(" ", Facts.flags(extent)).toLowerCase(Locale.ROOT));
        }
        return table;
    }
}
