package dev.outlay.client;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Attributes to set; what is empty stays.
 *
 * @param mode permission bits, 0..07777
 * @param modifiedMillis milliseconds since 1970
 * @param accessedMillis milliseconds since 1970
 */
public record AttributeChange(
        OptionalInt mode,
        Optional<String> owner,
        OptionalLong modifiedMillis,
        OptionalLong accessedMillis) {

    /** Only the permission bits. */
    public static AttributeChange mode(int mode) {
        return new AttributeChange(
                OptionalInt.of(mode), Optional.empty(), OptionalLong.empty(), OptionalLong.empty());
    }
}
