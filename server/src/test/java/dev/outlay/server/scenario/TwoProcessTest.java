package dev.outlay.server.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The main job: two processes share a file, and the server carries none of its bytes. */
class TwoProcessTest extends ScenarioTest {
    private static final long LEAST_BYTES = 100 << 20;
    private static final String RECEIVED = "outlay_network_received_bytes_total";
    private static final String SENT = "outlay_network_sent_bytes_total";

    @Test
    void oneProcessPutsAnotherGets() throws Exception {
        Path modules = Path.of(System.getProperty("java.home"), "lib", "modules");
        long size = Files.size(modules);
        assertTrue(size >= LEAST_BYTES, () -> modules + " has only " + size + " bytes");
        ScenarioServer server = serve(size / BLOCK * BLOCK + (8 << 20));
        Path log = folder().resolve("copies.log");
        Path copy = folder().resolve("copy");

        CopyProcess.put(server.address(), modules, "modules", log);
        CopyProcess.get(server.address(), "modules", copy, log);

        assertEquals(sha256(modules), sha256(copy));
        double carried = server.meter(RECEIVED) + server.meter(SENT);
        assertTrue(carried > 0, "the meters count");
        assertTrue(
                carried < size / 100.0,
                () -> "the server carried " + carried + " bytes for a file of " + size);
        assertEquals(Math.ceilDiv(size, BLOCK) * (long) BLOCK, server.space().getMappedBytes());
    }

    private static String sha256(Path path) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream in = new DigestInputStream(Files.newInputStream(path), digest)) {
            var _ = in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
