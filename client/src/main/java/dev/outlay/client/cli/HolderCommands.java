package dev.outlay.client.cli;

import dev.outlay.client.AdminClient;
import dev.outlay.client.ClientDetails;
import dev.outlay.client.LayoutOfClient;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.text.Table;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.RecallScope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Who holds what, and how to get it back. */
final class HolderCommands {

    private static final int HEX = 16;

    private HolderCommands() {}

    /** A client's id, as {@code outlay clients} shows it. */
    static final class OfClient implements ITypeConverter<ClientId> {
        @Override
        public ClientId convert(String value) {
            try {
                return new ClientId(Long.parseUnsignedLong(value, HEX));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "'" + value + "' is not the id of a client; 'outlay clients' shows them");
            }
        }
    }

    @Command(
            name = "clients",
            header = "Lists the clients that the server knows, and what they hold.",
            footerHeading = VolumeCommands.EXAMPLES,
            footer = {"  outlay clients", "  outlay clients --json"})
    static final class Clients extends VolumeCommands.Admin {

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            List<ClientDetails> clients = admin.listClients();
            if (output().isJson()) {
                output().json(clients.stream().map(Clients::json).toList());
                return ExitCode.OK;
            }
            Table table =
                    new Table(
                            "CLIENT",
                            "OWNER",
                            "STATE",
                            ">LEASE",
                            ">LAYOUTS",
                            ">RECALLS",
                            ">QUARANTINED");
            for (ClientDetails client : clients) {
                table.row(
                        client.client(),
                        client.owner(),
                        word(client),
                        client.leaseLeftMillis() + "/" + client.leaseMillis() + " ms",
                        client.layouts(),
                        client.recallsPending(),
                        Amounts.bytes(client.quarantinedBytes()));
            }
            output().table(table);
            return ExitCode.OK;
        }

        private static String word(ClientDetails client) {
            return client.state().name().toLowerCase(Locale.ROOT);
        }

        private static Map<String, Object> json(ClientDetails client) {
            return Output.object(
                    "client", client.client().toString(),
                    "owner", client.owner(),
                    "principal", client.principal(),
                    "state", client.state().name(),
                    "leaseMillis", client.leaseMillis(),
                    "leaseLeftMillis", client.leaseLeftMillis(),
                    "streaming", client.streaming(),
                    "volumes",
                            client.uses().stream()
                                    .map(
                                            use ->
                                                    Output.object(
                                                            "volume", use.volume(),
                                                            "layouts", use.layouts(),
                                                            "recallsPending", use.recallsPending(),
                                                            "quarantinedBytes",
                                                                    use.quarantinedBytes()))
                                    .toList());
        }
    }

    @Command(
            name = "layouts",
            header = "Lists everybody's layouts on a volume.",
            footerHeading = VolumeCommands.EXAMPLES,
            footer = {"  outlay layouts data", "  outlay layouts data --file 17 --json"})
    static final class Layouts extends VolumeCommands.Admin {

        @Parameters(paramLabel = "VOLUME", description = "The volume's name.")
        private String volume = "";

        @Option(
                names = "--file",
                paramLabel = "ID",
                description = "Only on this file; 'outlay stat' shows its id.")
        private long file;

        @Option(
                names = "--client",
                paramLabel = "ID",
                converter = OfClient.class,
                description = "Only this client's; 'outlay clients' shows its id.")
        private @Nullable ClientId client;

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            List<LayoutOfClient> layouts =
                    admin.listAllLayouts(
                            volume,
                            file == 0 ? Optional.empty() : Optional.of(new FileId(file)),
                            Optional.ofNullable(client));
            if (output().isJson()) {
                output().json(layouts.stream().map(Layouts::json).toList());
                return ExitCode.OK;
            }
            Table table = new Table(">FILE", "CLIENT", "OWNER", ">SEQID", "RANGES");
            for (LayoutOfClient layout : layouts) {
                table.row(
                        layout.file(),
                        layout.client(),
                        layout.owner(),
                        Integer.toUnsignedString(layout.seqid()),
                        Facts.ranges(layout.ranges()));
            }
            output().table(table);
            return ExitCode.OK;
        }

        private static Map<String, Object> json(LayoutOfClient layout) {
            return Output.object(
                    "file", layout.file().value(),
                    "client", layout.client().toString(),
                    "owner", layout.owner(),
                    "seqid", Integer.toUnsignedLong(layout.seqid()),
                    "ranges", layout.ranges().stream().map(Facts::range).toList());
        }
    }

    @Command(
            name = "recall",
            header = "Asks clients to give layouts back; does not wait for it.",
            description =
                    "Without --file and --device everything on the volume is recalled. A client"
                            + " that does not answer in time is no longer renewed.",
            footerHeading = VolumeCommands.EXAMPLES,
            footer = {
                "  outlay recall data",
                "  outlay recall data --file 17 --range 0+1MiB",
                "  outlay recall data --client 1f2e3d4c5b6a7988"
            })
    static final class Recall extends VolumeCommands.Admin {

        @Parameters(paramLabel = "VOLUME", description = "The volume's name.")
        private String volume = "";

        @Option(names = "--file", paramLabel = "ID", description = "What is held on this file.")
        private long file;

        @Option(
                names = "--range",
                paramLabel = "OFFSET+LENGTH",
                converter = RangeSpec.Converter.class,
                description = "With --file: only there. Repeat for more, in rising order.")
        private List<RangeSpec> ranges = new ArrayList<>();

        @Option(
                names = "--device",
                paramLabel = "INDEX",
                description = "What is held on this device of the volume.")
        private int device = -1;

        @Option(
                names = "--client",
                paramLabel = "ID",
                converter = OfClient.class,
                description = "Only of this client.")
        private @Nullable ClientId client;

        @Option(
                names = "--changed",
                description = "Nothing more may be stored or committed by layout.")
        private boolean changed;

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            if (file != 0 && device >= 0) {
                throw wrongUsage("--file and --device exclude each other");
            }
            if (file == 0 && !ranges.isEmpty()) {
                throw wrongUsage("--range needs --file");
            }
            if (ranges.stream().anyMatch(range -> range.address().isPresent())) {
                throw wrongUsage("--range here is OFFSET+LENGTH, without a device");
            }
            int asked = admin.recall(volume, scope(), Optional.ofNullable(client), changed);
            if (output().isJson()) {
                output().json(Output.object("volume", volume, "clientsAsked", asked));
            } else {
                output().line(
                                asked == 0
                                        ? "nobody holds any of it"
                                        : "asked " + asked + (asked == 1 ? " client" : " clients"));
            }
            return ExitCode.OK;
        }

        private RecallScope scope() {
            if (file != 0) {
                List<ByteRange> only = ranges.stream().map(RangeSpec::range).toList();
                return new RecallScope.Ranges(new FileId(file), only);
            }
            return device >= 0 ? new RecallScope.Device(device) : new RecallScope.Volume();
        }
    }

    @Command(
            name = "revoke",
            header = "Ends a client against its will, on every volume.",
            description =
                    "What it may still store to is quarantined until its end is proven. Whoever"
                            + " waits for what it held goes on at once.",
            footerHeading = VolumeCommands.EXAMPLES,
            footer = {"  outlay revoke 1f2e3d4c5b6a7988"})
    static final class Revoke extends VolumeCommands.Admin {

        @Parameters(
                paramLabel = "CLIENT",
                converter = OfClient.class,
                description = "Its id; 'outlay clients' shows it.")
        private ClientId client = new ClientId(1);

        @Override
        ExitCode run(AdminClient admin) throws IOException {
            admin.revoke(client);
            if (output().isJson()) {
                output().json(Output.object("client", client.toString(), "revoked", true));
            } else {
                output().line("client " + client + " is revoked");
            }
            return ExitCode.OK;
        }
    }
}
