package dev.outlay.core.device;

import dev.outlay.core.device.DeviceLabel.BadChecksum;
import dev.outlay.core.device.DeviceLabel.BadField;
import dev.outlay.core.device.DeviceLabel.Decoded;
import dev.outlay.core.device.DeviceLabel.NotALabel;
import dev.outlay.core.device.DeviceLabel.OtherVersion;
import dev.outlay.core.device.DeviceLabel.Valid;
import java.util.Comparator;
import java.util.Optional;

/**
 * The two copies of a device's label as they were found, and which of them counts.
 *
 * <p>Writers change the last block first, force it, then the first block, so at most one copy is
 * torn. Of two whole copies of one device the younger counts (incarnation, then lock epoch): it is
 * what the interrupted writer was writing. A whole label of another format counts more than any of
 * ours, since the device has moved on.
 *
 * @param first the block at offset 0
 * @param last the block at {@link DeviceLabel#copyOffset}
 */
public record LabelPair(Decoded first, Decoded last) {

    private static final Comparator<DeviceLabel> AGE =
            Comparator.comparingLong(DeviceLabel::incarnation)
                    .thenComparingLong(DeviceLabel::lockEpoch);

    /** Decodes both blocks; a whole label that does not belong at {@code lastOffset} is no copy. */
    public static LabelPair decode(byte[] first, byte[] last, long lastOffset) {
        Decoded copy = DeviceLabel.decode(last);
        return new LabelPair(
                DeviceLabel.decode(first),
                copy instanceof Valid(DeviceLabel label) && label.copyOffset() != lastOffset
                        ? new BadField("it is for a device of " + label.sizeBytes() + " bytes")
                        : copy);
    }

    /** Where the last block of a device is to be looked for, its first one being known. */
    public static long lastOffset(Decoded first, long deviceSizeBytes) {
        return first instanceof Valid(DeviceLabel label)
                ? label.copyOffset()
                : DeviceLabel.copyOffset(deviceSizeBytes);
    }

    /** The label that counts, if one does; otherwise {@link #problem} says why not. */
    public Optional<DeviceLabel> label() {
        if (first instanceof OtherVersion || last instanceof OtherVersion) {
            return Optional.empty();
        }
        if (first instanceof Valid(DeviceLabel a)) {
            return last instanceof Valid(DeviceLabel b)
                            && a.device().equals(b.device())
                            && AGE.compare(b, a) > 0
                    ? Optional.of(b)
                    : Optional.of(a);
        }
        return last instanceof Valid(DeviceLabel b) ? Optional.of(b) : Optional.empty();
    }

    /** Whether both copies are whole and say the same. */
    public boolean isIntact() {
        return first instanceof Valid && first.equals(last);
    }

    /** What a user is told when no copy counts: one clause without a full stop. */
    public String problem() {
        Decoded worst = first instanceof NotALabel || last instanceof OtherVersion ? last : first;
        return switch (worst) {
            case Valid _ -> "the label is whole";
            case NotALabel _ -> "there is no Outlay label on it";
            case OtherVersion(int version) ->
                    "its label has format version "
                            + version
                            + ", and this build reads version "
                            + DeviceLabel.FORMAT_VERSION;
            case BadChecksum(int stored, int computed) ->
                    "its label is damaged (checksum %08x stored, %08x computed)"
                            .formatted(stored, computed);
            case BadField(String why) -> "its label makes no sense: " + why;
        };
    }

    /** Whether anything on the device says that it is, or was, one of ours. */
    public boolean hasTrace() {
        return !(first instanceof NotALabel && last instanceof NotALabel);
    }
}
