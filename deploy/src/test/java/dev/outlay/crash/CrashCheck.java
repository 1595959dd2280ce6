package dev.outlay.crash;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * The check as a program, started by {@code deploy/checks/crash.sh}: {@code seconds seed clients
 * folder keep|remove}. Exit code 0: all is well; 1: something was lost, stale or foreign; 2: the
 * check could not be done.
 */
public final class CrashCheck {

    private static final int VIOLATED = 1;
    private static final int NOT_DONE = 2;
    private static final int CLIENTS_MAX = 16;

    private CrashCheck() {}

    /** The program. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path folder = Path.of(args[3]).toAbsolutePath();
        Files.createDirectories(folder);
        try (Stream<Path> there = Files.list(folder)) {
            if (there.findAny().isPresent()) {
                System.err.println("crash: " + folder + " is not empty - name an empty folder");
                System.exit(NOT_DONE);
            }
        }
        int clients = Integer.parseInt(args[2]);
        if (clients < 1 || clients > CLIENTS_MAX) {
            System.err.println("crash: 1 to " + CLIENTS_MAX + " clients, not " + clients);
            System.exit(NOT_DONE);
        }
        int code =
                run(Long.parseLong(args[0]), Long.parseLong(args[1]), clients, folder, System.out);
        if (code == 0 && args[4].equals("remove")) {
            remove(folder);
        }
        System.exit(code);
    }

    /** Runs rounds for so long, tells of each, and returns the exit code. */
    static int run(long seconds, long seed, int clients, Path folder, PrintStream out)
            throws InterruptedException {
        long start = System.nanoTime();
        out.printf("seed %d, %d clients, %d seconds, folder %s%n", seed, clients, seconds, folder);
        try (CrashRun run = new CrashRun(folder, seed, clients, out)) {
            try {
                do {
                    run.round();
                } while (run.problemCount() == 0
                        && System.nanoTime() - start < seconds * 1_000_000_000L);
                run.finish();
            } catch (IOException | RuntimeException e) {
                e.printStackTrace(out);
                run.truth().problem("the check itself failed: " + e);
            }
            run.problems().forEach(problem -> out.println("violation: " + problem));
            out.printf(
                    "%s: seed %d, %d s, %s%n",
                    run.problemCount() == 0 ? "passed" : "FAILED",
                    seed,
                    (System.nanoTime() - start) / 1_000_000_000L,
                    run.counts());
            if (run.problemCount() == 0) {
                return 0;
            }
            run.keepJournal();
            tellWhereToLook(folder, out);
            return VIOLATED;
        } catch (IOException e) {
            out.println("crash: the check could not be done: " + e.getMessage());
            return NOT_DONE;
        }
    }

    private static void tellWhereToLook(Path folder, PrintStream out) {
        out.println("kept: " + folder);
        out.println("  *.diary      what each client asked and was answered, with times");
        out.println("  server.log   what the server said");
        out.println("  clients.log  what the clients said");
        out.println(
                "  data-copy    the journal as it is now (data where no disk was mounted), for");
        out.println(
                "               outlay fsck crash --data DIR, outlay journal dump crash --data DIR");
        out.println("  device       the device; blocks are named by 'outlay map'");
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
