package dev.outlay.server.device;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.device.LabelPair;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.UUID;

/** Reads, judges and writes the two labels of an open device. */
final class Labels {

    private static final int BLOCK = DeviceLabel.BLOCK_BYTES;

    private Labels() {}

    /** Both copies as they are, on a device with room for them; neither need count. */
    static LabelPair probe(RawDevice device) throws DeviceException {
        byte[] first = device.read(0, BLOCK);
        long lastOffset = LabelPair.lastOffset(DeviceLabel.decode(first), device.size());
        if (lastOffset > device.size() - BLOCK) {
            lastOffset = DeviceLabel.copyOffset(device.size());
        }
        return LabelPair.decode(first, device.read(lastOffset, BLOCK), lastOffset);
    }

    /** The label that counts, on a device of at least the size it says. */
    static DeviceLabel read(Path path, RawDevice device) throws DeviceException {
        if (device.size() < 2L * BLOCK) {
            throw new DeviceException(
                    DeviceException.Reason.NO_LABEL,
                    path,
                    "it has only "
                            + device.size()
                            + " bytes, no room for a label; format it with 'outlay format'");
        }
        LabelPair pair = probe(device);
        DeviceLabel label =
                pair.label()
                        .orElseThrow(
                                () ->
                                        new DeviceException(
                                                DeviceException.Reason.NO_LABEL,
                                                path,
                                                pair.problem() + advice(pair)));
        if (label.sizeBytes() > device.size()) {
            throw new DeviceException(
                    DeviceException.Reason.WRONG_SIZE,
                    path,
                    "its label says "
                            + label.sizeBytes()
                            + " bytes, but it has only "
                            + device.size()
                            + "; it was cut short, or the label was copied from another device");
        }
        return label;
    }

    /** Refuses another device, or another life of it. */
    static void check(Path path, DeviceLabel label, UUID device, long incarnation)
            throws DeviceException {
        if (!label.device().equals(device)) {
            throw new DeviceException(
                    DeviceException.Reason.MISMATCH,
                    path,
                    "expected device "
                            + device
                            + ", found "
                            + label.device()
                            + "; the path leads to another device");
        }
        if (label.incarnation() != incarnation) {
            throw new DeviceException(
                    DeviceException.Reason.MISMATCH,
                    path,
                    "expected incarnation "
                            + incarnation
                            + " of device "
                            + device
                            + ", found "
                            + label.incarnation()
                            + "; it was formatted or taken over since, what the volume had there is not to be trusted");
        }
    }

    /**
     * Writes both copies, durably, and reads them back. The copy goes first: a crash between the
     * two leaves one that is whole, and the younger counts.
     */
    static void write(Path path, RawDevice device, DeviceLabel label) throws DeviceException {
        MemorySegment block = MemorySegment.ofArray(label.encode());
        for (long offset : new long[] {label.copyOffset(), 0}) {
            device.write(
                    offset,
                    BLOCK,
                    (target, from) ->
                            MemorySegment.copy(block, from, target, 0, target.byteSize()));
            device.force();
        }
        LabelPair written = probe(device);
        if (!written.isIntact() || !written.label().orElseThrow().equals(label)) {
            throw new DeviceException(
                    DeviceException.Reason.IO,
                    path,
                    "the label just written reads back differently; another server writes it, or the device is broken");
        }
    }

    private static String advice(LabelPair pair) {
        return pair.first() instanceof DeviceLabel.OtherVersion
                        || pair.last() instanceof DeviceLabel.OtherVersion
                ? "; use a build that reads it"
                : "; format it with 'outlay format'";
    }
}
