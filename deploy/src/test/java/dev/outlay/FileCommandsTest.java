package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.outlay.core.text.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Names, space, maps and whole files, against a real server and device. */
class FileCommandsTest extends CommandLineTesting {

    @BeforeEach
    void start() throws Exception {
        serveVolume();
    }

    @Test
    void namesAreMadeListedMovedAndRemoved() {
        client("mkdir", "data:/dir").ok().says("created directory data:/dir");
        client("create", "data:/dir/a", "--mode", "600").ok().says("created data:/dir/a (file ");
        client("ls", "data:/").ok().says("directory", "dir/");
        client("ls", "data:/dir").ok().says("file", "0 B", "a");
        client("ls", "data:/dir/a").ok().says("a");
        client("stat", "data:/dir/a").ok().says("data:/dir/a", "600", "map epoch");
        client("mv", "data:/dir/a", "data:/b").ok().says("moved data:/dir/a to data:/b");
        client("mv", "data:/b", "data:/dir").ok().says("moved data:/b to data:/dir/b");
        assertEquals(
                "b",
                client("ls", "data:/dir", "--json")
                        .ok()
                        .json()
                        .getAsJsonArray()
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString());
        assertEquals(
                "file",
                client("stat", "data:/dir/b", "--json")
                        .ok()
                        .json()
                        .getAsJsonObject()
                        .get("kind")
                        .getAsString());
        client("rm", "data:/dir/b", "data:/dir").ok().says("removed data:/dir/b");
        assertEquals(0, client("ls", "data:/", "--json").ok().json().getAsJsonArray().size());
    }

    @Test
    void whatIsWrongWithANameIsSaidInOneLine() {
        client("stat", "data:/none").fails(ExitCode.NOT_FOUND, "/none", "outlay ls");
        client("ls", "nowhere:/").fails(ExitCode.NOT_FOUND, "nowhere");
        client("cat", "data:/none").fails(ExitCode.NOT_FOUND, "/none");
        client("rm", "data:/none").fails(ExitCode.NOT_FOUND, "/none");
        client("map", "data:/none").fails(ExitCode.NOT_FOUND, "/none");
        client("put", folder.resolve("none").toString(), "data:/x")
                .fails(ExitCode.NOT_FOUND, "no such file or folder", "none");
        client("create", "data:/none/x").fails(ExitCode.NOT_FOUND);
        client("create", "data/x").fails(ExitCode.USAGE, "VOLUME:/path", "data:/dir/file");
        client("create", "data:/x", "--mode", "9")
                .fails(ExitCode.USAGE, "'9' is not a mode", "644");
        client("create", "data:/x").ok();
        client("create", "data:/x").fails(ExitCode.FAILED, "x");
        client("mkdir", "data:/x/y").fails(ExitCode.FAILED);
        client("mkdir", "data:/d").ok();
        client("create", "data:/d/e").ok();
        client("rm", "data:/d").fails(ExitCode.FAILED, "empty");
        client("mv", "data:/x", "other:/x").fails(ExitCode.USAGE, "another volume", "outlay put");
    }

    @Test
    void spaceIsAllocatedPunchedAndCut() {
        client("create", "data:/f").ok();
        client("allocate", "data:/f", "--range", "0+64KiB").ok().says("data:/f occupies 64 KiB");
        client("truncate", "data:/f", "64KiB").ok().says("64 KiB");
        client("map", "data:/f").ok().says("unwritten", "[uuuuuuuu", "u unwritten");
        client("punch", "data:/f", "--range", "16KiB+16KiB").ok().says("occupies 48 KiB");
        client("map", "data:/f").ok().says("u....u".substring(0, 5));
        client("truncate", "data:/f", "16KiB", "--json").ok();
        assertEquals(
                16 << 10,
                client("stat", "data:/f", "--json")
                        .ok()
                        .json()
                        .getAsJsonObject()
                        .get("allocatedBytes")
                        .getAsLong());
        JsonObject map = client("map", "data:/f", "--json").ok().json().getAsJsonObject();
        assertEquals(16 << 10, map.get("sizeBytes").getAsLong());
        assertEquals(
                "UNWRITTEN",
                map.getAsJsonArray("extents").get(0).getAsJsonObject().get("state").getAsString());
        client("allocate", "data:/f", "--range", "64").fails(ExitCode.USAGE, "OFFSET+LENGTH");
        client("allocate", "data:/f", "--range", "0+4KiB@0:0").fails(ExitCode.USAGE, "--range");
    }

    @Test
    void filesShareBlocksUntilOneIsWritten() throws Exception {
        Path local = Files.write(folder.resolve("image"), new byte[10_000]);
        client("put", local.toString(), "data:/image").ok();
        client("clone", "data:/image", "data:/copy").ok().says("cloned data:/image to data:/copy");
        JsonObject map = client("map", "data:/copy", "--json").ok().json().getAsJsonObject();
        assertEquals(
                "[\"SHARED\"]",
                map.getAsJsonArray("extents").get(0).getAsJsonObject().get("flags").toString());
        client("clone", "data:/image", "data:/copy", "--range", "0+4KiB", "--at", "16KiB").ok();
        client("clone", "data:/image", "data:/copy", "--at", "4KiB").fails(ExitCode.USAGE, "--at");
        client("clone", "data:/image", "other:/copy").fails(ExitCode.USAGE, "another volume");
        client("snapshot", "data:/image", "data:/kept").ok().says("kept data:/image as data:/kept");
        client("stat", "data:/kept").ok().says("read-only");
        client("truncate", "data:/kept", "0").fails(ExitCode.FAILED, "snapshot");
        client("create", "data:/together", "--concurrent").ok();
        client("stat", "data:/together").ok().says("concurrent");
        client(
                        "layout-get",
                        "data:/image",
                        "--range",
                        "0+4KiB",
                        "--iomode",
                        "rw",
                        "--atomic",
                        "--json")
                .ok()
                .says("SHARED");
    }

    @Test
    void aFilePutIsTheFileGot() throws Exception {
        long seed = System.nanoTime();
        byte[] bytes = new byte[(9 << 20) + 4321];
        new Random(seed).nextBytes(bytes);
        Path local = folder.resolve("local");
        Files.write(local, bytes);
        String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));

        client("put", local.toString(), "data:/", "--sha256").ok().says("put data:/local", sum);
        client("ls", "data:/").ok().says("9.0 MiB", "local");
        Path copy = folder.resolve("copy");
        client("get", "data:/local", copy.toString(), "--sha256").ok().says("got data:/local", sum);
        assertArrayEquals(bytes, Files.readAllBytes(copy), "seed " + seed);
        client("map", "data:/local").ok().says("written", "[####");

        assertArrayEquals(bytes, standardOutput("cat", "data:/local"), "seed " + seed);
        assertArrayEquals(bytes, standardOutput("get", "data:/local", "-"), "seed " + seed);
        JsonObject json =
                client("get", "data:/local", folder.toString(), "--json", "--sha256")
                        .ok()
                        .json()
                        .getAsJsonObject();
        assertEquals(bytes.length, json.get("sizeBytes").getAsLong());
        assertEquals(sum, json.get("sha256").getAsString());
        client("get", "data:/local", "-", "--json").fails(ExitCode.USAGE, "standard output");
    }

    @Test
    void aPutReplacesAndAnEmptyFileIsEmpty() throws Exception {
        Path local = folder.resolve("local");
        Files.writeString(local, "first and longer");
        client("put", local.toString(), "data:/f").ok();
        Files.writeString(local, "second");
        client("put", local.toString(), "data:/f", "--json").ok();
        assertEquals(
                "second", new String(standardOutput("cat", "data:/f"), StandardCharsets.UTF_8));
        Files.writeString(local, "");
        client("put", local.toString(), "data:/f").ok();
        assertEquals(0, standardOutput("cat", "data:/f").length);
    }

    @Test
    void aFullDiskIsSaidAndNothingIsLeft() throws Exception {
        Path local = folder.resolve("large");
        Files.write(local, new byte[80 << 20]);
        Files.writeString(folder.resolve("small"), "kept");
        client("put", folder.resolve("small").toString(), "data:/f").ok();
        client("put", local.toString(), "data:/f", "--timeout", "1s")
                .fails(ExitCode.FAILED, "free space");
        assertEquals("kept", new String(standardOutput("cat", "data:/f"), StandardCharsets.UTF_8));
        assertEquals(1, client("ls", "data:/", "--json").ok().json().getAsJsonArray().size());
        client("volume", "check", "data").ok().says("sound");
    }

    @Test
    void aDeviceThatIsNotTheVolumesIsRefusedBeforeAnyStore() throws Exception {
        Path other = folder.resolve("other");
        run("format", other.toString(), "--size", "64MiB").ok();
        byte[] before = Files.readAllBytes(other);
        Path local = folder.resolve("local");
        Files.writeString(local, "text");
        client("put", local.toString(), "data:/f", "--device-path", "0=" + other)
                .fails(ExitCode.FAILED, other.toString(), "expected device", "another device");
        assertArrayEquals(before, Files.readAllBytes(other));
        client("put", local.toString(), "data:/f", "--device-path", "0=" + folder.resolve("no"))
                .fails(ExitCode.NOT_FOUND, "check the path on this host");
    }

    /** A host that finds another device where the volume's should be has the server in between. */
    @Test
    void bytesGoThroughTheServerWhereTheDeviceIsNotReached() throws Exception {
        Path local = folder.resolve("local");
        byte[] bytes = new byte[(1 << 20) + 17];
        new Random(1).nextBytes(bytes);
        Files.write(local, bytes);
        String elsewhere = "0=" + folder.resolve("none");
        client("put", local.toString(), "data:/far", "--device-path", elsewhere)
                .fails(ExitCode.NOT_FOUND, "none");
        client("put", local.toString(), "data:/far", "--device-path", elsewhere, "--through-server")
                .ok();
        Path near = folder.resolve("near");
        client("get", "data:/far", near.toString()).ok();
        assertArrayEquals(bytes, Files.readAllBytes(near));
        Path far = folder.resolve("far");
        client("get", "data:/far", far.toString(), "--device-path", elsewhere, "--through-server")
                .ok();
        assertArrayEquals(bytes, Files.readAllBytes(far));
    }

    @Test
    void nothingOfAGetThatFailsStays() throws Exception {
        client("get", "data:/none", folder.resolve("copy").toString()).fails(ExitCode.NOT_FOUND);
        try (Stream<Path> files = Files.list(folder)) {
            assertFalse(files.anyMatch(file -> file.toString().contains("copy")));
        }
        assertTrue(Files.notExists(folder.resolve("copy")));
    }

    /** What a command writes to the process's standard output. */
    private byte[] standardOutput(String... args) {
        PrintStream real = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, false, StandardCharsets.UTF_8));
        try {
            client(args).ok();
        } finally {
            System.setOut(real);
        }
        return bytes.toByteArray();
    }
}
