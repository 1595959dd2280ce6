package dev.outlay.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerConfigTest {
    private static final String NAME = "outlay.conf";

    @TempDir Path directory;

    @Test
    void theFileThatIsShippedSaysTheDefaults() throws Exception {
        String text = shippedFile();
        assertEquals(ServerConfig.DEFAULT, ServerConfig.parse(NAME, text, Map.of()));
    }

    @Test
    void theFileThatIsShippedHasEveryKey() throws Exception {
        String text = shippedFile();
        ConfigReader reader = new ConfigReader(ConfigFile.parse(NAME, ""));
        reader.read();
        assertEquals(reader.keys(), new TreeSet<>(ConfigFile.parse(NAME, text).values().keySet()));
    }

    @Test
    void nothingSetGivesTheDefaults() throws Exception {
        assertEquals(ServerConfig.DEFAULT, ServerConfig.parse(NAME, "", Map.of()));
    }

    @Test
    void valuesAreReadWithUnitsCommentsAndQuotes() throws Exception {
        ServerConfig config =
                ServerConfig.parse(
                        NAME,
                        """
                        # a comment
                        listen = [::1]:0            # any port
                        unix-socket = "/run/a b#c"
                        http-listen=none
                          data-directory = /var/lib/out#lay
                        lease.default = 500ms
                        lease.min = 100ms
                        max-io = 2m
                        recall.deadline = 3s
                        journal.segment-size = 1 MiB
                        """,
                        Map.of("snapshot.threshold", "1GiB"));
        assertEquals(new ListenAddress("::1", 0), config.listen());
        assertEquals(Optional.of(Path.of("/run/a b#c")), config.unixSocket());
        assertEquals(Optional.empty(), config.httpListen());
        assertEquals(Path.of("/var/lib/out#lay"), config.dataDirectory());
        assertEquals(Duration.ofMillis(500), config.lease().standard());
        assertEquals(Duration.ofMinutes(2), config.maxIo());
        assertEquals(3_000, config.volumeLimits().recallMillis());
        assertEquals(1 << 20, config.journalSegmentBytes());
        assertEquals(1 << 30, config.snapshotThresholdBytes());
    }

    @Test
    void theCommandLineCountsMoreThanTheFile() throws Exception {
        ServerConfig config =
                ServerConfig.parse(NAME, "listen = 127.0.0.1:1", Map.of("listen", "127.0.0.1:2"));
        assertEquals(2, config.listen().port());
        ConfigException refused =
                assertThrows(
                        ConfigException.class,
                        () -> ServerConfig.parse(NAME, "", Map.of("max-io", "soon")));
        assertEquals(
                "--set max-io: max-io = soon: is not a duration with its unit (ms, s, m, h, d), for"
                        + " example 30s",
                refused.getMessage());
    }

    @Test
    void anUnknownKeyIsRefusedWithTheNearest() {
        assertEquals(
                NAME + ":2: unknown key 'lease.defalt'; did you mean 'lease.default'?",
                refusal("\nlease.defalt = 3s"));
        assertEquals(
                NAME + ":1: unknown key 'journal.segment'; did you mean 'journal.segment-size'?",
                refusal("journal.segment = 64MiB"));
    }

    @Test
    void everyProblemIsTold() {
        String message =
                refusal(
                        """
                        listen
                        max-io = 30
                        max-io = 30s
                        unix-socket =
                        limits.volumes = many
                        journal.segment-size = 5B
                        limits.message-size = 99999999999TiB
                        """);
        assertEquals(
                """
                outlay.conf:1: not of the form 'key = value  # comment': listen
                outlay.conf:3: max-io is set already at outlay.conf:2
                outlay.conf:4: unix-socket has no value; remove the line for the default
                outlay.conf:2: max-io = 30: is not a duration with its unit (ms, s, m, h, d), for example 30s
                outlay.conf:6: journal.segment-size = 5B: is not within 1MiB..1GiB
                outlay.conf:7: limits.message-size = 99999999999TiB: is too large
                outlay.conf:5: limits.volumes = many: is not a number of 1..10000"""
                        .replace("\n", System.lineSeparator()),
                message);
    }

    @Test
    void relationsBetweenKeysAreChecked() {
        assertEquals(
                NAME + ":1: lease.min = 31s: is more than lease.default (30s)",
                refusal("lease.min = 31s"));
        assertEquals(
                NAME + ":1: lease.max = 29s: is less than lease.default (30s)",
                refusal("lease.max = 29s"));
        assertEquals(
                NAME + ":1: journal.segment-size = 1048577B: is not a multiple of 4KiB",
                refusal("journal.segment-size = 1048577B"));
        assertEquals(NAME + ":1: max-io = 0s: is not within 1ms..1d", refusal("max-io = 0s"));
    }

    @Test
    void anAddressForOtherHostsNeedsItsFlag() throws Exception {
        for (String address : new String[] {"0.0.0.0:1", "[::]:1", "10.0.0.7:1", "a.example:1"}) {
            for (String key : new String[] {"listen", "http-listen"}) {
                String message = refusal(key + " = " + address);
                assertTrue(message.startsWith(NAME + ":1: " + key + " = " + address), message);
                assertTrue(message.contains("allow-plaintext-off-host = true"), message);
            }
            ServerConfig.parse(
                    NAME, "allow-plaintext-off-host = true\nlisten = " + address, Map.of());
        }
        for (String address : new String[] {"127.0.0.9:1", "[::1]:1", "localhost:1"}) {
            assertEquals(
                    address,
                    ServerConfig.parse(NAME, "listen = " + address, Map.of()).listen().toString());
        }
    }

    @Test
    void aFileThatCannotBeReadIsNamed() throws IOException {
        Path missing = directory.resolve("missing.conf");
        ConfigException none =
                assertThrows(ConfigException.class, () -> ServerConfig.load(missing, Map.of()));
        assertTrue(none.getMessage().startsWith(missing + ": no such file"), none.getMessage());

        Path binary = Files.write(directory.resolve("binary.conf"), new byte[] {(byte) 0xCD, 0});
        ConfigException junk =
                assertThrows(ConfigException.class, () -> ServerConfig.load(binary, Map.of()));
        assertEquals(binary + ": is not a text in UTF-8", junk.getMessage());
    }

    @Test
    void aLeaseIsGrantedWithinItsBounds() {
        ServerConfig.Lease lease = ServerConfig.DEFAULT.lease();
        assertEquals(Duration.ofSeconds(30), lease.grant(Duration.ZERO));
        assertEquals(Duration.ofSeconds(1), lease.grant(Duration.ofMillis(1)));
        assertEquals(Duration.ofSeconds(7), lease.grant(Duration.ofSeconds(7)));
        assertEquals(Duration.ofHours(1), lease.grant(Duration.ofDays(7)));
    }

    @Test
    void quantitiesAreShownAsTheyAreWritten() {
        assertEquals("90s", Quantity.show(Duration.ofSeconds(90)));
        assertEquals("1d", Quantity.show(Duration.ofDays(1)));
        assertEquals("0ms", Quantity.show(Duration.ZERO));
        assertEquals("64MiB", Quantity.show(64L << 20));
        assertEquals("1025B", Quantity.show(1025));
        assertEquals("0B", Quantity.show(0));
    }

    private static String refusal(String text) {
        ConfigException refused =
                assertThrows(
                        ConfigException.class,
                        () -> ServerConfig.parse(NAME, text, Map.of()),
                        text);
        return refused.getMessage();
    }

    private static String shippedFile() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(ServerConfig.class.getResourceAsStream("/outlay.conf"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
