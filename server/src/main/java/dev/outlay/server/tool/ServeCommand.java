package dev.outlay.server.tool;

import dev.outlay.server.OutlayServer;
import dev.outlay.server.StartException;
import dev.outlay.server.config.ConfigException;
import dev.outlay.server.config.ServerConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code outlay serve}: runs a server until it is told to stop by SIGTERM or SIGINT. */
@Command(
        name = "serve",
        header = "Run a server.",
        description = {
            "Serves the volumes of its data directory until SIGTERM or Ctrl-C, which stop it"
                    + " gracefully: what was taken is answered, nothing that was answered is lost.",
            "Without --config it runs on defaults. Logs go to standard error."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  outlay serve",
            "  outlay serve --config /etc/outlay/outlay.conf",
            "  outlay serve --set data-directory=/tmp/demo --set listen=127.0.0.1:0"
        })
public final class ServeCommand implements Callable<Integer> {

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "Configuration file; left out: defaults.")
    private @Nullable Path config;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Sets one key; counts more than the file. May be repeated.")
    private Map<String, String> overrides = new LinkedHashMap<>();

    @Override
    public Integer call() throws ConfigException, StartException, InterruptedException {
        ServerConfig read =
                config == null
                        ? ServerConfig.parse("defaults", "", overrides)
                        : ServerConfig.load(config, overrides);
        OutlayServer server = OutlayServer.start(read);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        Thread.ofPlatform()
                                .name("shutdown")
                                .unstarted(
                                        () -> {
                                            server.close();
                                            stopped.countDown();
                                        }));
        stopped.await();
        return 0;
    }
}
