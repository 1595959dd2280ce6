package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.outlay.core.text.ExitCode;
import dev.outlay.server.OutlayServer;
import dev.outlay.server.StartException;
import dev.outlay.server.config.ConfigException;
import dev.outlay.server.config.ServerConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * Runs commands of the whole program in this process, against a real server where they need one:
 * journal and device are files in a folder of the test.
 */
abstract class CommandLineTesting {

    @TempDir Path folder = Path.of("");

    private @Nullable OutlayServer server;

    /** What a command did. */
    record Result(int code, String out, String err) {

        /** It succeeded, and said nothing on standard error. */
        Result ok() {
            assertEquals(ExitCode.OK.code(), code, err);
            assertEquals("", err);
            return this;
        }

        /** It failed with this code and one line, which says what to do and holds these words. */
        Result fails(ExitCode expected, String... words) {
            assertTrue(err.startsWith("outlay: "), err);
            assertEquals(1, err.lines().count(), err);
            assertFalse(err.contains("Exception"), err);
            assertFalse(err.contains("defect"), err);
            for (String word : words) {
                assertTrue(err.contains(word), "no '" + word + "' in: " + err);
            }
            assertEquals(expected.code(), code, err);
            return this;
        }

        /** Its output has these words. */
        Result says(String... words) {
            for (String word : words) {
                assertTrue(out.contains(word), "no '" + word + "' in:\n" + out);
            }
            return this;
        }

        /** Its output as JSON. */
        JsonElement json() {
            return JsonParser.parseString(out);
        }
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    /** Starts the server of this test, or starts it again. */
    final void serve() throws StartException, ConfigException {
        serve(Map.of());
    }

    /** The same, with settings of its own. */
    final void serve(Map<String, String> settings) throws StartException, ConfigException {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(
                Map.of(
                        "listen", "127.0.0.1:0",
                        "http-listen", "none",
                        "data-directory", data().toString(),
                        "journal.segment-size", "1MiB"));
        server = OutlayServer.start(ServerConfig.parse("test", "", all));
    }

    /** Stops the server gracefully. */
    final void stopServing() {
        server().close();
    }

    private OutlayServer server() {
        return Objects.requireNonNull(server, "no server was started");
    }

    /** A server with the volume {@code data} on a device of 64 MiB. */
    final void serveVolume() throws StartException, ConfigException {
        serveVolume(Map.of());
    }

    /** The same, with settings of its own. */
    final void serveVolume(Map<String, String> settings) throws StartException, ConfigException {
        format();
        serve(settings);
        client("volume", "create", "data", "--device", device().toString()).ok();
    }

    final void format() {
        run("format", device().toString(), "--size", "64MiB").ok();
    }

    final Path data() {
        return folder.resolve("server");
    }

    final Path device() {
        return folder.resolve("device");
    }

    final String address() {
        return "127.0.0.1:" + server().grpcPort();
    }

    /** Runs a command that talks to the server, with a state file of this test. */
    final Result client(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--server", address()));
        if (!all.contains("--timeout")) {
            all.addAll(List.of("--timeout", "5s"));
        }
        if (usesSession(args[0])) {
            all.addAll(List.of("--state", folder.resolve("session.json").toString()));
        }
        return run(all.toArray(String[]::new));
    }

    private static final Set<String> WITHOUT_SESSION =
            Set.of(
                    "volume",
                    "device",
                    "put",
                    "get",
                    "cat",
                    "clients",
                    "layouts",
                    "recall",
                    "revoke",
                    "quarantine");

    private static boolean usesSession(String command) {
        return !WITHOUT_SESSION.contains(command);
    }

    /** The clients that the server knows, as {@code outlay clients --json} shows them. */
    final List<JsonObject> clients() {
        return objects(client("clients", "--json").ok());
    }

    /** The id of the one client that the server knows. */
    final String onlyClient() {
        List<JsonObject> all = clients();
        assertEquals(1, all.size(), all.toString());
        return all.getFirst().get("client").getAsString();
    }

    /** The objects of an answer that is a list of them. */
    static List<JsonObject> objects(Result result) {
        return result.json().getAsJsonArray().asList().stream()
                .map(JsonElement::getAsJsonObject)
                .toList();
    }

    /** A command in a process of its own. */
    final ProcessBuilder process(String... args) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--sun-misc-unsafe-memory-access=allow",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Outlay.class.getName()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("XDG_STATE_HOME", folder.toString());
        builder.environment().remove("OUTLAY_LOG");
        return builder;
    }

    /** Runs any command. */
    static Result run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = OutlayCommandLine.of(false);
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        int code = commandLine.execute(args);
        return new Result(code, out.toString(), err.toString());
    }
}
