package dev.outlay.client.fence;

import dev.outlay.core.value.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * This host as its processes see it, by proc(5).
 *
 * @param name one host in the network
 * @param bootId of the running kernel
 * @param pidNamespace inode of the namespace that this process counts pids in
 */
public record LocalHost(String name, String bootId, long pidNamespace) {

    /** Names the host where its own name is not what others know it by, as in a container. */
    public static final String NAME_VARIABLE = "OUTLAY_HOST";

    private static final Path PROC = Path.of("/proc");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]{0,254}");
    private static final Pattern NAMESPACE = Pattern.compile("pid:\\[(\\d+)\\]");

    /** Of the fields after the name: state is field 3 of the file, the start time field 22. */
    private static final int STATE = 0;

    private static final int START_TICKS = 19;

    /** A process as it is now. */
    record Observed(char state, long startTicks, int threads) {

        /** Whether nothing of it can run any more: what is left waits for its parent. */
        boolean isDead() {
            return (state == 'Z' || state == 'X') && threads <= 1;
        }
    }

    /** The name of this host: of the environment, otherwise of the system. */
    public static String chosenName() throws IOException {
        String chosen = System.getenv(NAME_VARIABLE);
        return chosen != null && !chosen.isBlank()
                ? chosen.strip()
                : Files.readString(PROC.resolve("sys/kernel/hostname")).strip();
    }

    /** This host under a name. */
    public static LocalHost read(String name) throws IOException {
        if (!NAME.matcher(name).matches()) {
            throw new IOException(
                    "'"
                            + name
                            + "' is not the name of a host: letters, digits, '.', ':', '_' and '-';"
                            + " give another one by "
                            + NAME_VARIABLE);
        }
        String boot = Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
        String namespace = Files.readSymbolicLink(PROC.resolve("self/ns/pid")).toString();
        Matcher matcher = NAMESPACE.matcher(namespace);
        if (!matcher.matches()) {
            throw new IOException("/proc/self/ns/pid is " + namespace);
        }
        return new LocalHost(name, boot, Long.parseLong(matcher.group(1)));
    }

    /** What a server is told of this process; empty where the system does not say. */
    public static Optional<ProcessIdentity> thisProcess() {
        try {
            LocalHost host = read(chosenName());
            long pid = ProcessHandle.current().pid();
            OptionalLong start = startTicks(pid);
            return start.isEmpty()
                    ? Optional.empty()
                    : Optional.of(host.process(pid, start.getAsLong()));
        } catch (IOException | RuntimeException e) {
            // Not Linux, or a /proc that says nothing: an operator has to confirm then.
            return Optional.empty();
        }
    }

    /** A process of this host. */
    public ProcessIdentity process(long pid, long startTicks) {
        return new ProcessIdentity(name, bootId, pidNamespace, pid, startTicks);
    }

    /** When a process started, in clock ticks since boot; empty if there is none of this pid. */
    public static OptionalLong startTicks(long pid) throws IOException {
        Optional<Observed> seen = observe(pid);
        return seen.isPresent() ? OptionalLong.of(seen.get().startTicks()) : OptionalLong.empty();
    }

    /** A process; empty if there is none of this pid. */
    static Optional<Observed> observe(long pid) throws IOException {
        Path folder = PROC.resolve(Long.toString(pid));
        try {
            String stat = Files.readString(folder.resolve("stat"));
            // The name, in parentheses, may hold anything.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return Optional.of(
                    new Observed(
                            fields[STATE].charAt(0),
                            Long.parseLong(fields[START_TICKS]),
                            threads(folder)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // It went while it was being read: the kernel says ESRCH.
            if (Files.notExists(folder)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static int threads(Path folder) throws IOException {
        try (var tasks = Files.list(folder.resolve("task"))) {
            return (int) tasks.count();
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** Whether processes of other users can be seen; where not, absence proves nothing. */
    static boolean seesEveryProcess() {
        return Files.isReadable(PROC.resolve("1/stat"));
    }
}
