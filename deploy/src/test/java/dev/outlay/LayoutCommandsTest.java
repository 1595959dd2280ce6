package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.outlay.core.text.ExitCode;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Layouts by hand, one command a step, in a session that outlives each of them. */
class LayoutCommandsTest extends CommandLineTesting {

    private static final int BLOCK = 4096;

    @BeforeEach
    void start() throws Exception {
        serveVolume();
        client("create", "data:/f").ok();
    }

    @Test
    void aFileIsWrittenByHand() throws Exception {
        Result got = client("layout-get", "data:/f", "--range", "0+8KiB", "--iomode", "rw").ok();
        got.says("granted RW 0+", "unwritten", "new", "device 0: " + device());
        // What it prints is the command that commits.
        List<String> commit =
                got.out().lines().filter(line -> line.contains("layout-commit")).toList();
        assertEquals(1, commit.size(), got.out());

        Path grant = get("0+8KiB");
        JsonObject extent = extents(grant).get(0).getAsJsonObject();
        store(extent.get("deviceOffset").getAsLong(), "by hand");
        client("layout-commit", "data:/f", "--from", grant + "", "--range", "0+4KiB")
                .ok()
                .says("committed 4 KiB", "FORCED", "--last-write");
        client("stat", "data:/f").ok().says("0 B");
        client(
                        "layout-commit",
                        "data:/f",
                        "--from",
                        grant + "",
                        "--range",
                        "0+4KiB",
                        "--last-write",
                        "6")
                .ok()
                .says("size 7 B");
        client("layout-return", "data:/f").ok().says("nothing is left");
        client("layout-return", "data:/f").ok().says("nothing was held");
        client("map", "data:/f").ok().says("written");
        Path copy = folder.resolve("copy");
        client("get", "data:/f", copy.toString()).ok();
        assertEquals("by hand", Files.readString(copy));
    }

    @Test
    void whatLayoutGetPrintsForPeopleCanBeCommitted() throws Exception {
        Result got = client("layout-get", "data:/f", "--range", "0+4KiB", "--iomode", "rw").ok();
        String line =
                got.out().lines().filter(l -> l.contains("layout-commit")).findAny().orElseThrow();
        store(BLOCK, "x");
        String[] words = line.strip().split(" ", -1);
        assertEquals("outlay", words[0]);
        client(List.of(words).subList(1, words.length).toArray(String[]::new))
                .ok()
                .says("committed");
    }

    @Test
    void theSessionIsPrivateAndShownAndEnded() throws Exception {
        client("layout-get", "data:/f", "--range", "0+4KiB", "--iomode", "rw").ok();
        Path state = folder.resolve("session.json");
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(state)));
        client("session", "show").ok().says("lease left", "data:/f");
        JsonObject shown = client("session", "show", "--json").ok().json().getAsJsonObject();
        assertTrue(shown.get("open").getAsBoolean());
        assertFalse(
                client("session", "show", "--json")
                        .ok()
                        .out()
                        .contains(secret(Files.readString(state))));
        client("layout-list", "data:/").ok().says("RW 0+");
        assertEquals(
                1, client("layout-list", "data:/f", "--json").ok().json().getAsJsonArray().size());
        client("session", "end").ok().says("the session is ended");
        assertFalse(Files.exists(state));
        client("session", "end").ok().says("no session was open");
        client("session", "show").ok().says("no session is open");
        JsonObject space =
                client("volume", "show", "data", "--json")
                        .ok()
                        .json()
                        .getAsJsonObject()
                        .getAsJsonObject("space");
        assertEquals(0, space.get("grantedBytes").getAsLong());
        assertEquals(0, space.get("quarantinedBytes").getAsLong());
    }

    @Test
    void aLongLeaseCanBeAskedFor() {
        client("layout-get", "data:/f", "--range", "0+4KiB", "--iomode", "read", "--lease", "10m")
                .ok();
        client("session", "show").ok().says("10m");
        client("session", "end").ok();
        client("layout-get", "data:/f", "--range", "0+4KiB", "--iomode", "rw").ok();
        client("layout-list", "data:/", "--lease", "10m")
                .fails(ExitCode.TRY_LATER, "data:/f", "outlay session end");
    }

    @Test
    void aLayoutSurvivesARestartOfTheServer() throws Exception {
        Path grant = get("0+4KiB");
        store(extents(grant).get(0).getAsJsonObject().get("deviceOffset").getAsLong(), "kept");
        String before = address();
        stopServing();
        client("layout-list", "data:/", "--timeout", "300ms")
                .fails(ExitCode.UNREACHABLE, "is the server running");
        serve();
        client("layout-commit", "data:/f", "--from", grant + "", "--last-write", "3")
                .ok()
                .says("size 4 B");
        client("layout-list", "data:/").ok().says("RW 0+");
        assertFalse(before.isEmpty());
        client("layout-return", "data:/", "--all").ok().says("nothing is left");
    }

    @Test
    void anotherClientIsToldToTryLater() throws Exception {
        get("0+4KiB");
        Path mine = folder.resolve("session.json");
        Files.move(mine, folder.resolve("kept.json"));
        client("layout-get", "data:/f", "--range", "0+4KiB", "--iomode", "rw", "--timeout", "300ms")
                .fails(ExitCode.TRY_LATER, "try again");
    }

    @Test
    void anOldStateidIsRefused() throws Exception {
        Path first = get("0+4KiB");
        get("8KiB+4KiB");
        get("16KiB+4KiB");
        String old = stateid(first);
        // The session has used newer ones since: the server takes none that is older.
        client("layout-return", "data:/f", "--stateid", old)
                .fails(ExitCode.FAILED, "newest stateid");
        client("layout-return", "data:/f", "--stateid", "0".repeat(32) + ":1")
                .fails(ExitCode.FAILED, "map the range again");
        client("layout-return", "data:/f", "--stateid", "junk")
                .fails(ExitCode.USAGE, "'junk' is not a stateid", "ID:SEQ");
    }

    @Test
    void whatWasNotGrantedIsNotCommitted() throws Exception {
        Path grant = get("0+4KiB");
        String state = stateid(grant);
        client(
                        "layout-commit",
                        "data:/f",
                        "--stateid",
                        state,
                        "--epoch",
                        "1",
                        "--range",
                        "1MiB+4KiB@0:1MiB")
                .fails(ExitCode.FAILED, "map the range again");
        client("layout-commit", "data:/f", "--from", grant + "", "--range", "1GiB+4KiB")
                .fails(ExitCode.FAILED, "1073741824+4096", "--iomode rw");
        client("layout-commit", "data:/f").fails(ExitCode.USAGE, "--from", "--stateid");
        client("layout-commit", "data:/f", "--stateid", state, "--epoch", "1", "--range", "0+4KiB")
                .fails(ExitCode.USAGE, "does not say where it lies");
        client(
                        "layout-commit",
                        "data:/f",
                        "--stateid",
                        state,
                        "--epoch",
                        "1",
                        "--range",
                        "0+4KiB@7:4096")
                .fails(ExitCode.FAILED, "no device 7");
        Path junk = folder.resolve("junk");
        Files.writeString(junk, "{}");
        client("layout-commit", "data:/f", "--from", junk + "")
                .fails(ExitCode.FAILED, "does not hold the answer of a layout-get");
        client("layout-commit", "data:/f", "--from", folder.resolve("none") + "")
                .fails(ExitCode.NOT_FOUND, "no such file or folder");
        client("create", "data:/g").ok();
        client("layout-commit", "data:/g", "--from", grant + "")
                .fails(ExitCode.FAILED, "is for data:/f", "not for data:/g");
        client("stat", "data:/f").ok().says("0 B");
    }

    @Test
    void theLabelIsReadBeforeACommit() throws Exception {
        Path grant = get("0+4KiB");
        Path other = folder.resolve("other");
        run("format", other.toString(), "--size", "64MiB").ok();
        client("layout-commit", "data:/f", "--from", grant + "", "--device-path", "0=" + other)
                .fails(ExitCode.FAILED, other.toString(), "expected device");
        client("layout-commit", "data:/f", "--from", grant + "", "--durability", "VISIBLE")
                .fails(ExitCode.FAILED, "VISIBLE");
    }

    @Test
    void aSessionThatIsGoneIsSaidOnce() throws Exception {
        Path grant = get("0+4KiB");
        Path state = folder.resolve("session.json");
        String open = Files.readString(state);
        client("session", "end").ok();
        Files.writeString(state, open);
        client("layout-commit", "data:/f", "--from", grant + "")
                .fails(ExitCode.SESSION_LOST, "data:/f", "outlay layout-get");
        client("layout-list", "data:/").ok();
    }

    @Test
    void aDamagedStateFileIsNamed() throws Exception {
        Path state = folder.resolve("session.json");
        Files.writeString(state, "junk");
        client("ls", "data:/").fails(ExitCode.FAILED, state.toString(), "remove it");
    }

    /** Asks for a range for writing, and keeps the answer. */
    private Path get(String range) throws Exception {
        Result got =
                client("layout-get", "data:/f", "--range", range, "--iomode", "rw", "--json").ok();
        Path file = folder.resolve("grant-" + range + ".json");
        Files.writeString(file, got.out());
        return file;
    }

    private static JsonArray extents(Path grant) throws Exception {
        return JsonParser.parseString(Files.readString(grant))
                .getAsJsonObject()
                .getAsJsonArray("extents");
    }

    private static String stateid(Path grant) throws Exception {
        return JsonParser.parseString(Files.readString(grant))
                .getAsJsonObject()
                .get("stateid")
                .getAsString();
    }

    private static String secret(String state) {
        return JsonParser.parseString(state)
                .getAsJsonObject()
                .getAsJsonObject("session")
                .get("secret")
                .getAsString();
    }

    /** Stores a whole block as another program would: past every cache of this one. */
    private void store(long deviceOffset, String text) throws Exception {
        byte[] block = new byte[BLOCK];
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, block, 0, bytes.length);
        try (RandomAccessFile file = new RandomAccessFile(device().toFile(), "rw")) {
            file.seek(deviceOffset);
            file.write(block);
        }
    }
}
