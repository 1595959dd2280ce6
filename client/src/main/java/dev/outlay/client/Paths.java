package dev.outlay.client;

import dev.outlay.core.value.Reason;

/** Absolute paths of files in a volume. */
final class Paths {

    /** The directory part and the last name. */
    record Split(String directory, String name) {}

    private Paths() {}

    /** Splits a path that names something in a directory. */
    static Split split(String path) throws OutlayException {
        if (!path.startsWith("/")) {
            throw OutlayException.of(
                    Reason.INVALID_ARGUMENT,
                    "the path '" + path + "' is not absolute",
                    "begin it with '/'");
        }
        int end = path.length();
        while (end > 1 && path.charAt(end - 1) == '/') {
            end--;
        }
        String trimmed = path.substring(0, end);
        int slash = trimmed.lastIndexOf('/');
        String name = trimmed.substring(slash + 1);
        if (name.isEmpty()) {
            throw OutlayException.of(
                    Reason.INVALID_ARGUMENT,
                    "the path '" + path + "' names the root directory",
                    "name something in it");
        }
        return new Split(slash == 0 ? "/" : trimmed.substring(0, slash), name);
    }
}
