package dev.outlay.client.cli;

import dev.outlay.client.DeviceEntry;
import dev.outlay.client.HeldLayout;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.MapRequest;
import dev.outlay.client.MappedBlocks;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** MapBlocks by hand. */
@Command(
        name = "layout-get",
        header = "Asks for the extents of a range, and for the right to use them.",
        description =
                "The right lasts until it is returned or the lease ends. For writing, holes come back as fresh unwritten blocks: store there, fill every byte of each block, then 'outlay layout-commit' what this prints.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  outlay layout-get data:/log --range 0+64KiB --iomode rw --lease 10m",
            "  outlay layout-get data:/log --range 0+64KiB --iomode rw --json > grant.json",
            "  outlay layout-get data:/log --range 0+1MiB --iomode read --min 0"
        })
final class LayoutGet extends SpaceCommands.OnRange {

    @Option(
            names = "--iomode",
            required = true,
            paramLabel = "rw|read",
            converter = Converters.Iomode.class,
            description = "What is to be done with the range.")
    private IoMode iomode = IoMode.READ;

    @Option(
            names = "--min",
            paramLabel = "LEN",
            converter = Converters.Size.class,
            description =
                    "How much of the range must be granted at least; 0 takes what is ready."
                            + " Default: all of it.")
    private @Nullable Long min;

    @Option(names = "--no-allocate", description = "For rw: leave holes as they are.")
    private boolean noAllocate;

    @Option(
            names = "--mapped",
            description = "For read: the range will be mapped, so the grant is to be durable.")
    private boolean mapped;

    @Option(
            names = "--atomic",
            description =
                    "For rw: stores go to fresh blocks, which replace the written ones all at once"
                            + " when they are committed.")
    private boolean atomic;

    @Option(
            names = "--max-extents",
            paramLabel = "N",
            defaultValue = "0",
            description = "Most extents in the answer. Default: as many as the server sends.")
    private int maxExtents;

    @Option(
            names = "--stateid",
            paramLabel = "ID:SEQ",
            converter = Converters.OfStateid.class,
            description = "The layout held on this file. Default: the one the server knows.")
    private @Nullable Stateid stateid;

    @Override
    ExitCode run(LayoutClient client) throws IOException {
        FileId file = client.lookup(volume(), name().path()).file();
        ByteRange range = range();
        Optional<Stateid> held =
                stateid != null
                        ? Optional.of(stateid)
                        : held(client, volume(), file).map(HeldLayout::stateid);
        MappedBlocks answer =
                client.mapBlocks(
                        volume(),
                        new MapRequest(
                                file,
                                range.start(),
                                range.length(),
                                min == null ? range.length() : min,
                                iomode,
                                held,
                                noAllocate,
                                false,
                                mapped,
                                atomic,
                                maxExtents,
                                0));
        if (answer.stateid().isPresent()) {
            holding(name(), true);
        }
        LayoutAnswer printed = new LayoutAnswer(name(), file, iomode, answer);
        if (output().isJson()) {
            output().json(printed.toJson());
        } else {
            print(printed, client.devices(volume()).devices());
        }
        return ExitCode.OK;
    }

    /** What the server believes this client to hold on a file. */
    static Optional<HeldLayout> held(LayoutClient client, String volume, FileId file)
            throws IOException {
        return client.listLayouts(volume).stream()
                .filter(layout -> layout.file().equals(file))
                .findAny();
    }

    private void print(LayoutAnswer answer, List<DeviceEntry> devices) {
        MappedBlocks blocks = answer.mapped();
        output().line(
                        name()
                                + " (file "
                                + answer.file()
                                + "): "
                                + Facts.size(blocks.sizeBytes())
                                + ", map epoch "
                                + blocks.mapEpoch());
        output().line(
                        "stateid "
                                + blocks.stateid().map(Stateid::toString).orElse("none")
                                + (blocks.ranges().isEmpty()
                                        ? ", nothing granted"
                                        : ", granted " + Facts.ranges(blocks.ranges())));
        output().table(MapCommand.table(blocks.extents()));
        List<Extent> storable = answer.storable();
        for (DeviceEntry device : devices) {
            if (blocks.extents().stream().anyMatch(extent -> extent.device() == device.index())) {
                output().line(
                                "device "
                                        + device.index()
                                        + ": "
                                        + server().path(device)
                                        + " ("
                                        + device.uuid()
                                        + ")");
            }
        }
        if (!storable.isEmpty() && blocks.stateid().isPresent()) {
            output().line("");
            output().line("Once every byte of these blocks is stored:");
            output().line(commitLine(blocks.stateid().get(), blocks.mapEpoch(), storable));
        }
    }

    private String commitLine(Stateid held, long epoch, List<Extent> storable) {
        StringBuilder line = new StringBuilder("  outlay layout-commit ").append(name());
        line.append(" --stateid ").append(held).append(" --epoch ").append(epoch);
        for (Extent extent : storable) {
            line.append(" --range ").append(RangeSpec.text(extent));
        }
        return line.append(" --last-write ").append(storable.getLast().end() - 1).toString();
    }
}
