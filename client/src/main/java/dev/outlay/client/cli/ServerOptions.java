package dev.outlay.client.cli;

import dev.outlay.client.AdminClient;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.DeviceEntry;
import dev.outlay.client.OutlayException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which server, where this host finds its devices, and how long to try. */
final class ServerOptions {

    private static final String DEFAULT_TIMEOUT = "30s";

    @Option(
            names = "--server",
            paramLabel = "ADDRESS",
            defaultValue = "${env:OUTLAY_SERVER:-127.0.0.1:7430}",
            converter = Converters.Address.class,
            description =
                    "host:port, or unix:/path. Default: $$OUTLAY_SERVER, otherwise 127.0.0.1:7430.")
    private String server = "";

    @Option(
            names = "--device-path",
            paramLabel = "DEVICE=PATH",
            description =
                    "Where this host finds a device, named by its UUID or its index in the volume."
                            + " Repeat for more. Others are looked for where the server finds them.")
    private Map<String, Path> devicePaths = new LinkedHashMap<>();

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = DEFAULT_TIMEOUT,
            converter = Converters.Millis.class,
            description =
                    "How long to go on while the server is away or asks to come back later."
                            + " Default: "
                            + DEFAULT_TIMEOUT
                            + ".")
    private int timeoutMillis;

    String server() {
        return server;
    }

    int timeoutMillis() {
        return timeoutMillis;
    }

    /** Where this host finds devices, by UUID or index. */
    Map<String, Path> devicePaths() {
        return devicePaths;
    }

    /** A connection for administration. */
    AdminClient admin() throws OutlayException {
        return AdminClient.connect(server, timeoutMillis);
    }

    /** How a client of this owner connects. */
    ClientOptions client(String owner) {
        ClientOptions options = ClientOptions.to(server, owner).withDeadlineMillis(timeoutMillis);
        for (Map.Entry<String, Path> device : devicePaths.entrySet()) {
            options = options.withDevice(device.getKey(), device.getValue());
        }
        return options;
    }

    /** Where this host finds a device. */
    Path path(DeviceEntry device) {
        Path byIndex = devicePaths.get(Integer.toString(device.index()));
        Path byUuid = devicePaths.get(device.uuid().toString());
        return byUuid != null ? byUuid : byIndex != null ? byIndex : Path.of(device.pathHint());
    }
}
