package dev.outlay.core.space;

import org.jspecify.annotations.Nullable;

/** Where bytes of a file would best lie on a device: behind what the file has there already. */
@FunctionalInterface
public interface StripeGoals {

    /**
     * The wish for the byte at {@code fileOffset}, should it lie on {@code device}; null for
     * anywhere.
     *
     * @param devices over how many devices the file rotates
     */
    @Nullable DeviceGoal of(int device, long fileOffset, int devices);
}
