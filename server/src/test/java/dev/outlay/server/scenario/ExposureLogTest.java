package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.outlay.v1.ConfirmClientEndedRequest;
import dev.outlay.v1.FencePolicy;
import dev.outlay.v1.MapBlocksResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a server has written down of its clients, as {@code outlay history} tells it. */
class ExposureLogTest extends ScenarioTest {

    private static final int BLOCKS = 64;
    private static final int LEASE_MILLIS = 500;

    private Path history() {
        return server().historyDirectory();
    }

    private ScenarioServer serveWithHistory() throws Exception {
        return serve(
                BLOCKS,
                Map.of("history.dir", folder().resolve("history").toString()),
                FencePolicy.FENCE_POLICY_STRICT);
    }

    private static ScenarioServer.Answer run(String... args) {
        return ScenarioServer.history(args);
    }

    private static JsonArray rows(ScenarioServer.Answer answer) {
        assertEquals(0, answer.exitCode(), answer.err());
        return JsonParser.parseString(answer.out()).getAsJsonArray();
    }

    private ScenarioServer.Answer check() {
        return run("check", history().toString());
    }

    private List<String> who(String file, String... more) {
        List<String> args = new ArrayList<>(List.of("who", "--volume", "v", "--json"));
        args.addAll(List.of("--file", file));
        args.addAll(List.of(more));
        args.add(history().toString());
        List<String> rows = new ArrayList<>();
        for (JsonElement each : rows(run(args.toArray(String[]::new)))) {
            JsonObject row = each.getAsJsonObject();
            rows.add(
                    row.get("owner").getAsString()
                            + " "
                            + row.get("how").getAsString()
                            + " "
                            + row.get("offset").getAsLong() / BLOCK
                            + "+"
                            + row.get("length").getAsLong() / BLOCK
                            + (row.get("via").getAsLong() == row.get("file").getAsLong()
                                    ? ""
                                    : " via a clone")
                            + (row.get("untilMillis").isJsonNull() ? " still" : ""));
        }
        return rows;
    }

    /** A writes, is stopped and revoked for B's sake; its end is proven late; its blocks go on. */
    @Test
    void whoCouldTouchTheBytesOfARevokedClient() throws Exception {
        ScenarioServer server = serveWithHistory();
        TestClient b = client("b");
        long file = b.create("f");
        TestClient a = client("a", LEASE_MILLIS);
        var _ = a.write(file, 0, pattern(1, 2 * BLOCK));
        MapBlocksResponse held = a.map(file, RW, 0, 4 * BLOCK);
        assertTrue(held.getExtentsCount() > 0);
        Await.until(
                "a's lease is over, and b reads",
                () -> {
                    try {
                        return b.map(file, READ, 0, 2 * BLOCK).getRangesCount() > 0;
                    } catch (Refused e) {
                        return false;
                    }
                });
        Instant beforeTheProof = Instant.now();
        var _ =
                server.admin()
                        .confirmClientEnded(
                                ConfirmClientEndedRequest.newBuilder()
                                        .setClientId(a.clientId())
                                        .setIKnowItHasEnded(true)
                                        .build());
        var _ = b.giveBack(file);
        var _ = b.truncate(file, 0);
        long other = b.create("g");
        var _ = b.write(other, 0, pattern(2, (BLOCKS - 4) * BLOCK));
        b.end();
        server.stop();

        ScenarioServer.Answer checked = check();
        assertEquals(0, checked.exitCode(), checked.out());
        assertTrue(checked.out().contains("clean"), checked.out());

        List<String> all = who("/f");
        assertTrue(all.contains("a write 0+2"), all::toString);
        assertTrue(all.stream().anyMatch(row -> row.startsWith("b read 0+2")), all::toString);
        assertFalse(all.stream().anyMatch(row -> row.endsWith("still")), all::toString);
        // After the truncate its blocks belong to g, and whoever held f before is not named for it.
        List<String> ofOther = who(Long.toString(other));
        assertTrue(ofOther.stream().allMatch(row -> row.startsWith("b write")), ofOther::toString);
        // Past the two blocks that a had committed only a itself was.
        List<String> past = who("/f", "--range", "8KiB..16KiB");
        assertTrue(past.stream().allMatch(row -> row.startsWith("a write")), past::toString);
        // Once b had read, a was revoked.
        List<String> late =
                who(
                        "/f",
                        "--between",
                        beforeTheProof.toString(),
                        beforeTheProof.plusSeconds(3600).toString());
        assertFalse(late.contains("a write 0+2"), late::toString);
        assertTrue(late.stream().anyMatch(row -> row.startsWith("b read")), late::toString);
    }

    /**
     * Where a map lets a revoked writer's committed block stay, the writer is named until proof.
     */
    @Test
    void quarantineAndClonesAreTold() throws Exception {
        ScenarioServer server = serveWithHistory();
        TestClient b = client("b");
        long file = b.create("f");
        TestClient a = client("a");
        var _ = a.write(file, 0, pattern(1, 2 * BLOCK));
        var _ = a.map(file, RW, 0, 2 * BLOCK);
        var _ = client("a");
        assertTrue(who("/f").contains("a quarantine 0+2 still"), () -> who("/f").toString());
        var _ =
                server.admin()
                        .confirmClientEnded(
                                ConfirmClientEndedRequest.newBuilder()
                                        .setClientId(a.clientId())
                                        .setIKnowItHasEnded(true)
                                        .build());
        long clone = b.create("g");
        var _ = b.clone(file, clone);
        var _ = b.map(clone, READ, 0, 2 * BLOCK);
        assertTrue(who("/f").contains("a quarantine 0+2"), () -> who("/f").toString());
        assertTrue(who("/f").contains("b read 0+2 via a clone still"), () -> who("/f").toString());
        assertTrue(who("/g").contains("b read 0+2 still"), () -> who("/g").toString());
    }

    @Test
    void aRestartGoesOnWithTheLog() throws Exception {
        ScenarioServer server = serveWithHistory();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(1, BLOCK));
        server.restart();
        var _ = a.reattach();
        var _ = a.write(file, BLOCK, pattern(2, BLOCK));
        a.end();
        server.stop();
        ScenarioServer.Answer checked = check();
        assertEquals(0, checked.exitCode(), checked.out() + checked.err());
        assertTrue(checked.out().contains("begin=2"), checked.out());
    }

    @Test
    void whatIsWrongIsSaidPlainly() throws Exception {
        ScenarioServer server = serveWithHistory();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(1, BLOCK));
        a.end();
        server.stop();
        Path log;
        try (Stream<Path> files = Files.list(history().resolve("v"))) {
            log = files.findFirst().orElseThrow();
        }
        List<String> lines = Files.readAllLines(log);
        int commit = indexOf(lines, "\"event\":\"commit\"");

        Files.write(log, without(lines, indexOf(lines, "\"event\":\"grant\"")));
        assertEquals(3, check().exitCode(), () -> check().out());
        assertTrue(check().out().contains("1 gaps, 1 events known to be missing"), check().out());

        List<String> damaged = new ArrayList<>(lines);
        damaged.set(commit, lines.get(commit).replace("written", "written kept"));
        Files.write(log, damaged);
        assertEquals(2, check().exitCode(), () -> check().out());
        assertTrue(check().out().contains(log.getFileName() + ":" + (commit + 1)), check().out());

        String last = lines.getLast();
        List<String> torn = new ArrayList<>(lines.subList(0, lines.size() - 1));
        Files.writeString(
                log, String.join("\n", torn) + "\n" + last.substring(0, last.length() / 2));
        assertEquals(0, check().exitCode(), () -> check().out());
        assertTrue(check().out().contains("torn"), check().out());

        assertEquals(2, run("check", folder().resolve("nothing").toString()).exitCode());
        assertEquals(2, run("check").exitCode());
        assertEquals(
                2, run("who", "--volume", "w", "--file", "/f", history().toString()).exitCode());
        ScenarioServer.Answer unknown =
                run("who", "--volume", "v", "--file", "/x", history().toString());
        assertEquals(3, unknown.exitCode());
        assertTrue(unknown.err().contains("'/x'"), unknown.err());
        assertEquals(
                2,
                run("who", "--volume", "v", "--file", "/f", "--range", "9..3", history().toString())
                        .exitCode());
    }

    private static int indexOf(List<String> lines, String part) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).contains(part)) {
                return i;
            }
        }
        throw new AssertionError("no line has " + part);
    }

    private static List<String> without(List<String> lines, int index) {
        List<String> left = new ArrayList<>(lines);
        left.remove(index);
        return left;
    }
}
