package dev.outlay.client.device;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.device.LabelPair;
import java.nio.file.Path;

/** Reads and judges labels, alike for every kind of device. */
final class Labels {

    private static final String FORMAT_IT = "; format it with 'outlay format' or check the path";

    private Labels() {}

    /** Reads whole 4 KiB blocks. */
    @FunctionalInterface
    interface BlockReader {
        byte[] read(long offset) throws DeviceException;
    }

    /**
     * The label that counts.
     *
     * @param actualSizeBytes size of the device as the system tells it
     */
    static DeviceLabel read(Path path, long actualSizeBytes, BlockReader blocks)
            throws DeviceException {
        if (actualSizeBytes < 2L * DeviceLabel.BLOCK_BYTES) {
            throw new DeviceException(
                    DeviceException.Reason.NO_LABEL,
                    path,
                    "it has only " + actualSizeBytes + " bytes, no room for a label" + FORMAT_IT);
        }
        byte[] first = blocks.read(0);
        DeviceLabel.Decoded decoded = DeviceLabel.decode(first);
        if (decoded instanceof DeviceLabel.Valid(DeviceLabel label)
                && label.sizeBytes() > actualSizeBytes) {
            throw new DeviceException(
                    DeviceException.Reason.TOO_SMALL,
                    path,
                    "its label says "
                            + label.sizeBytes()
                            + " bytes, but it has only "
                            + actualSizeBytes
                            + "; it was cut short, or the label was copied from another device");
        }
        long lastOffset = LabelPair.lastOffset(decoded, actualSizeBytes);
        LabelPair pair = LabelPair.decode(first, blocks.read(lastOffset), lastOffset);
        return pair.label()
                .orElseThrow(
                        () ->
                                new DeviceException(
                                        DeviceException.Reason.NO_LABEL,
                                        path,
                                        pair.problem() + advice(pair)));
    }

    /** Refuses another device, or another life of it, than the server's. */
    static void check(Path path, DeviceLabel label, DeviceOptions.Identity expected)
            throws DeviceException {
        if (!label.device().equals(expected.device())) {
            throw new DeviceException(
                    DeviceException.Reason.MISMATCH,
                    path,
                    "expected device "
                            + expected.device()
                            + ", found "
                            + label.device()
                            + "; this path leads to another device on this host");
        }
        if (label.incarnation() != expected.incarnation()) {
            throw new DeviceException(
                    DeviceException.Reason.MISMATCH,
                    path,
                    "expected incarnation "
                            + expected.incarnation()
                            + " of device "
                            + expected.device()
                            + ", found "
                            + label.incarnation()
                            + "; it was formatted or taken over since, reconnect to its server");
        }
    }

    private static String advice(LabelPair pair) {
        return pair.first() instanceof DeviceLabel.OtherVersion
                        || pair.last() instanceof DeviceLabel.OtherVersion
                ? "; use a build that reads it"
                : FORMAT_IT;
    }
}
