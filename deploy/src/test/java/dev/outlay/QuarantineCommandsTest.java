package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.outlay.core.text.ExitCode;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What ended clients could still store to: shown, and given back at an operator's word. */
class QuarantineCommandsTest extends CommandLineTesting {

    private static final int BLOCK = 4096;
    private static final String NOBODY = "00000000000000aa";
    private static final String WORD = "--i-know-it-has-ended";

    private String ended = "";

    @BeforeEach
    void start() throws Exception {
        serveVolume();
        client("create", "data:/f").ok();
        client("layout-get", "data:/f", "--range", "0+8KiB", "--iomode", "rw").ok();
        ended = onlyClient();
    }

    private List<JsonObject> listed(String... options) {
        String[] all = new String[options.length + 3];
        all[0] = "quarantine";
        all[1] = "list";
        all[2] = "--json";
        System.arraycopy(options, 0, all, 3, options.length);
        return objects(client(all).ok());
    }

    private long quarantinedBytes() {
        return client("volume", "show", "data", "--json")
                .ok()
                .json()
                .getAsJsonObject()
                .getAsJsonObject("space")
                .get("quarantinedBytes")
                .getAsLong();
    }

    @Test
    void itIsListedWithWhoKeepsIt() {
        client("quarantine", "list").ok().says("nothing is in quarantine");
        client("revoke", ended).ok();
        client("quarantine", "list").ok().says("VOLUME", "FENCE", "data", ended, "cli/");

        List<JsonObject> all = listed();
        assertEquals(1, all.size());
        JsonObject entry = all.getFirst();
        assertEquals("data", entry.get("volume").getAsString());
        assertEquals(ended, entry.get("clientId").getAsString());
        assertEquals(quarantinedBytes(), entry.get("quarantinedBytes").getAsLong());
        assertTrue(quarantinedBytes() >= 2 * BLOCK);
        assertEquals(
                quarantinedBytes(),
                entry.getAsJsonArray("blocks").asList().stream()
                        .mapToLong(b -> b.getAsJsonObject().get("length").getAsLong())
                        .sum());
        assertEquals(all, listed("--volume", "data", "--client", ended));
        assertEquals(List.of(), listed("--client", NOBODY));
        client("quarantine", "list", "--volume", "nothing").fails(ExitCode.NOT_FOUND, "'nothing'");
        client("quarantine", "list", "--client", "junk")
                .fails(ExitCode.USAGE, "'junk' is not a client id");
    }

    @Test
    void whoHasNotEndedIsNotConfirmed() {
        client("quarantine", "confirm", ended, WORD)
                .fails(ExitCode.FAILED, ended, "has not ended", "revoke it first");
        client("layout-list", "data:/f").ok().says("RW");
    }

    @Test
    void onlyTheOperatorsWordFreesIt() {
        client("revoke", ended).ok();
        long before = quarantinedBytes();
        client("quarantine", "confirm", ended).fails(ExitCode.USAGE, ended, WORD);
        client("quarantine", "confirm", WORD).fails(ExitCode.USAGE, "CLIENT-ID");
        client("quarantine", "confirm", "0", WORD)
                .fails(ExitCode.USAGE, "'0' is not a client id", "hexadecimal");
        client("quarantine", "confirm", NOBODY, WORD).fails(ExitCode.NOT_FOUND, NOBODY);
        assertEquals(before, quarantinedBytes());

        JsonObject freed =
                objects(client("quarantine", "confirm", ended, WORD, "--json").ok()).getFirst();
        assertEquals("data", freed.get("volume").getAsString());
        assertEquals(before, freed.get("freedBytes").getAsLong());
        assertEquals(0, quarantinedBytes());
        client("quarantine", "list").ok().says("nothing is in quarantine");
        client("quarantine", "confirm", ended, WORD).fails(ExitCode.NOT_FOUND, ended);
        client("volume", "check", "data").ok().says("sound");
    }

    @Test
    void whatIsFreedIsSaid() {
        client("revoke", ended).ok();
        client("quarantine", "confirm", ended, WORD).ok().says("volume data: ", "are free");
    }
}
