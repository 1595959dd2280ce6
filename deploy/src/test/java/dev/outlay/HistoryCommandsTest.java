package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.text.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code outlay history}: what the program says of a log that a server has written. */
class HistoryCommandsTest extends CommandLineTesting {

    @Test
    void aLogIsCheckedAndSearched() throws Exception {
        Path log = folder.resolve("history");
        serveVolume(Map.of("history.dir", log.toString()));
        Path content = Files.write(folder.resolve("content"), new byte[3 * 4096]);
        client("put", content.toString(), "data:/f").ok();
        stopServing();

        run("history", "check", log.toString()).ok().says("volume data", "commit=", "clean");
        String result =
                run("history", "check", log.toString(), "--volume", "data", "--json")
                        .ok()
                        .json()
                        .getAsJsonArray()
                        .get(0)
                        .getAsJsonObject()
                        .get("result")
                        .getAsString();
        assertEquals("clean", result);

        String[] who = {"history", "who", "--volume", "data", "--file", "/f", log.toString()};
        // 'put' writes under another name and renames: the log tells the name of the time.
        run(who).ok().says("CLIENT", "HOW", "write", "/.f.put-");
        run("history", "who", "--volume", "data", "--file", "/g", log.toString())
                .fails(ExitCode.NOT_FOUND, "'/g'");
        run("history", "who", "--volume", "data", "--file", "/f", "--range", "7", log.toString())
                .fails(ExitCode.USAGE, "'7'", "0..64KiB");
        run("history", "check", folder.resolve("nothing").toString())
                .fails(ExitCode.USAGE, "nothing", "history.dir");
        assertTrue(Files.exists(log.resolve("data")));
    }
}
