package dev.outlay.client.cli;

import dev.outlay.client.AdminClient;
import dev.outlay.client.DeviceEntry;
import dev.outlay.client.VolumeSpec;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code outlay device add}: makes a volume larger while it is at work. */
@Command(
        name = "add",
        header = "Adds a formatted device, or a part of one, to a volume at work.",
        description =
                "Its blocks are free space from then on; clients learn of it when they are given"
                        + " some of them.",
        footerHeading = VolumeCommands.EXAMPLES,
        footer = {
            "  outlay format /srv/disk1 --size 1GiB",
            "  outlay device add data /srv/disk1",
            "  outlay device add data /dev/pmem0,2MiB,8GiB"
        })
public final class DeviceAddCommand extends VolumeCommands.Admin {

    @Parameters(index = "0", paramLabel = "VOLUME", description = "The volume.")
    private String volume = "";

    @Parameters(
            index = "1",
            paramLabel = "PATH[,START,LENGTH]",
            converter = VolumeCommands.Slice.class,
            description = "The device as the server's host sees it, or a part of it.")
    private VolumeSpec.Slice device = VolumeSpec.Slice.whole("");

    @Override
    ExitCode run(AdminClient admin) throws IOException {
        DeviceEntry added = admin.addDevice(volume, device);
        if (output().isJson()) {
            output().json(VolumeCommands.json(added));
        } else {
            output().line(
                            "added device "
                                    + added.index()
                                    + " to volume "
                                    + volume
                                    + ": "
                                    + Amounts.bytes(added.sliceLength())
                                    + " of "
                                    + added.pathHint());
        }
        return ExitCode.OK;
    }
}
