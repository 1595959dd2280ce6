package dev.outlay.server.tool;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.text.Amounts;
import dev.outlay.server.device.DeviceException;
import dev.outlay.server.device.DeviceFormatter;
import dev.outlay.server.device.FormatOptions;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code outlay format}: labels a device. */
@Command(
        name = "format",
        header = "Labels a file or a block device for use by volumes.",
        description =
                "Writes two label blocks and nothing else. With --size, a plain file is made or made"
                        + " longer. What carries a label or data is refused without --force.",
        footerHeading = ToolCommand.EXAMPLES,
        footer = {
            "  outlay format /srv/disk0 --size 1GiB",
            "  outlay format /dev/nvme1n1 --block-size 64KiB",
            "  outlay format /srv/disk0 --force"
        })
final class FormatCommand extends ToolCommand implements Callable<Integer> {

    @Parameters(paramLabel = "PATH", description = "The file or block device.")
    private Path path = Path.of("");

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = Size.class,
            description = "Size of a plain file, such as 64MiB. Default: as it is.")
    private @Nullable Long size;

    @Option(
            names = "--block-size",
            paramLabel = "SIZE",
            defaultValue = "4KiB",
            converter = Size.class,
            description = "Unit of allocation, a power of two, 4KiB to 1MiB. Default: 4KiB.")
    private long blockSize;

    @Option(
            names = "--incoherent",
            description =
                    "Hosts do not see each other's stores at once: they write back and drop cached"
                            + " lines when a grant begins and ends.")
    private boolean incoherent;

    @Option(
            names = "--force",
            description =
                    "Format what carries a label or data. Your word that its former server and all"
                            + " former clients have ended: everything on it is lost.")
    private boolean force;

    @Override
    public Integer call() throws DeviceException {
        DeviceLabel label =
                DeviceFormatter.format(
                        path,
                        new FormatOptions(
                                size == null ? OptionalLong.empty() : OptionalLong.of(size),
                                (int) Math.min(blockSize, Integer.MAX_VALUE),
                                !incoherent,
                                force,
                                UUID.randomUUID()));
        if (isJson()) {
            json(DeviceCommand.json(path, label));
        } else {
            line(
                    "formatted "
                            + path
                            + ": "
                            + Amounts.bytes(label.sizeBytes())
                            + " in blocks of "
                            + Amounts.bytes(label.blockSizeBytes())
                            + ", device "
                            + label.device()
                            + ", incarnation "
                            + label.incarnation());
        }
        return 0;
    }
}
