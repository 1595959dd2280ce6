package dev.outlay.server.fence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Only the program's exit with 0, in time, confirms anything. */
@Timeout(60)
class CommandDriverTest {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final FenceTarget TARGET = target(Optional.of(process()));

    @TempDir @Nullable Path folder;

    private static ProcessIdentity process() {
        return new ProcessIdentity("host-7", "boot", 4026531836L, 4711, 99);
    }

    private static FenceTarget target(Optional<ProcessIdentity> process) {
        return new FenceTarget(
                new ClientRecord(
                        new ClientId(0xabcL), "p", "$(owner) x", 1, 0, 0, 1000, 100, process),
                List.of(
                        new FenceTarget.Device(new UUID(1, 2), "/dev/a"),
                        new FenceTarget.Device(new UUID(3, 4), "/dev/b c")));
    }

    private Path folder() {
        return Objects.requireNonNull(folder);
    }

    private String script(String... lines) throws IOException {
        Path script = folder().resolve("fence.sh");
        Files.writeString(script, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script.toString();
    }

    private static FenceResult fence(List<String> command, Duration timeout, FenceTarget target) {
        try (CommandDriver driver = new CommandDriver(command, timeout)) {
            return driver.fence(target).join();
        }
    }

    private static String failure(FenceResult result) {
        return assertInstanceOf(FenceResult.Failed.class, result).reason();
    }

    @Test
    void exitCodeZeroConfirms() throws IOException {
        assertInstanceOf(
                FenceResult.Confirmed.class, fence(List.of(script("exit 0")), LONG, TARGET));
    }

    @Test
    void anyOtherExitCodeIsAFailure() throws IOException {
        String reason = failure(fence(List.of(script("echo no; exit 3")), LONG, TARGET));
        assertTrue(reason.contains("exit code 3"), reason);
    }

    @Test
    void whatIsNotDoneInTimeIsAFailure() throws IOException {
        String reason =
                failure(
                        fence(
                                List.of(script("exec tail -f /dev/null")),
                                Duration.ofMillis(100),
                                TARGET));
        assertTrue(reason.contains("within 100 ms"), reason);
    }

    @Test
    void aProgramThatIsNotThereIsAFailure() {
        assertTrue(
                failure(fence(List.of("/no/such/program"), LONG, TARGET)).contains("cannot run"));
    }

    @Test
    void theProgramIsToldWhoAndWhereWithoutAShell() throws IOException {
        Path seen = folder().resolve("seen");
        String program =
                script(
                        "for word in \"$@\"; do echo \"<$word>\" >> " + seen + "; done",
                        "echo \"$OUTLAY_CLIENT_ID|$OUTLAY_OWNER|$OUTLAY_PID|$OUTLAY_BOOT_ID\" >> "
                                + seen);
        assertInstanceOf(
                FenceResult.Confirmed.class, fence(List.of(program, "--off"), LONG, TARGET));
        assertEquals(
                List.of(
                        "<--off>",
                        "<0000000000000abc>",
                        "<host-7>",
                        "<4711>",
                        "<99>",
                        "</dev/a>",
                        "</dev/b c>",
                        "0000000000000abc|$(owner) x|4711|boot"),
                Files.readAllLines(seen));
    }

    @Test
    void whatTheClientDidNotSayIsADash() throws IOException {
        Path seen = folder().resolve("seen");
        String program = script("echo \"$2 $3 $4\" > " + seen);
        assertInstanceOf(
                FenceResult.Confirmed.class,
                fence(List.of(program), LONG, target(Optional.empty())));
        assertEquals("- - -", Files.readString(seen).strip());
    }

    @Test
    void muchOutputDoesNotStopTheProgram() throws IOException {
        assertInstanceOf(
                FenceResult.Confirmed.class,
                fence(List.of(script("head -c 3000000 /dev/zero")), LONG, TARGET));
    }
}
