package dev.outlay.server.tool;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.Table;
import dev.outlay.server.device.DeviceException;
import dev.outlay.server.device.ServerDevice;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code outlay device}: looks at devices. */
@Command(
        name = "device",
        mixinStandardHelpOptions = true,
        header = "Looks at devices, and gives them to volumes.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = DeviceCommand.Label.class,
        footerHeading = ToolCommand.EXAMPLES,
        footer = "  outlay device label /srv/disk0")
final class DeviceCommand {

    /** {@code outlay device label}: shows the label. */
    @Command(
            name = "label",
            header = "Shows the label of a device.",
            description =
                    "Reads it from its copy where the first one is torn. Writes nothing, but for"
                            + " --repair.",
            footerHeading = ToolCommand.EXAMPLES,
            footer = {
                "  outlay device label /srv/disk0",
                "  outlay device label /srv/disk0 --repair",
                "  outlay device label /dev/pmem0 --json"
            })
    static final class Label extends ToolCommand implements Callable<Integer> {

        @Parameters(paramLabel = "PATH", description = "The file or block device.")
        private Path path = Path.of("");

        @Option(
                names = "--repair",
                description = {
                    "Write the copy of the label that is whole over one that is damaged or older.",
                    "Refused if both are damaged, or while a server on this host uses the device."
                })
        private boolean repair;

        @Override
        public Integer call() throws DeviceException {
            DeviceLabel label;
            boolean mended;
            try (ServerDevice device = ServerDevice.open(path)) {
                mended = repair && device.repair();
                label = device.label();
            }
            if (isJson()) {
                Map<String, Object> json = new LinkedHashMap<>(DeviceCommand.json(path, label));
                if (repair) {
                    json.put("repaired", mended);
                }
                json(json);
                return 0;
            }
            Table table = new Table("", "");
            if (repair) {
                table.row(
                        "repair",
                        mended ? "the damaged copy is restored" : "both copies are whole");
            }
            table(
                    table.row("device", label.device())
                            .row("incarnation", label.incarnation())
                            .row(
                                    "size",
                                    Amounts.bytes(label.sizeBytes())
                                            + " ("
                                            + label.sizeBytes()
                                            + ")")
                            .row("block size", Amounts.bytes(label.blockSizeBytes()))
                            .row("owner", label.isOwned() ? "server " + label.owner() : "none")
                            .row("lock epoch", label.lockEpoch())
                            .row("coherent", label.coherent() ? "yes" : "no"));
            return 0;
        }
    }

    static Map<String, Object> json(Path path, DeviceLabel label) {
        return ToolCommand.object(
                "path", path.toString(),
                "device", label.device().toString(),
                "incarnation", label.incarnation(),
                "sizeBytes", label.sizeBytes(),
                "blockSizeBytes", label.blockSizeBytes(),
                "owner", label.owner(),
                "lockEpoch", label.lockEpoch(),
                "coherent", label.coherent());
    }
}
