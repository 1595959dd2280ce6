package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.MapRequest;
import dev.outlay.client.fence.LocalHost;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import java.io.BufferedReader;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The agent on a client's host, as a process of its own. */
class FenceAgentCommandTest extends CommandLineTesting {

    private static final int ENDED_BY_SIGTERM = 128 + 15;
    private static final String HOST = "node-7";

    @Test
    void aRevokedProcessIsEndedAndItsBlocksAreFree() throws Exception {
        serveVolume(Map.of("fence.driver", "agent", "fence.retry-min", "5ms"));
        client("create", "data:/f").ok();
        long file =
                client("stat", "data:/f", "--json")
                        .ok()
                        .json()
                        .getAsJsonObject()
                        .get("file")
                        .getAsLong();
        client("session", "end").ok();
        Process agent =
                process("fence-agent", "--server", address(), "--host", HOST)
                        .redirectErrorStream(true)
                        .start();
        Process victim = new ProcessBuilder("tail", "-f", "/dev/null").start();
        try (BufferedReader said = agent.inputReader()) {
            assertEquals(
                    "fence agent of host " + HOST + " asks " + address() + " for orders",
                    said.readLine());
            String id = mapAs(victim, file);
            assertTrue(victim.isAlive());
            client("revoke", id).ok();
            String report = Objects.requireNonNull(said.readLine(), "the agent ended");
            assertTrue(report.contains(id) && report.contains("gone"), report);
            assertTrue(victim.waitFor(20, TimeUnit.SECONDS), "the process still runs");
            while (!client("quarantine", "list").ok().out().contains("nothing")) {
                assertTrue(agent.isAlive(), () -> "the agent ended");
            }
            agent.toHandle().destroy();
            assertTrue(agent.waitFor(30, TimeUnit.SECONDS), "the agent did not end");
            assertEquals(ENDED_BY_SIGTERM, agent.exitValue());
        } finally {
            victim.destroyForcibly();
            agent.destroyForcibly();
        }
    }

    /** A client that says it is that process, and maps; it is not closed in good order. */
    private String mapAs(Process process, long file) throws Exception {
        LocalHost host = LocalHost.read(HOST);
        LayoutClient client =
                LayoutClient.connect(
                        ClientOptions.to(address(), "a")
                                .withProcess(
                                        host.process(
                                                process.pid(),
                                                LocalHost.startTicks(process.pid())
                                                        .orElseThrow())));
        var _ =
                client.mapBlocks(
                        "data",
                        MapRequest.of(new FileId(file), 0, 1 << 20, IoMode.RW, Optional.empty()));
        return String.format("%016x", client.session().clientId());
    }

    @Test
    void aHostWithoutANameIsRefused() {
        run("fence-agent", "--server", "127.0.0.1:1", "--host", "no name")
                .fails(ExitCode.FAILED, "'no name' is not the name of a host", "OUTLAY_HOST");
    }
}
