package dev.outlay.client.cli;

import dev.outlay.client.AdminClient;
import dev.outlay.client.DeviceEntry;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code outlay device retire}: takes a device out of a volume that is at work. */
@Command(
        name = "retire",
        header = "Takes a device out of a volume at work.",
        description = {
            "Begins to empty it and does not wait for the end: none of its blocks is handed out any"
                    + " more, what clients hold there is recalled, what lies there moves to the"
                    + " other devices.",
            "When nothing is left it leaves the volume, and its label names no server any more;"
                    + " 'outlay volume show' tells how much is still in use. Blocks in quarantine"
                    + " hold it until they are proven: see 'outlay quarantine list'. There is no"
                    + " way back but to add it again afterwards."
        },
        footerHeading = VolumeCommands.EXAMPLES,
        footer = {"  outlay device retire data 0", "  outlay volume show data"})
public final class DeviceRetireCommand extends VolumeCommands.Admin {

    @Parameters(index = "0", paramLabel = "VOLUME", description = "The volume.")
    private String volume = "";

    @Parameters(
            index = "1",
            paramLabel = "INDEX",
            description = "The device's number in the volume, as 'outlay volume show' has it.")
    private int index;

    @Override
    ExitCode run(AdminClient admin) throws IOException {
        DeviceEntry device = admin.retireDevice(volume, index);
        if (output().isJson()) {
            output().json(VolumeCommands.json(device));
        } else {
            output().line(
                            "device "
                                    + device.index()
                                    + " leaves volume "
                                    + volume
                                    + ": "
                                    + Amounts.bytes(device.usedBytes())
                                    + " are in use on "
                                    + device.pathHint());
        }
        return ExitCode.OK;
    }
}
