package dev.outlay.client.device;

import dev.outlay.core.value.Durability;
import java.util.Optional;
import java.util.UUID;

/**
 * How a device is to be opened.
 *
 * @param least the weakest durability the caller accepts; a device that gives less is not opened
 * @param expected which device the server means; empty: any with a label
 */
public record DeviceOptions(Durability least, Optional<Identity> expected) {

    /**
     * A device in one of its lives.
     *
     * @param device its UUID
     * @param incarnation as in its label
     */
    public record Identity(UUID device, long incarnation) {}

    /** Any device that gives {@code least} or more. */
    public static DeviceOptions atLeast(Durability least) {
        return new DeviceOptions(least, Optional.empty());
    }

    /** Only this device, and only in this life. */
    public DeviceOptions expecting(UUID device, long incarnation) {
        return new DeviceOptions(least, Optional.of(new Identity(device, incarnation)));
    }
}
