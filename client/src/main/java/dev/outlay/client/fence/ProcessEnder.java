package dev.outlay.client.fence;

import dev.outlay.client.fence.LocalHost.Observed;
import dev.outlay.core.value.ProcessIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Ends one process for good, and none that is only like it. */
final class ProcessEnder {

    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    private final LocalHost host;

    ProcessEnder(LocalHost host) {
        this.host = host;
    }

    /** What is certain of a process. */
    record Ending(boolean gone, String detail) {}

    /** Kills the process, unless it is gone, and waits until it is. */
    Ending end(ProcessIdentity process, Duration patience) throws IOException {
        if (process.bootId().isEmpty() || process.pidNamespace() == 0) {
            return new Ending(false, "the client did not say its boot and pid namespace");
        }
        if (!process.bootId().equals(host.bootId())) {
            return new Ending(true, "the host was started anew since");
        }
        if (process.pidNamespace() != host.pidNamespace()) {
            return new Ending(
                    false,
                    "pid "
                            + process.pid()
                            + " is of another pid namespace (a container): run an agent in it, under"
                            + " its name");
        }
        if (process.pid() == ProcessHandle.current().pid()) {
            return new Ending(false, "pid " + process.pid() + " is the agent itself");
        }
        long deadline = System.nanoTime() + patience.toNanos();
        boolean killed = false;
        while (isThere(process)) {
            if (!killed) {
                killed = kill(process.pid());
                if (!killed && isThere(process)) {
                    return new Ending(
                            false, "pid " + process.pid() + " may not be killed by this user");
                }
            }
            if (System.nanoTime() - deadline > 0) {
                return new Ending(
                        false,
                        "pid "
                                + process.pid()
                                + " was killed but has not ended: it may be in an I/O that hangs");
            }
            LockSupport.parkNanos(LOOK_AGAIN.toNanos());
        }
        return new Ending(true, killed ? "killed" : "was gone already");
    }

    private static boolean isThere(ProcessIdentity process) throws IOException {
        Optional<Observed> seen = LocalHost.observe(process.pid());
        return seen.isPresent()
                && seen.get().startTicks() == process.startTicks()
                && !seen.get().isDead();
    }

    /** SIGKILL; the handle makes sure that the pid has not become another process meanwhile. */
    private static boolean kill(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false);
    }
}
