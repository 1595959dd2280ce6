package dev.outlay.client.cli;

import dev.outlay.client.AdminClient;
import dev.outlay.client.DeviceEntry;
import dev.outlay.client.VolumeCheck;
import dev.outlay.client.VolumeDetails;
import dev.outlay.client.VolumeSpec;
import dev.outlay.client.VolumeStatus;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.text.Table;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.VolumeSettings.Allocation;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Administration of volumes: create, list, show, check. */
@Command(
        name = "volume",
        mixinStandardHelpOptions = true,
        header = "Makes, lists, shows and checks volumes of a running server.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            VolumeCommands.Create.class,
            VolumeCommands.ListAll.class,
            VolumeCommands.Show.class,
            VolumeCommands.Check.class
        },
        footerHeading = VolumeCommands.EXAMPLES,
        footer = {"  outlay volume list", "  outlay help volume create"})
final class VolumeCommands {

    static final String EXAMPLES = "%nExamples:%n";

    private static final double PERCENT = 100.0;

    /** A command that needs no session. */
    abstract static class Admin extends AnsweringCommand {

        abstract ExitCode run(AdminClient admin) throws IOException;

        @Override
        final ExitCode run() throws IOException {
            try (AdminClient admin = server().admin()) {
                return run(admin);
            }
        }
    }

    @Command(
            name = "create",
            header = "Makes a volume on formatted devices, and opens it.",
            footerHeading = EXAMPLES,
            footer = {
                "  outlay format /srv/disk0 --size 1GiB",
                "  outlay volume create data --device /srv/disk0",
                "  outlay volume create half --device /dev/pmem0,2MiB,8GiB",
                "  outlay volume create wide --device /srv/disk0 --device /srv/disk1 --stripe 1MiB"
            })
    static final class Create extends Admin {

        @Parameters(
                paramLabel = "NAME",
                description = "1 to 64 of a-z, 0-9 and '-', a letter first.")
        private String name = "";

        @Option(
                names = "--device",
                required = true,
                paramLabel = "PATH[,START,LENGTH]",
                converter = Slice.class,
                description =
                        "A device as the server's host sees it, or a part of it. Repeat for more.")
        private List<VolumeSpec.Slice> devices = new ArrayList<>();

        @Option(
                names = "--block-size",
                paramLabel = "SIZE",
                converter = Converters.Size.class,
                description = "The unit of mapping and commit. Default: that of the devices.")
        private long blockSize;

        @Option(
                names = "--stripe",
                paramLabel = "SIZE",
                converter = Converters.Size.class,
                description =
                        "Files rotate over the devices, this much on each in turn. Default: one"
                                + " device after the other.")
        private long stripe;

        @Option(
                names = "--allocation",
                paramLabel = "WHAT",
                defaultValue = "unwritten",
                description =
                        "What blocks hold when a writer gets them: unwritten (what their last owner"
                                + " left; reads are zeros until a commit, each byte is written"
                                + " once) or zeroed (zeros, by the server first; each byte is"
                                + " written twice). Default: unwritten.")
        private Allocation allocation = Allocation.UNWRITTEN;

        @Option(
                names = "--least-durability",
                paramLabel = "NAME",
                converter = Converters.OfDurability.class,
                description =
                        "The weakest durability a commit may carry: VISIBLE, FORCED,"
                                + " DEVICE_FLUSHED or SYNC_MAPPED. Default: FORCED.")
        private @Nullable Durability least;

        @Option(
                names = "--fence",
                paramLabel = "POLICY",
                defaultValue = "strict",
                description =
                        "What proves that a client which ended without its own word stores no more:"
                                + " strict (its own word, a fence driver's, an operator's) or timed"
                                + " (also its lease and longest I/O having run out). Default:"
                                + " strict.")
        private FencePolicy fence = FencePolicy.STRICT;

        @Option(
                names = "--accept-stale-writer-risk",
                description =
                        "With --fence timed on a plain file or DAX: you accept that a client that"
                                + " was stopped may store after its time, into another file.")
        private boolean acceptStaleWriterRisk;

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            if (blockSize > Integer.MAX_VALUE) {
                throw wrongUsage("a block of " + blockSize + " bytes is too large");
            }
            VolumeStatus status =
                    admin.createVolume(
                            new VolumeSpec(
                                    name,
                                    devices,
                                    (int) blockSize,
                                    Optional.ofNullable(least),
                                    fence,
                                    acceptStaleWriterRisk,
                                    stripe,
                                    allocation));
            if (output().isJson()) {
                output().json(json(status));
            } else {
                output().line(
                                "created volume "
                                        + status.volume()
                                        + " with "
                                        + Amounts.bytes(status.space().total())
                                        + " in blocks of "
                                        + Amounts.bytes(status.blockSizeBytes()));
            }
            return ExitCode.OK;
        }
    }

    /** {@code PATH} or {@code PATH,START,LENGTH}. */
    static final class Slice implements ITypeConverter<VolumeSpec.Slice> {
        @Override
        public VolumeSpec.Slice convert(String value) {
            int second = value.lastIndexOf(',');
            int first = value.lastIndexOf(',', second - 1);
            if (second < 0) {
                return VolumeSpec.Slice.whole(absolute(value));
            }
            if (first < 1) {
                throw new TypeConversionException(
                        "'" + value + "' is neither PATH nor PATH,START,LENGTH");
            }
            try {
                return new VolumeSpec.Slice(
                        absolute(value.substring(0, first)),
                        OptionalLong.of(Amounts.parseBytes(value.substring(first + 1, second))),
                        OptionalLong.of(Amounts.parseBytes(value.substring(second + 1))));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }

        private static String absolute(String path) {
            return Path.of(path).toAbsolutePath().normalize().toString();
        }
    }

    @Command(
            name = "list",
            header = "Lists the volumes of a server.",
            footerHeading = EXAMPLES,
            footer = {"  outlay volume list", "  outlay volume list --json"})
    static final class ListAll extends Admin {

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            List<VolumeStatus> volumes = admin.listVolumes();
            if (output().isJson()) {
                output().json(volumes.stream().map(VolumeCommands::json).toList());
                return ExitCode.OK;
            }
            Table table = new Table("NAME", ">SIZE", ">FREE", ">FILES", ">CLIENTS", "STATE");
            for (VolumeStatus volume : volumes) {
                table.row(
                        volume.volume(),
                        Amounts.bytes(volume.space().total()),
                        Amounts.bytes(volume.space().free()),
                        volume.files(),
                        volume.clients(),
                        state(volume));
            }
            output().table(table);
            return ExitCode.OK;
        }
    }

    @Command(
            name = "show",
            header = "Shows a volume: its blocks by state, its devices, its health.",
            footerHeading = EXAMPLES,
            footer = {"  outlay volume show data", "  outlay volume show data --json"})
    static final class Show extends Admin {

        @Parameters(paramLabel = "NAME", description = "The volume.")
        private String name = "";

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            VolumeDetails shown = admin.showVolume(name);
            VolumeStatus status = shown.status();
            if (output().isJson()) {
                Map<String, Object> json = json(status);
                json.put("devices", shown.devices().stream().map(VolumeCommands::json).toList());
                output().json(json);
                return ExitCode.OK;
            }
            if (!status.isKnown()) {
                output().table(
                                new Table("", "")
                                        .row("volume", status.volume())
                                        .row("state", state(status)));
                return ExitCode.OK;
            }
            output().table(
                            new Table("", "")
                                    .row("volume", status.volume())
                                    .row("uuid", status.uuid())
                                    .row("created", Facts.time(status.createdMillis()))
                                    .row("state", state(status))
                                    .row("block size", Amounts.bytes(status.blockSizeBytes()))
                                    .row("least durability", status.least())
                                    .row("fence policy", fence(status))
                                    .row("allocation", status.allocation())
                                    .row("files", status.files())
                                    .row("extents", status.extents())
                                    .row("clients", status.clients())
                                    .row("layouts", status.layouts())
                                    .row("journal position", status.journalPosition())
                                    .row("snapshot position", status.snapshotPosition()));
            output().line("");
            output().table(space(status.space()));
            output().line("");
            Table devices =
                    new Table(
                            ">DEVICE",
                            "USE",
                            ">SLICE",
                            ">AT",
                            ">USED",
                            ">QUARANTINED",
                            ">INCARNATION",
                            "UUID",
                            "SERVER'S PATH");
            for (DeviceEntry device : shown.devices()) {
                devices.row(
                        device.index(),
                        device.retiring() ? "retiring" : "active",
                        Amounts.bytes(device.sliceLength()),
                        device.sliceStart(),
                        Amounts.bytes(device.usedBytes()),
                        Amounts.bytes(device.quarantinedBytes()),
                        device.incarnation(),
                        device.uuid(),
                        device.pathHint());
            }
            output().table(devices);
            return ExitCode.OK;
        }
    }

    @Command(
            name = "check",
            header = "Walks everything a running volume knows and reports what breaks a rule.",
            description = "Exit code 1 if anything does. For a stopped server: outlay fsck.",
            footerHeading = EXAMPLES,
            footer = "  outlay volume check data")
    static final class Check extends Admin {

        @Parameters(paramLabel = "NAME", description = "The volume.")
        private String name = "";

        @Option(
                names = "--max-findings",
                paramLabel = "N",
                defaultValue = "1000",
                description = "Most findings to report, 1 to 10000. Default: 1000.")
        private int maxFindings;

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            VolumeCheck check = admin.checkVolume(name, maxFindings);
            if (output().isJson()) {
                output().json(
                                Output.object(
                                        "volume", name,
                                        "sound", check.findings().isEmpty(),
                                        "findings", check.findings(),
                                        "truncated", check.truncated(),
                                        "status", json(check.status())));
            } else {
                check.findings().forEach(output()::line);
                output().line(summary(check));
            }
            return check.findings().isEmpty() ? ExitCode.OK : ExitCode.FAILED;
        }

        private String summary(VolumeCheck check) {
            VolumeStatus status = check.status();
            String walked =
                    status.files()
                            + " files, "
                            + status.extents()
                            + " extents, "
                            + Amounts.bytes(status.space().total());
            return check.findings().isEmpty()
                    ? "volume " + name + " is sound: " + walked
                    : "volume "
                            + name
                            + ": "
                            + check.findings().size()
                            + (check.truncated() ? " findings, and more" : " findings")
                            + " in "
                            + walked;
        }
    }

    private static String state(VolumeStatus volume) {
        if (!volume.unavailableReason().isEmpty()) {
            return "unavailable: " + volume.unavailableReason();
        }
        if (!volume.readOnlyReason().isEmpty()) {
            return "read-only: " + volume.readOnlyReason();
        }
        return volume.inGrace() ? "in grace: the server was restarted and waits for clients" : "ok";
    }

    private static String fence(VolumeStatus volume) {
        return volume.staleWriterRisk()
                ? volume.fence() + " - a client that was stopped may store into another file"
                : volume.fence().name();
    }

    private static Table space(VolumeStatus.Space space) {
        Table table = new Table("BLOCKS", ">SIZE", ">BYTES", ">SHARE");
        states(space)
                .forEach(
                        (state, bytes) ->
                                table.row(
                                        state,
                                        Amounts.bytes(bytes),
                                        bytes,
                                        share(bytes, space.total())));
        table.row("total", Amounts.bytes(space.total()), space.total(), share(1, 1));
        return table.row(
                "mapped and at risk",
                Amounts.bytes(space.atRisk()),
                space.atRisk(),
                share(space.atRisk(), space.total()));
    }

    private static String share(long part, long total) {
        return String.format(Locale.ROOT, "%.1f %%", total == 0 ? 0 : PERCENT * part / total);
    }

    /** The block states, which sum to the total. */
    private static Map<String, Long> states(VolumeStatus.Space space) {
        Map<String, Long> states = new java.util.LinkedHashMap<>();
        states.put("free", space.free());
        states.put("reserved", space.reserved());
        states.put("granted", space.granted());
        states.put("mapped", space.mapped());
        states.put("pending", space.pending());
        states.put("quarantined", space.quarantined());
        return states;
    }

    private static Map<String, Object> json(VolumeStatus status) {
        Map<String, Object> space = Output.object("totalBytes", status.space().total());
        states(status.space()).forEach((state, bytes) -> space.put(state + "Bytes", bytes));
        space.put("atRiskBytes", status.space().atRisk());
        return Output.object(
                "volume", status.volume(),
                "uuid", status.uuid().toString(),
                "blockSizeBytes", status.blockSizeBytes(),
                "leastDurability", status.least().name(),
                "createdMillis", status.createdMillis(),
                "space", space,
                "files", status.files(),
                "extents", status.extents(),
                "clients", status.clients(),
                "layouts", status.layouts(),
                "journalPosition", status.journalPosition(),
                "snapshotPosition", status.snapshotPosition(),
                "readOnlyReason", status.readOnlyReason(),
                "unavailableReason", status.unavailableReason(),
                "inGrace", status.inGrace(),
                "fencePolicy", status.fence().name(),
                "allocation", status.allocation().name(),
                "staleWriterRisk", status.staleWriterRisk());
    }

    /** A device as every command shows it. */
    static Map<String, Object> json(DeviceEntry device) {
        return Output.object(
                "device", device.index(),
                "uuid", device.uuid().toString(),
                "incarnation", device.incarnation(),
                "pathHint", device.pathHint(),
                "sizeBytes", device.sizeBytes(),
                "blockSizeBytes", device.blockSizeBytes(),
                "sliceStart", device.sliceStart(),
                "sliceLength", device.sliceLength(),
                "coherent", device.coherent(),
                "retiring", device.retiring(),
                "usedBytes", device.usedBytes(),
                "quarantinedBytes", device.quarantinedBytes());
    }
}
