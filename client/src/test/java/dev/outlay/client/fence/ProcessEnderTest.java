package dev.outlay.client.fence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.fence.ProcessEnder.Ending;
import dev.outlay.core.value.ProcessIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real processes: the one that is meant ends, whatever it does, and no other. */
@Timeout(60)
class ProcessEnderTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private @Nullable Process started;
    private LocalHost host = new LocalHost("none", "", 0);

    @BeforeEach
    void start() throws IOException {
        host = LocalHost.read("test-host");
        started = new ProcessBuilder("tail", "-f", "/dev/null").start();
    }

    @AfterEach
    void end() {
        process().destroyForcibly();
    }

    private Process process() {
        return Objects.requireNonNull(started);
    }

    private ProcessIdentity identity() throws IOException {
        return host.process(process().pid(), LocalHost.startTicks(process().pid()).orElseThrow());
    }

    private Ending end(ProcessIdentity identity) throws IOException {
        return new ProcessEnder(host).end(identity, PATIENCE);
    }

    @Test
    void itIsKilledAndGone() throws IOException {
        assertEquals(new Ending(true, "killed"), end(identity()));
        assertFalse(process().isAlive());
    }

    @Test
    void aStoppedProcessIsKilledToo() throws Exception {
        assertEquals(
                0, new ProcessBuilder("kill", "-STOP", "" + process().pid()).start().waitFor());
        assertTrue(end(identity()).gone());
        assertEquals(137, process().waitFor());
    }

    @Test
    void goneAlreadyIsConfirmed() throws Exception {
        ProcessIdentity identity = identity();
        process().destroyForcibly().waitFor();
        assertEquals(new Ending(true, "was gone already"), end(identity));
    }

    /** The pid is another process by now: the one that is meant is gone, and this one lives. */
    @Test
    void aPidThatWasUsedAgainIsLeftAlone() throws IOException {
        ProcessIdentity now = identity();
        assertEquals(
                new Ending(true, "was gone already"),
                end(host.process(now.pid(), now.startTicks() - 1)));
        assertTrue(process().isAlive());
    }

    @Test
    void ofAnEarlierBootItIsGone() throws IOException {
        ProcessIdentity now = identity();
        Ending ending =
                end(
                        new ProcessIdentity(
                                now.host(),
                                "another boot",
                                now.pidNamespace(),
                                now.pid(),
                                now.startTicks()));
        assertTrue(ending.gone());
        assertTrue(process().isAlive());
    }

    @Test
    void ofAnotherPidNamespaceNothingIsCertain() throws IOException {
        ProcessIdentity now = identity();
        Ending ending =
                end(
                        new ProcessIdentity(
                                now.host(),
                                now.bootId(),
                                now.pidNamespace() + 1,
                                now.pid(),
                                now.startTicks()));
        assertFalse(ending.gone(), ending.detail());
        assertTrue(process().isAlive());
    }

    @Test
    void withoutBootOrNamespaceNothingIsCertain() throws IOException {
        ProcessIdentity now = identity();
        assertFalse(
                end(new ProcessIdentity(now.host(), "", 0, now.pid(), now.startTicks())).gone());
        assertTrue(process().isAlive());
    }

    @Test
    void theAgentDoesNotEndItself() throws IOException {
        long self = ProcessHandle.current().pid();
        assertFalse(end(host.process(self, LocalHost.startTicks(self).orElseThrow())).gone());
    }

    @Test
    void thisProcessKnowsWhoItIs() {
        ProcessIdentity self = LocalHost.thisProcess().orElseThrow();
        assertEquals(ProcessHandle.current().pid(), self.pid());
        assertEquals(host.bootId(), self.bootId());
        assertEquals(host.pidNamespace(), self.pidNamespace());
    }
}
