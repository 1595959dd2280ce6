package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The commands that work on the files of a stopped server. */
class OfflineCommandsTest extends CommandLineTesting {

    @Test
    void formatMakesADeviceWhoseLabelCanBeShown() {
        run("format", device().toString(), "--size", "64MiB", "--block-size", "64KiB")
                .ok()
                .says("64 MiB", "blocks of 64 KiB", "incarnation 1");
        run("device", "label", device().toString()).ok().says("owner", "none", "67108864");
        JsonObject label =
                run("device", "label", device().toString(), "--json").ok().json().getAsJsonObject();
        assertEquals(64L << 20, label.get("sizeBytes").getAsLong());
        assertEquals(64 << 10, label.get("blockSizeBytes").getAsInt());
    }

    @Test
    void aDamagedLabelIsRepairedFromItsCopy() throws IOException {
        format();
        damage(0);
        run("device", "label", device().toString()).ok().says("owner", "none");
        run("device", "label", device().toString(), "--repair").ok().says("is restored");
        run("device", "label", device().toString(), "--repair").ok().says("both copies are whole");
        damage(0);
        damage((64L << 20) - 4096);
        run("device", "label", device().toString(), "--repair")
                .fails(ExitCode.FAILED, "label is damaged");
    }

    private void damage(long offset) throws IOException {
        try (FileChannel file = FileChannel.open(device(), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), offset + 100);
        }
    }

    @Test
    void formatDoesNotDestroyWithoutForce() throws IOException {
        format();
        run("format", device().toString())
                .fails(ExitCode.FAILED, device().toString(), "formatted already", "force");
        run("format", device().toString(), "--force").ok().says("incarnation 2");
        run("format", folder.resolve("none").toString())
                .fails(ExitCode.NOT_FOUND, "give a size to make a file");
        Path archive = folder.resolve("archive");
        Files.write(archive, new byte[1 << 20]);
        run("format", archive.toString(), "--block-size", "5000")
                .fails(ExitCode.FAILED, "block size 5000 is not a power of two");
        run("format", archive.toString(), "--size", "lots")
                .fails(ExitCode.USAGE, "'lots' is not a size", "64MiB");
    }

    @Test
    void aDeviceWithoutLabelIsExplained() throws IOException {
        Path blank = folder.resolve("blank");
        Files.write(blank, new byte[1 << 20]);
        run("device", "label", blank.toString())
                .fails(ExitCode.FAILED, blank.toString(), "outlay format");
        run("device", "label", folder.resolve("none").toString())
                .fails(ExitCode.NOT_FOUND, "no such device or file");
    }

    @Test
    void fsckOfASoundVolumeSaysSo() throws Exception {
        serveVolume();
        stopServing();
        fsck().ok().says("volume data is sound", "positions 0 to", "64");
        JsonObject json = fsck("--json").ok().json().getAsJsonObject();
        assertTrue(json.get("sound").getAsBoolean());
        assertEquals(1, json.get("files").getAsInt());
    }

    @Test
    void fsckRefusesARunningVolumeAndNamesTheWayToCheckIt() throws Exception {
        serveVolume();
        fsck().fails(ExitCode.TRY_LATER, "in use by pid", "outlay volume check data");
    }

    @Test
    void fsckOfWhatIsNotThereNamesWhatIs() throws Exception {
        serveVolume();
        stopServing();
        run("fsck", "dta", "--data", data().toString())
                .fails(ExitCode.NOT_FOUND, "no volume 'dta'", "it has data");
        run("fsck", "data", "--data", folder.toString())
                .fails(ExitCode.NOT_FOUND, "not the data directory of a server", "--data");
    }

    @Test
    void aDamagedJournalStopsTheServerAndFsckExplainsIt() throws Exception {
        serveVolume();
        stopServing();
        // The first batch, which the next segment proves to have been forced.
        flip(segments()[0], 4096 + 100);
        fsck().says(
                        "wrong: damaged: ",
                        "byte 4096",
                        "everything answered after position 0 would be lost",
                        "restore the file");
        assertEquals(ExitCode.FAILED.code(), fsck().code());
        serveOrFail().fails(ExitCode.FAILED, "volume 'data'", "byte 4096", "outlay fsck");
        dump().says("damaged: ");
        assertEquals(ExitCode.FAILED.code(), dump().code());
    }

    /** A server that does not start without all its volumes. */
    private Result serveOrFail() {
        return run(
                "serve",
                "--set",
                "data-directory=" + data(),
                "--set",
                "listen=127.0.0.1:0",
                "--set",
                "require-volumes=true");
    }

    @Test
    void aTruncatedJournalIsExplained() throws Exception {
        serveVolume();
        serveAgain();
        stopServing();
        Path[] segments = segments();
        try (RandomAccessFile file = new RandomAccessFile(segments[0].toFile(), "rw")) {
            file.setLength(4096);
        }
        assertEquals(ExitCode.FAILED.code(), fsck().code());
        fsck().says("wrong: damaged: ", "would be lost");
        serveOrFail().fails(ExitCode.FAILED, "volume 'data'", "outlay fsck");
        // Where volumes are not required the server runs, and says what it does not serve.
        serve();
        client("volume", "list").ok().says("data", "outlay fsck");
        client("ls", "data:/", "--timeout", "300ms").fails(ExitCode.FAILED, "unavailable");
    }

    @Test
    void aTornTailIsCutAndCalledHarmless() throws Exception {
        serveVolume();
        serveAgain();
        client("mkdir", "data:/dir").ok();
        stopServing();
        // The last batch: no header behind it says that it was forced.
        String[] lines = dump("--json").ok().out().strip().split("\n", -1);
        JsonObject last = JsonParser.parseString(lines[lines.length - 2]).getAsJsonObject();
        Path file =
                data().resolve("volumes").resolve("data").resolve(last.get("file").getAsString());
        flip(file, last.get("offset").getAsLong() + 40);
        fsck().ok().says("note: torn tail", "nothing that was answered is lost", "is sound");
        serve();
        client("ls", "data:/").ok().says("dir/");
    }

    @Test
    void fsckFindsAWrongDevice() throws Exception {
        serveVolume();
        stopServing();
        Path other = folder.resolve("other");
        run("format", other.toString(), "--size", "64MiB").ok();
        Result wrong = fsck("--device-path", "0=" + other);
        assertEquals(ExitCode.FAILED.code(), wrong.code());
        wrong.says("wrong: device 0: " + other, "expected device", "1 finding");
    }

    @Test
    void theJournalIsDumpedAsBatchesAndFacts() throws Exception {
        serveVolume();
        stopServing();
        dump().ok().says("position 0 to", "records", "end of the journal: ");
        dump("--facts").ok().says("VolumeCreated settings={", "name=data", "DeviceAdded device={");
        String[] lines = dump("--facts", "--json").ok().out().split("\n", -1);
        JsonObject first = JsonParser.parseString(lines[0]).getAsJsonObject();
        assertEquals(0, first.get("position").getAsLong());
        assertEquals(
                "VolumeCreated",
                first.getAsJsonArray("facts").get(0).getAsJsonObject().get("type").getAsString());
        long end = first.get("endPosition").getAsLong();
        assertFalse(dump("--from", Long.toString(end)).ok().out().contains("position 0 to"));
    }

    private void serveAgain() throws Exception {
        stopServing();
        serve();
    }

    private Result fsck(String... more) {
        return run(
                Stream.concat(
                                Stream.of("fsck", "data", "--data", data().toString()),
                                Stream.of(more))
                        .toArray(String[]::new));
    }

    private Result dump(String... more) {
        return run(
                Stream.concat(
                                Stream.of("journal", "dump", "data", "--data", data().toString()),
                                Stream.of(more))
                        .toArray(String[]::new));
    }

    private Path[] segments() throws IOException {
        try (Stream<Path> files = Files.list(data().resolve("volumes").resolve("data"))) {
            return files.filter(file -> file.toString().endsWith(".seg"))
                    .sorted(Comparator.naturalOrder())
                    .toArray(Path[]::new);
        }
    }

    private static void flip(Path file, long offset) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(offset);
            int value = bytes.read();
            bytes.seek(offset);
            bytes.write(value ^ 0xFF);
        }
    }
}
