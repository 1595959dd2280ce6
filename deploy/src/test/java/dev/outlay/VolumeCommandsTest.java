package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Administration of a running server, and what keeps one from running. */
class VolumeCommandsTest extends CommandLineTesting {

    @Test
    void aVolumeIsMadeListedShownAndChecked() throws Exception {
        format();
        serve();
        client("volume", "create", "data", "--device", device().toString())
                .ok()
                .says("created volume data with 64.0 MiB in blocks of 4 KiB");
        client("volume", "list").ok().says("NAME", "data", "64.0 MiB", "ok");
        client("volume", "show", "data")
                .ok()
                .says("FORCED", "quarantined", "100.0 %", device() + "");
        client("volume", "check", "data").ok().says("volume data is sound");

        JsonObject shown = client("volume", "show", "data", "--json").ok().json().getAsJsonObject();
        JsonObject space = shown.getAsJsonObject("space");
        assertEquals(space.get("totalBytes").getAsLong(), space.get("freeBytes").getAsLong());
        assertEquals(1, shown.getAsJsonArray("devices").size());
        assertEquals(
                "data",
                client("volume", "list", "--json")
                        .ok()
                        .json()
                        .getAsJsonArray()
                        .get(0)
                        .getAsJsonObject()
                        .get("volume")
                        .getAsString());
        assertTrue(
                client("volume", "check", "data", "--json")
                        .ok()
                        .json()
                        .getAsJsonObject()
                        .get("sound")
                        .getAsBoolean());
    }

    @Test
    void devicesComeAndGo() throws Exception {
        format();
        Path second = folder.resolve("second");
        run("format", second.toString(), "--size", "16MiB").ok();
        serve();
        client("volume", "create", "data", "--device", device().toString()).ok();
        client("device", "retire", "data", "0").fails(ExitCode.FAILED, "only one");
        client("device", "add", "data", second.toString()).ok().says("added device 1", "data");
        client("volume", "show", "data").ok().says("active", second.toString());
        client("device", "retire", "data", "7").fails(ExitCode.NOT_FOUND, "no device 7");
        client("device", "retire", "data", "0").ok().says("device 0 leaves volume data");
        for (int i = 0; i < 1000; i++) {
            JsonObject shown =
                    client("volume", "show", "data", "--json").ok().json().getAsJsonObject();
            if (shown.getAsJsonArray("devices").size() == 1) {
                break;
            }
        }
        client("device", "retire", "data", "0").fails(ExitCode.NOT_FOUND, "no device 0");
    }

    @Test
    void slicesOfOneDeviceAreTwoVolumes() throws Exception {
        format();
        serve();
        client("volume", "create", "a", "--device", device() + ",1MiB,8MiB").ok().says("8 MiB");
        client("volume", "create", "b", "--device", device() + ",16MiB,8MiB").ok();
        client("volume", "create", "c", "--device", device() + ",12MiB,8MiB")
                .fails(ExitCode.FAILED, "belong to volume 'b'");
    }

    @Test
    void aDeviceJoinsAVolumeAtWork() throws Exception {
        serveVolume();
        Path more = folder.resolve("more");
        run("format", more.toString(), "--size", "32MiB").ok();
        client("device", "add", "nothing", more.toString()).fails(ExitCode.NOT_FOUND, "'nothing'");
        client("device", "add", "data", folder.resolve("none").toString())
                .fails(ExitCode.FAILED, "none", "no such device or file");
        client("device", "add", "data", more + ",1MiB").fails(ExitCode.USAGE, "PATH,START,LENGTH");
        client("device", "add", "data").fails(ExitCode.USAGE, "PATH");
        assertEquals(1, devices());

        long before = totalBytes();
        JsonObject added =
                client("device", "add", "data", more + ",1MiB,8MiB", "--json")
                        .ok()
                        .json()
                        .getAsJsonObject();
        assertEquals(1, added.get("device").getAsInt());
        assertEquals(2, devices());
        assertEquals(before + (8 << 20), totalBytes());
        client("device", "add", "data", more + ",16MiB,8MiB")
                .ok()
                .says("added device 2 to volume data: 8 MiB", more.toString());
        client("device", "add", "data", more + ",12MiB,8MiB").fails(ExitCode.FAILED, "'data'");
        assertEquals(before + (16 << 20), totalBytes());
        stopServing();
        serve();
        assertEquals(3, devices());
        client("volume", "check", "data").ok().says("sound");
    }

    private int devices() {
        return shown().getAsJsonArray("devices").size();
    }

    private long totalBytes() {
        return shown().getAsJsonObject("space").get("totalBytes").getAsLong();
    }

    private JsonObject shown() {
        return client("volume", "show", "data", "--json").ok().json().getAsJsonObject();
    }

    @Test
    void whatIsWrongWithAVolumeIsSaidInOneLine() throws Exception {
        format();
        serve();
        client("volume", "show", "nothing").fails(ExitCode.NOT_FOUND, "'nothing'");
        client("volume", "create", "data", "--device", folder.resolve("none").toString())
                .fails(ExitCode.FAILED, "none", "no such device or file");
        Path blank = folder.resolve("blank");
        Files.write(blank, new byte[1 << 20]);
        client("volume", "create", "data", "--device", blank.toString())
                .fails(ExitCode.FAILED, "outlay format");
        client("volume", "create", "data", "--device", device() + ",1MiB")
                .fails(ExitCode.USAGE, "PATH,START,LENGTH", "--help");
        client("volume", "create", "data").fails(ExitCode.USAGE, "--device");
        client("volume", "create", "data", "--device", device() + "", "--least-durability", "best")
                .fails(ExitCode.USAGE, "'best' is not a durability", "FORCED");
        client("volume", "create", "data", "--device", device() + "").ok();
        client("volume", "create", "data", "--device", device() + "")
                .fails(ExitCode.FAILED, "'data' already");
    }

    @Test
    void aServerThatIsAwayIsUnreachable() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        run("volume", "list", "--server", "127.0.0.1:" + port, "--timeout", "500ms")
                .fails(ExitCode.UNREACHABLE, "127.0.0.1:" + port, "is the server running");
        run("volume", "list", "--server", "unix:" + folder.resolve("socket"), "--timeout", "500ms")
                .fails(ExitCode.UNREACHABLE, "is the server running");
        run("volume", "list", "--server", "localhost")
                .fails(ExitCode.USAGE, "'localhost'", "host:port");
    }

    @Test
    void aPortInUseKeepsTheServerFromStarting() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            run(
                            "serve",
                            "--set",
                            "data-directory=" + data(),
                            "--set",
                            "http-listen=none",
                            "--set",
                            "listen=127.0.0.1:" + socket.getLocalPort())
                    .fails(ExitCode.FAILED, ":" + socket.getLocalPort());
        }
    }

    @Test
    void aJunkConfigurationIsRefusedWithThePlace() throws IOException {
        Path config = folder.resolve("outlay.conf");
        Files.writeString(config, "listen = 127.0.0.1:0\nlisten-on = nowhere\n");
        run("serve", "--config", config.toString())
                .fails(
                        ExitCode.FAILED,
                        config + "",
                        "2",
                        "unknown key 'listen-on'",
                        "did you mean");
        run("serve", "--config", folder.resolve("none").toString())
                .fails(ExitCode.FAILED, "no such file");
    }
}
