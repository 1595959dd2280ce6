package dev.outlay.client.cli;

import dev.outlay.client.AdminClient;
import dev.outlay.client.ProvenVolume;
import dev.outlay.client.QuarantineEntry;
import dev.outlay.client.VolumeStatus;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.text.Table;
import dev.outlay.core.value.ProcessIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Blocks that wait for the proof that a client has ended: list, confirm. */
@Command(
        name = "quarantine",
        mixinStandardHelpOptions = true,
        header = "Shows and ends the quarantine of what an ended client may still store to.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {QuarantineCommands.ListAll.class, QuarantineCommands.Confirm.class},
        footerHeading = VolumeCommands.EXAMPLES,
        footer = {
            "  outlay quarantine list",
            "  outlay quarantine confirm d3059e3420137b44 --i-know-it-has-ended"
        })
final class QuarantineCommands {

    private static final int HEX = 16;

    /** 16 hexadecimal digits, as all commands print a client id. */
    static final class ClientIdConverter implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            try {
                long id = Long.parseUnsignedLong(value, HEX);
                if (id != 0) {
                    return id;
                }
            } catch (NumberFormatException e) {
                throw notAnId(value);
            }
            throw notAnId(value);
        }

        private static TypeConversionException notAnId(String value) {
            return new TypeConversionException(
                    "'" + value + "' is not a client id: up to 16 hexadecimal digits, not 0");
        }
    }

    @Command(
            name = "list",
            header = "Lists clients that ended without their own word, and what they keep.",
            description =
                    "The blocks are kept from everybody until it is proven that the client is gone.",
            footerHeading = VolumeCommands.EXAMPLES,
            footer = {"  outlay quarantine list", "  outlay quarantine list --volume data --json"})
    static final class ListAll extends VolumeCommands.Admin {

        @Option(names = "--volume", paramLabel = "NAME", description = "Only of this volume.")
        private @Nullable String volume;

        @Option(
                names = "--client",
                paramLabel = "ID",
                converter = ClientIdConverter.class,
                description = "Only of this client.")
        private long client;

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            List<String> volumes =
                    volume != null
                            ? List.of(volume)
                            : admin.listVolumes().stream().map(VolumeStatus::volume).toList();
            List<Map<String, Object>> json = new ArrayList<>();
            Table table =
                    new Table(
                            "VOLUME",
                            "CLIENT",
                            "OWNER",
                            "ENDED",
                            "RAN AT",
                            ">QUARANTINED",
                            ">AT RISK",
                            ">RANGES",
                            "FENCE");
            for (String name : volumes) {
                for (QuarantineEntry entry : admin.listQuarantine(name, client)) {
                    json.add(json(name, entry));
                    table.row(
                            name,
                            id(entry.clientId()),
                            entry.owner(),
                            entry.ended(),
                            entry.process().map(ProcessIdentity::toString).orElse("-"),
                            Amounts.bytes(entry.quarantinedBytes()),
                            Amounts.bytes(entry.atRiskBytes()),
                            entry.blocks().size(),
                            entry.fenceState().isEmpty() ? "-" : entry.fenceState());
                }
            }
            if (output().isJson()) {
                output().json(json);
            } else if (json.isEmpty()) {
                output().line("nothing is in quarantine");
            } else {
                output().table(table);
            }
            return ExitCode.OK;
        }

        private static Map<String, Object> json(String volume, QuarantineEntry entry) {
            Map<String, Object> json =
                    Output.object(
                            "volume", volume,
                            "clientId", id(entry.clientId()),
                            "owner", entry.owner(),
                            "incarnation", id(entry.incarnation()),
                            "ended", entry.ended(),
                            "quarantinedBytes", entry.quarantinedBytes(),
                            "atRiskBytes", entry.atRiskBytes(),
                            "fenceState", entry.fenceState());
            entry.process()
                    .ifPresent(
                            process ->
                                    json.put(
                                            "process",
                                            Output.object(
                                                    "host", process.host(),
                                                    "bootId", process.bootId(),
                                                    "pidNamespace", process.pidNamespace(),
                                                    "pid", process.pid(),
                                                    "startTicks", process.startTicks())));
            json.put(
                    "blocks",
                    entry.blocks().stream()
                            .map(
                                    b ->
                                            Output.object(
                                                    "device", b.device(),
                                                    "offset", b.offset(),
                                                    "length", b.length(),
                                                    "inFile", b.mapped(),
                                                    "holders", b.holders()))
                            .toList());
            return json;
        }
    }

    @Command(
            name = "confirm",
            header = "Says that a client has ended: its blocks are free again.",
            description = {
                "Only where you know that the process is gone and that its host has written back or"
                        + " lost what it had cached of the devices. If it still runs, its late"
                        + " stores destroy other files; your word cannot be taken back."
            },
            footerHeading = VolumeCommands.EXAMPLES,
            footer = "  outlay quarantine confirm d3059e3420137b44 --i-know-it-has-ended")
    static final class Confirm extends VolumeCommands.Admin {

        @Parameters(
                paramLabel = "CLIENT-ID",
                converter = ClientIdConverter.class,
                description = "As 'outlay quarantine list' shows it.")
        private long client;

        @Option(
                names = "--i-know-it-has-ended",
                description =
                        "Needed: the process is gone, and its host's caches hold nothing of it.")
        private boolean known;

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            if (!known) {
                throw wrongUsage(
                        "if client "
                                + id(client)
                                + " still runs, it destroys other files: make sure that it is gone,"
                                + " then add --i-know-it-has-ended");
            }
            List<ProvenVolume> proven = admin.confirmEnded(client);
            if (output().isJson()) {
                output().json(
                                proven.stream()
                                        .map(
                                                v ->
                                                        Output.object(
                                                                "volume", v.volume(),
                                                                "freedBytes", v.freedBytes(),
                                                                "safeBytes", v.safeBytes()))
                                        .toList());
                return ExitCode.OK;
            }
            for (ProvenVolume v : proven) {
                output().line(
                                "volume "
                                        + v.volume()
                                        + ": "
                                        + Amounts.bytes(v.freedBytes())
                                        + " are free, "
                                        + Amounts.bytes(v.safeBytes())
                                        + " in files are not at risk any more");
            }
            return ExitCode.OK;
        }
    }

    private static String id(long value) {
        return String.format("%016x", value);
    }
}
