package dev.outlay.client.cli;

import dev.outlay.core.text.Amounts;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Stateid;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Values of options as people write them; what is wrong is said with what is right. */
final class Converters {

    private static final Pattern STATEID =
            Pattern.compile("([0-9a-fA-F]{16})([0-9a-fA-F]{16}):([0-9]{1,10})");
    private static final Pattern ADDRESS = Pattern.compile("unix:/.+|(?!unix:).+:[0-9]{1,5}");
    private static final int OCTAL = 8;
    private static final int HIGHEST_MODE = 07777;

    private Converters() {}

    private static <T> T convert(String text, Function<String, T> parse) {
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /** The text form of {@link Stateid}: 32 hexadecimal digits, a colon, the seqid. */
    static Stateid stateid(String text) {
        Matcher matcher = STATEID.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a stateid of the form ID:SEQ, as layout-get prints it");
        }
        return new Stateid(
                new LayoutId(
                        Long.parseUnsignedLong(matcher.group(1), 16),
                        Long.parseUnsignedLong(matcher.group(2), 16)),
                Integer.parseUnsignedInt(matcher.group(3)));
    }

    /** Where a server listens. */
    static final class Address implements ITypeConverter<String> {
        @Override
        public String convert(String value) {
            if (!ADDRESS.matcher(value).matches()) {
                throw new TypeConversionException(
                        "'" + value + "' is not an address of the form host:port or unix:/path");
            }
            return value;
        }
    }

    /** Bytes. */
    static final class Size implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            return Converters.convert(value, Amounts::parseBytes);
        }
    }

    /** Milliseconds. */
    static final class Millis implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            long millis = Converters.convert(value, Amounts::parseMillis);
            if (millis < 1 || millis > Integer.MAX_VALUE) {
                throw new TypeConversionException("'" + value + "' is not within 1ms..24d");
            }
            return (int) millis;
        }
    }

    /** Permission bits in octal. */
    static final class Mode implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            try {
                int mode = Integer.parseInt(value, OCTAL);
                if (mode >= 0 && mode <= HIGHEST_MODE) {
                    return mode;
                }
            } catch (NumberFormatException e) {
                throw notAMode(value);
            }
            throw notAMode(value);
        }

        private static TypeConversionException notAMode(String value) {
            return new TypeConversionException(
                    "'" + value + "' is not a mode in octal, such as 644");
        }
    }

    /** {@code rw} or {@code read}. */
    static final class Iomode implements ITypeConverter<IoMode> {
        @Override
        public IoMode convert(String value) {
            return switch (value.toLowerCase(Locale.ROOT)) {
                case "rw" -> IoMode.RW;
                case "read" -> IoMode.READ;
                default ->
                        throw new TypeConversionException(
                                "'" + value + "' is not an iomode: rw or read");
            };
        }
    }

    /** A stateid as it is printed. */
    static final class OfStateid implements ITypeConverter<Stateid> {
        @Override
        public Stateid convert(String value) {
            return Converters.convert(value, Converters::stateid);
        }
    }

    /** The name of a durability, in any case, with - or _. */
    static final class OfDurability implements ITypeConverter<Durability> {
        @Override
        public Durability convert(String value) {
            String name = value.toUpperCase(Locale.ROOT).replace('-', '_');
            return Arrays.stream(Durability.values())
                    .filter(durability -> durability.name().equals(name))
                    .findAny()
                    .orElseThrow(
                            () ->
                                    new TypeConversionException(
                                            "'"
                                                    + value
                                                    + "' is not a durability, weakest first: "
                                                    + Arrays.toString(Durability.values())));
        }
    }
}
