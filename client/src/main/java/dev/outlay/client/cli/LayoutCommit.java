package dev.outlay.client.cli;

import dev.outlay.client.CommitRequest;
import dev.outlay.client.CommittedBlocks;
import dev.outlay.client.DeviceEntry;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.VolumeDevices;
import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceOptions;
import dev.outlay.client.device.Devices;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** CommitBlocks by hand. */
@Command(
        name = "layout-commit",
        header = "Turns blocks that layout-get handed out into bytes of the file.",
        description =
                "They must have been filled since, every byte of them. Checks the labels of the devices and flushes the blocks first.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  outlay layout-get data:/log --range 0+64KiB --iomode rw --json > grant.json",
            "  outlay layout-commit data:/log --from grant.json --last-write 65535",
            "  outlay layout-commit data:/log --from grant.json --range 0+32KiB",
            "  outlay layout-commit data:/log --stateid 1f...9c:2 --epoch 7 --range"
                    + " 0+64KiB@0:4096"
        })
final class LayoutCommit extends NameCommands.OnName {

    private static final String STDIN = "-";

    @Option(
            names = "--from",
            paramLabel = "FILE|-",
            description = "What layout-get --json printed; - reads it from standard input.")
    private @Nullable String from;

    @Option(
            names = "--range",
            paramLabel = "OFF+LEN[@DEV:OFF]",
            converter = RangeSpec.Converter.class,
            description =
                    "What to commit, and where it lies. With --from: a part of it, without the"
                            + " place; default: all of it. Repeat for more.")
    private List<RangeSpec> ranges = new ArrayList<>();

    @Option(
            names = "--stateid",
            paramLabel = "ID:SEQ",
            converter = Converters.OfStateid.class,
            description = "The layout, as layout-get printed it. With --from: that of the answer.")
    private @Nullable Stateid stateid;

    @Option(
            names = "--epoch",
            paramLabel = "N",
            description =
                    "The map epoch, as layout-get printed it. With --from: that of the answer.")
    private @Nullable Long epoch;

    @Option(
            names = "--last-write",
            paramLabel = "OFFSET",
            converter = Converters.Size.class,
            description =
                    "Offset of the last byte written: the file grows to end behind it."
                            + " Default: the size stays.")
    private @Nullable Long lastWrite;

    @Option(
            names = "--durability",
            paramLabel = "NAME",
            converter = Converters.OfDurability.class,
            description =
                    "The blocks have been made durable so far already: no device is opened here."
                            + " Default: they are flushed.")
    private @Nullable Durability durability;

    /** What is committed, from either form of the command line. */
    private record Wanted(Stateid stateid, long epoch, List<Extent> extents) {}

    @Override
    boolean needsOldSession() {
        return true;
    }

    @Override
    ExitCode run(LayoutClient client) throws IOException, CommandFailure {
        FileId file = client.lookup(volume(), name().path()).file();
        Wanted wanted = wanted(file);
        VolumeDevices devices = client.devices(volume());
        Map<Integer, Long> incarnations = new HashMap<>();
        Durability reached =
                durability == null
                        ? flush(devices, wanted.extents(), incarnations)
                        : trust(durability, devices, wanted.extents(), incarnations);
        CommittedBlocks done =
                client.commitBlocks(
                        volume(),
                        new CommitRequest(
                                file,
                                wanted.stateid(),
                                wanted.extents().stream().map(LayoutCommit::range).toList(),
                                wanted.epoch(),
                                reached,
                                lastWrite == null
                                        ? OptionalLong.empty()
                                        : OptionalLong.of(lastWrite),
                                OptionalLong.empty(),
                                incarnations));
        print(done, reached, wanted.extents());
        return ExitCode.OK;
    }

    private Wanted wanted(FileId file) throws IOException, CommandFailure {
        if (from == null) {
            if (stateid == null || epoch == null || ranges.isEmpty()) {
                throw wrongUsage(
                        "give --from with what layout-get --json printed, or --stateid, --epoch and"
                                + " --range as it printed them");
            }
            List<Extent> extents = new ArrayList<>();
            for (RangeSpec spec : ranges) {
                RangeSpec.Address place =
                        spec.address()
                                .orElseThrow(
                                        () ->
                                                wrongUsage(
                                                        "--range "
                                                                + spec
                                                                + " does not say where it lies:"
                                                                + " OFF+LEN@DEVICE:OFFSET"));
                extents.add(
                        new Extent(
                                spec.range().start(),
                                spec.range().length(),
                                ExtentState.UNWRITTEN,
                                place.device(),
                                place.offset(),
                                0));
            }
            extents.sort(Comparator.comparingLong(Extent::fileOffset));
            return new Wanted(stateid, epoch, extents);
        }
        LayoutAnswer answer = LayoutAnswer.parse(from, read(from));
        if (!answer.name().volume().equals(volume()) || !answer.file().equals(file)) {
            throw new CommandFailure(
                    from
                            + " is for "
                            + answer.name()
                            + " (file "
                            + answer.file()
                            + "), not for "
                            + name()
                            + " (file "
                            + file
                            + ")",
                    "name that file, or get the layout of this one");
        }
        Stateid held = stateid == null ? answer.mapped().stateid().orElse(null) : stateid;
        if (held == null) {
            throw new CommandFailure(
                    from + " grants nothing", "ask for the range with --iomode rw");
        }
        return new Wanted(
                held, epoch == null ? answer.mapped().mapEpoch() : epoch, selected(answer));
    }

    private List<Extent> selected(LayoutAnswer answer) throws CommandFailure {
        List<Extent> storable = answer.storable();
        List<Extent> selected = new ArrayList<>();
        for (RangeSpec spec : ranges) {
            if (spec.address().isPresent()) {
                throw wrongUsage("with --from, --range is OFFSET+LENGTH: the answer says where");
            }
            long found = 0;
            for (Extent extent : storable) {
                if (extent.range().overlaps(spec.range())) {
                    Extent part = extent.slice(spec.range());
                    selected.add(part);
                    found += part.length();
                }
            }
            if (found != spec.range().length()) {
                throw new CommandFailure(
                        "not all of " + spec + " was granted for writing by that answer",
                        "commit a part that was, or get the range with --iomode rw");
            }
        }
        if (ranges.isEmpty()) {
            selected.addAll(storable);
        }
        if (selected.isEmpty()) {
            throw new CommandFailure(
                    "that answer grants nothing for writing",
                    "get the range again with --iomode rw");
        }
        selected.sort(Comparator.comparingLong(Extent::fileOffset));
        return selected;
    }

    private static String read(String source) throws IOException {
        return source.equals(STDIN)
                ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                : Files.readString(Path.of(source));
    }

    /** Makes the blocks durable here, after a look at each label. */
    private Durability flush(
            VolumeDevices devices, List<Extent> extents, Map<Integer, Long> incarnations)
            throws IOException, CommandFailure {
        Durability weakest = Durability.SYNC_MAPPED;
        for (DeviceEntry entry : used(devices, extents)) {
            DeviceOptions options =
                    DeviceOptions.atLeast(devices.least())
                            .expecting(entry.uuid(), entry.incarnation());
            try (Device device = Devices.open(server().path(entry), options)) {
                incarnations.put(entry.index(), device.readLabel().incarnation());
                for (Extent extent : extents) {
                    if (extent.device() == entry.index()) {
                        Durability reached = device.flush(extent.deviceOffset(), extent.length());
                        weakest = reached.atLeast(weakest) ? weakest : reached;
                    }
                }
            }
        }
        return weakest;
    }

    private static Durability trust(
            Durability stated,
            VolumeDevices devices,
            List<Extent> extents,
            Map<Integer, Long> incarnations)
            throws CommandFailure {
        for (DeviceEntry entry : used(devices, extents)) {
            incarnations.put(entry.index(), entry.incarnation());
        }
        return stated;
    }

    private static List<DeviceEntry> used(VolumeDevices devices, List<Extent> extents)
            throws CommandFailure {
        List<DeviceEntry> used = new ArrayList<>();
        for (int index : extents.stream().mapToInt(Extent::device).distinct().toArray()) {
            used.add(
                    devices.devices().stream()
                            .filter(device -> device.index() == index)
                            .findAny()
                            .orElseThrow(
                                    () ->
                                            new CommandFailure(
                                                    "the volume has no device " + index,
                                                    "name a device that layout-get printed")));
        }
        return used;
    }

    private static CommitRequest.Range range(Extent extent) {
        return new CommitRequest.Range(
                extent.fileOffset(), extent.length(), extent.device(), extent.deviceOffset());
    }

    private void print(CommittedBlocks done, Durability reached, List<Extent> extents) {
        long bytes = extents.stream().mapToLong(Extent::length).sum();
        long size = done.attributes().sizeBytes();
        if (output().isJson()) {
            output().json(
                            Output.object(
                                    "committedBytes", bytes,
                                    "durability", reached.name(),
                                    "sizeChanged", done.newSizeBytes().isPresent(),
                                    "mapEpoch", done.mapEpoch(),
                                    "attributes", Facts.attributes(volume(), done.attributes())));
            return;
        }
        output().line(
                        "committed "
                                + Facts.size(bytes)
                                + " of "
                                + name()
                                + ", durability "
                                + reached
                                + ", map epoch "
                                + done.mapEpoch()
                                + ", size "
                                + Facts.size(size));
        if (lastWrite == null && extents.getLast().end() > size) {
            output().line(
                            "(bytes past the size are not seen by readers: give --last-write"
                                    + " OFFSET, or 'outlay truncate' to extend the file)");
        }
    }
}
