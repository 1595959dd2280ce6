package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.MapRequest;
import dev.outlay.client.ReturnScope;
import dev.outlay.client.ToldRecall;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.RecallScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who holds what, and how an operator gets it back. */
class HolderCommandsTest extends CommandLineTesting {

    private static final int BLOCK = 4096;
    private static final String NOBODY = "00000000000000aa";

    private String file = "";

    @BeforeEach
    void start() throws Exception {
        serveVolume();
        client("create", "data:/f").ok();
        file = Long.toString(fileId("data:/f"));
    }

    private long fileId(String path) {
        return client("stat", path, "--json").ok().json().getAsJsonObject().get("file").getAsLong();
    }

    private void hold(String path, String range) {
        client("layout-get", path, "--range", range, "--iomode", "rw").ok();
    }

    private static JsonObject use(JsonObject client) {
        return client.getAsJsonArray("volumes").get(0).getAsJsonObject();
    }

    private int openRecalls() {
        return use(clients().getFirst()).get("recallsPending").getAsInt();
    }

    // ---- clients, layouts

    @Test
    void clientsAreListedWithWhatTheyHold() {
        hold("data:/f", "0+8KiB");
        String id = onlyClient();
        client("clients").ok().says("CLIENT", "LAYOUTS", id, "cli/", "live");

        JsonObject shown = clients().getFirst();
        assertEquals("LIVE", shown.get("state").getAsString());
        assertEquals("data", use(shown).get("volume").getAsString());
        assertEquals(1, use(shown).get("layouts").getAsInt());
        assertEquals(0, use(shown).get("recallsPending").getAsInt());
        assertEquals(0, use(shown).get("quarantinedBytes").getAsLong());
        long left = shown.get("leaseLeftMillis").getAsLong();
        assertTrue(left > 0 && left <= shown.get("leaseMillis").getAsLong(), shown.toString());

        client("layout-return", "data:/f").ok();
        assertEquals(0, use(clients().getFirst()).get("layouts").getAsInt());
        client("session", "end").ok();
        assertEquals(List.of(), clients(), "its own word is all the proof there is to have");
    }

    @Test
    void layoutsAreListedByFileAndByClient() throws IOException {
        client("create", "data:/g").ok();
        hold("data:/f", "0+8KiB");
        hold("data:/g", "4KiB+4KiB");
        String id = onlyClient();
        Result all = client("layouts", "data").ok();
        all.says("FILE", "SEQID", id, "RW");
        assertEquals(3, all.out().lines().count(), all.out());

        List<JsonObject> onF = objects(client("layouts", "data", "--file", file, "--json").ok());
        assertEquals(1, onF.size());
        assertEquals(file, onF.getFirst().get("file").getAsString());
        assertEquals(id, onF.getFirst().get("client").getAsString());
        JsonObject range = onF.getFirst().getAsJsonArray("ranges").get(0).getAsJsonObject();
        assertEquals(0, range.get("offset").getAsLong());
        assertTrue(range.get("kind").getAsString().startsWith("RW"), range.toString());

        assertEquals(2, objects(client("layouts", "data", "--client", id, "--json").ok()).size());
        assertEquals(
                0, objects(client("layouts", "data", "--client", NOBODY, "--json").ok()).size());
        Files.move(folder.resolve("session.json"), folder.resolve("kept.json"));
        hold("data:/f", "1MiB+4KiB");
        List<JsonObject> both = objects(client("layouts", "data", "--file", file, "--json").ok());
        assertEquals(2, both.stream().map(o -> o.get("client").getAsString()).distinct().count());

        client("layouts", "nothing").fails(ExitCode.NOT_FOUND, "'nothing'");
        client("layouts", "data", "--client", "junk")
                .fails(ExitCode.USAGE, "'junk' is not the id of a client", "outlay clients");
    }

    // ---- recall

    @Test
    void aRecallIsOpenUntilItIsAnswered() {
        hold("data:/f", "0+16KiB");
        String id = onlyClient();
        client("recall", "data", "--file", file, "--range", "0+4KiB", "--client", NOBODY)
                .ok()
                .says("nobody holds any of it");
        client("recall", "data", "--file", file, "--range", "1MiB+4KiB")
                .ok()
                .says("nobody holds any of it");
        assertEquals(0, openRecalls());

        client("recall", "data", "--file", file, "--range", "0+4KiB", "--client", id)
                .ok()
                .says("asked 1 client");
        assertEquals(1, openRecalls());
        client("layout-return", "data:/f").ok();
        assertEquals(0, openRecalls());
        JsonObject nobody =
                client("recall", "data", "--file", file, "--json").ok().json().getAsJsonObject();
        assertEquals(0, nobody.get("clientsAsked").getAsInt());
        assertEquals("data", nobody.get("volume").getAsString());
    }

    @Test
    void theClientIsToldWhatIsRecalled() throws Exception {
        BlockingQueue<ToldRecall> told = new LinkedBlockingQueue<>();
        try (LayoutClient a = LayoutClient.connect(ClientOptions.to(address(), "a"))) {
            a.onRecall(told::add);
            FileId id = new FileId(Long.parseLong(file));
            long granted =
                    a.mapBlocks(
                                    "data",
                                    MapRequest.of(id, 0, 4 * BLOCK, IoMode.RW, Optional.empty()))
                            .ranges()
                            .getFirst()
                            .range()
                            .length();
            assertTrue(granted >= 4 * BLOCK);

            client("recall", "data", "--file", file, "--range", "4KiB+4KiB").ok().says("asked 1");
            ToldRecall range = next(told, RecallScope.Ranges.class);
            assertEquals(
                    new RecallScope.Ranges(id, List.of(ByteRange.ofLength(BLOCK, BLOCK))),
                    range.scope());
            assertFalse(range.changed());

            client("recall", "data", "--device", "0").ok().says("asked 1");
            assertEquals(new RecallScope.Device(0), next(told, RecallScope.Device.class).scope());

            client("recall", "data", "--changed").ok().says("asked 1");
            assertTrue(next(told, RecallScope.Volume.class).changed());
            var _ = a.returnLayout("data", new ReturnScope.OfVolume());
        }
    }

    /** They may come again until they are answered. */
    private static ToldRecall next(
            BlockingQueue<ToldRecall> told, Class<? extends RecallScope> scope) throws Exception {
        while (true) {
            ToldRecall next =
                    Objects.requireNonNull(
                            told.poll(20, TimeUnit.SECONDS),
                            () -> "the client is not told of " + scope.getSimpleName());
            if (scope.isInstance(next.scope())) {
                return next;
            }
        }
    }

    @Test
    void whatCannotBeRecalledIsSaidInOneLine() {
        hold("data:/f", "0+4KiB");
        client("recall", "nothing").fails(ExitCode.NOT_FOUND, "'nothing'");
        client("recall", "data", "--file", file, "--device", "0")
                .fails(ExitCode.USAGE, "--file and --device exclude each other");
        client("recall", "data", "--range", "0+4KiB").fails(ExitCode.USAGE, "--range needs --file");
        client("recall", "data", "--file", file, "--range", "0+4KiB@0:4096")
                .fails(ExitCode.USAGE, "without a device");
        client("recall", "data", "--file", file, "--range", "junk")
                .fails(ExitCode.USAGE, "'junk' is not a range");
        client("recall", "data", "--client", "0")
                .fails(ExitCode.USAGE, "'0' is not the id of a client");
        client("recall").fails(ExitCode.USAGE, "VOLUME");
        assertEquals(0, openRecalls());
    }

    // ---- revoke

    @Test
    void aRevokedClientHasNothingAndIsTold() throws Exception {
        hold("data:/f", "0+8KiB");
        String id = onlyClient();
        client("revoke", NOBODY).fails(ExitCode.NOT_FOUND, NOBODY);
        client("revoke", "junk").fails(ExitCode.USAGE, "'junk' is not the id of a client");
        assertEquals("LIVE", clients().getFirst().get("state").getAsString());

        JsonObject revoked = client("revoke", id, "--json").ok().json().getAsJsonObject();
        assertEquals(id, revoked.get("client").getAsString());
        assertTrue(revoked.get("revoked").getAsBoolean());
        client("revoke", id).ok().says("client " + id + " is revoked");
        JsonObject shown = clients().getFirst();
        assertEquals("REVOKED", shown.get("state").getAsString());
        assertEquals(0, use(shown).get("layouts").getAsInt());
        assertTrue(use(shown).get("quarantinedBytes").getAsLong() >= 2 * BLOCK);
        assertEquals(0, objects(client("layouts", "data", "--json").ok()).size());

        client("layout-return", "data:/f").fails(ExitCode.SESSION_LOST);
        Path copy = folder.resolve("copy");
        client("get", "data:/f", copy.toString()).ok();
        client("volume", "check", "data").ok().says("sound");
    }
}
