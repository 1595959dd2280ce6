package dev.outlay.client.device;

import dev.outlay.core.value.Durability;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A plain file: mapped, and made durable by {@code msync}. It gives {@link Durability#FORCED}.
 *
 * <p>Processes of one host share it through the page cache; on a network file system nothing of
 * this holds.
 */
public final class MappedFileDevice extends MappedDevice {

    private MappedFileDevice(Path path, Opened opened) {
        super(path, FileChannel.MapMode.READ_WRITE, Durability.FORCED, opened);
    }

    /** Opens any file that carries a label. */
    public static MappedFileDevice open(Path path) throws DeviceException {
        return new MappedFileDevice(path, openFile(path));
    }
}
