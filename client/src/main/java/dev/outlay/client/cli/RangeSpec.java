package dev.outlay.client.cli;

import dev.outlay.core.text.Amounts;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A range of a file on the command line: {@code OFFSET+LENGTH}, and where it lies if that is to be
 * said: {@code OFFSET+LENGTH@DEVICE:OFFSET}. Sizes may have units.
 */
record RangeSpec(ByteRange range, Optional<Address> address) {

    private static final Pattern FORM =
            Pattern.compile("([^+@:]+)\\+([^+@:]+)(?:@([0-9]{1,5}):([^+@:]+))?");

    /** A device by its index, and the first byte on it. */
    record Address(int device, long offset) {}

    /**
     * Reads a range.
     *
     * @throws IllegalArgumentException if it is none, with what one looks like
     */
    static RangeSpec parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'"
                            + text
                            + "' is not a range of the form OFFSET+LENGTH, such as 0+64KiB,"
                            + " or OFFSET+LENGTH@DEVICE:OFFSET");
        }
        long offset = Amounts.parseBytes(matcher.group(1));
        long length = Amounts.parseBytes(matcher.group(2));
        if (!ByteRange.isValid(offset, length)) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no range: its length is 0 or it ends past all numbers");
        }
        ByteRange range = ByteRange.ofLength(offset, length);
        String device = matcher.group(3);
        String deviceOffset = matcher.group(4);
        if (device == null || deviceOffset == null) {
            return new RangeSpec(range, Optional.empty());
        }
        DeviceRange place =
                new DeviceRange(Integer.parseInt(device), Amounts.parseBytes(deviceOffset), length);
        return new RangeSpec(range, Optional.of(new Address(place.device(), place.start())));
    }

    /** An extent as {@link #parse} reads it, in bytes. */
    static String text(Extent extent) {
        return extent.fileOffset()
                + "+"
                + extent.length()
                + "@"
                + extent.device()
                + ":"
                + extent.deviceOffset();
    }

    @Override
    public String toString() {
        return range.start() + "+" + range.length();
    }

    /** For picocli. */
    static final class Converter implements ITypeConverter<RangeSpec> {
        @Override
        public RangeSpec convert(String value) {
            try {
                return parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
