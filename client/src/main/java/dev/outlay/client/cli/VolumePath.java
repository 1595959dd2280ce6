package dev.outlay.client.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * How a command line names a file: {@code VOLUME:/path}.
 *
 * @param path absolute; without a slash at its end, but for the root
 */
record VolumePath(String volume, String path) {

    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9_-][A-Za-z0-9._-]*):(/.*)");

    /**
     * Reads a name.
     *
     * @throws IllegalArgumentException if it is none, with what one looks like
     */
    static VolumePath parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'"
                            + text
                            + "' is not a name of the form VOLUME:/path, such as data:/dir/file");
        }
        String path = matcher.group(2).replaceAll("/+", "/");
        boolean trim = path.length() > 1 && path.endsWith("/");
        return new VolumePath(matcher.group(1), trim ? path.substring(0, path.length() - 1) : path);
    }

    /** The last part of the path; empty for the root. */
    String name() {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** The directory that holds it. */
    VolumePath parent() {
        int slash = path.lastIndexOf('/');
        return new VolumePath(volume, slash == 0 ? "/" : path.substring(0, slash));
    }

    /** A name in this directory. */
    VolumePath child(String name) {
        return new VolumePath(volume, path.equals("/") ? "/" + name : path + "/" + name);
    }

    boolean isRoot() {
        return path.equals("/");
    }

    @Override
    public String toString() {
        return volume + ":" + path;
    }

    /** For picocli. */
    static final class Converter implements ITypeConverter<VolumePath> {
        @Override
        public VolumePath convert(String value) {
            try {
                return parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
