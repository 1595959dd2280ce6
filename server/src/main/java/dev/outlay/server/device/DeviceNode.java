package dev.outlay.server.device;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the system knows of the file or block device at a path.
 *
 * @param path where it stands
 * @param isBlock a block device, otherwise a plain file
 * @param number major and minor number of a block device, {@code "259:1"}; empty for a file
 */
record DeviceNode(Path path, boolean isBlock, String number) {

    private static final int TYPE_MASK = 0xF000;
    private static final int TYPE_CHARACTER = 0x2000;
    private static final int TYPE_DIRECTORY = 0x4000;
    private static final int TYPE_BLOCK = 0x6000;
    private static final int TYPE_FILE = 0x8000;

    /** Unit of {@code /sys/dev/block/*}{@code /size}, whatever the sectors of the device are. */
    private static final int SYSFS_SECTOR_BYTES = 512;

    private static final Path SYS_BLOCK = Path.of("/sys/dev/block");
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

    /** Looks at the path; what can be no device is refused. */
    static DeviceNode at(Path path) throws DeviceException {
        try {
            Map<String, Object> attributes = Files.readAttributes(path, "unix:mode,rdev");
            int type = (Integer) attributes.getOrDefault("mode", 0) & TYPE_MASK;
            return switch (type) {
                case TYPE_FILE -> new DeviceNode(path, false, "");
                case TYPE_BLOCK ->
                        new DeviceNode(
                                path, true, number((Long) attributes.getOrDefault("rdev", 0L)));
                case TYPE_DIRECTORY -> throw notADevice(path, "a directory");
                case TYPE_CHARACTER -> throw notADevice(path, "a character device");
                default -> throw notADevice(path, "a pipe or a socket");
            };
        } catch (IOException e) {
            throw DeviceException.of(path, "look at it", e);
        }
    }

    /**
     * The size by {@code sysfs}, for block devices whose channel tells none; 0 where it is not
     * known.
     */
    long sizeBySysfs() throws DeviceException {
        Path size = SYS_BLOCK.resolve(number).resolve("size");
        if (!isBlock || !Files.isReadable(size)) {
            return 0;
        }
        try {
            return Math.multiplyExact(
                    Long.parseLong(Files.readString(size).strip()), SYSFS_SECTOR_BYTES);
        } catch (IOException e) {
            throw DeviceException.of(path, "tell the size", e);
        }
    }

    /**
     * Who else uses the block device or a partition of it, in words; formatting it would destroy
     * their data.
     */
    Optional<String> use() throws DeviceException {
        if (!isBlock) {
            return Optional.empty();
        }
        try {
            // A mount point need not be valid UTF-8.
            String mounts =
                    Files.isReadable(MOUNTS)
                            ? Files.readString(MOUNTS, StandardCharsets.ISO_8859_1)
                            : "";
            for (Path device : withPartitions()) {
                Optional<String> mount = mountPoint(mounts, numberIn(device));
                if (mount.isPresent()) {
                    return Optional.of("mounted at " + mount.get());
                }
                for (Path holder : children(device.resolve("holders"))) {
                    return Optional.of("a part of " + holder.getFileName());
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw DeviceException.of(path, "find out who uses it", e);
        }
    }

    /** Where {@code mountinfo} of {@code proc(5)} says that a device is mounted. */
    static Optional<String> mountPoint(String mountinfo, String number) {
        return mountinfo
                .lines()
                .map(line -> line.split(" ", -1))
                .filter(fields -> fields.length > 4 && fields[2].equals(number))
                .map(fields -> fields[4])
                .findFirst();
    }

    /** {@code major:minor} of a {@code dev_t} of Linux. */
    static String number(long device) {
        long major = ((device >>> 8) & 0xfff) | ((device >>> 32) & ~0xfffL);
        long minor = (device & 0xff) | ((device >>> 12) & 0xffffff00L);
        return major + ":" + minor;
    }

    private List<Path> withPartitions() throws IOException {
        Path device = SYS_BLOCK.resolve(number);
        List<Path> found = new ArrayList<>();
        found.add(device);
        for (Path child : children(device)) {
            if (Files.exists(child.resolve("partition"))) {
                found.add(child);
            }
        }
        return found;
    }

    private String numberIn(Path sysfs) throws IOException {
        Path dev = sysfs.resolve("dev");
        return Files.isReadable(dev) ? Files.readString(dev).strip() : number;
    }

    private static List<Path> children(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.toList();
        }
    }

    private static DeviceException notADevice(Path path, String what) {
        return new DeviceException(
                DeviceException.Reason.NOT_A_DEVICE,
                path,
                "it is " + what + "; name a block device or a file");
    }
}
