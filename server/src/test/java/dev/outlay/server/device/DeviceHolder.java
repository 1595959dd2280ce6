package dev.outlay.server.device;

import java.io.IOException;
import java.nio.file.Path;

/** A process that claims a device and holds it until its input ends. */
final class DeviceHolder {

    private DeviceHolder() {}

    @SuppressWarnings("SystemOut") // The test waits for this line.
    public static void main(String[] arguments) throws IOException {
        try (ServerDevice device = ServerDevice.open(Path.of(arguments[0]))) {
            System.out.println("lock epoch " + device.claim("alpha").lockEpoch());
            while (System.in.read() >= 0) {}
        }
    }

    static Process start(Path path) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        DeviceHolder.class.getName(),
                        path.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
