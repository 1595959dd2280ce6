package dev.outlay.server.sim.planted;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A fault, as a file tells it:
 *
 * <pre>
 * breaks: I2
 * in: layout-core/src/main/java/dev/outlay/core/op/CommitBlocksOp.java
 * why: one sentence
 * seeds: 40
 * stops: readers
 * &lt;&lt;&lt;&lt;
 * what makes the source right; it occurs once
 * ====
 * what makes it wrong
 * &gt;&gt;&gt;&gt;
 * </pre>
 *
 * <p>{@code seeds} and {@code stops} may be left out. There may be more than one such pair. How the
 * text is broken into lines does not matter.
 *
 * @param name of the file, without its ending
 * @param breaks the invariant of the design that no longer holds
 * @param file the source, from the root of the repository
 * @param seeds how many are run, from 1 on, before the fault counts as unseen
 * @param stopsReaders whether it is looked for in runs in which clients are stopped in reads alone
 */
record PlantedFault(
        String name,
        String breaks,
        String file,
        String why,
        int seeds,
        boolean stopsReaders,
        List<Edit> edits) {

    private static final String FAULTS = "server/src/test/resources/planted";
    private static final String ENDING = ".fault";
    private static final int DEFAULT_SEEDS = 40;
    private static final Pattern HEAD = Pattern.compile("(\\w+): (.*)");
    private static final Pattern EDIT =
            Pattern.compile("<<<<\n(.*?)\n====\n(.*?)\n?>>>>", Pattern.DOTALL);

    /** What is replaced by what. */
    record Edit(String right, String wrong) {}

    PlantedFault {
        edits = List.copyOf(edits);
        if (edits.isEmpty()) {
            throw new IllegalArgumentException(
                    "the fault " + name + " replaces nothing: it needs <<<<, ==== and >>>>");
        }
    }

    /** All of them, by name. */
    static List<PlantedFault> all() {
        try (Stream<Path> files = Files.list(root().resolve(FAULTS))) {
            return files.filter(f -> f.toString().endsWith(ENDING))
                    .sorted()
                    .map(PlantedFault::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The one of this name, or in this file. */
    static PlantedFault named(String name) {
        return name.endsWith(ENDING)
                ? read(Path.of(name))
                : all().stream()
                        .filter(f -> f.name.equals(name))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "there is no fault "
                                                        + name
                                                        + "; there are "
                                                        + all().stream()
                                                                .map(PlantedFault::name)
                                                                .toList()));
    }

    static PlantedFault read(Path path) {
        String text = read(path, "the fault");
        Map<String, String> head = new TreeMap<>();
        text.lines()
                .takeWhile(line -> !line.equals("<<<<"))
                .map(HEAD::matcher)
                .filter(Matcher::matches)
                .forEach(m -> head.put(m.group(1), m.group(2)));
        List<Edit> edits = new ArrayList<>();
        Matcher matcher = EDIT.matcher(text);
        while (matcher.find()) {
            edits.add(new Edit(matcher.group(1), matcher.group(2)));
        }
        String name = String.valueOf(path.getFileName()).replace(ENDING, "");
        return new PlantedFault(
                name,
                need(head, name, "breaks"),
                need(head, name, "in"),
                need(head, name, "why"),
                Integer.parseInt(head.getOrDefault("seeds", Integer.toString(DEFAULT_SEEDS))),
                head.getOrDefault("stops", "").equals("readers"),
                edits);
    }

    private static String need(Map<String, String> head, String fault, String what) {
        String value = head.get(what);
        if (value == null) {
            throw new IllegalArgumentException("the fault " + fault + " lacks \"" + what + ":\"");
        }
        return value;
    }

    /** The name of the class that the source file makes. */
    String className() {
        int java = file.indexOf("/java/");
        return file.substring(java + "/java/".length()).replace(".java", "").replace('/', '.');
    }

    /** The source with the fault in it; fails if the text it replaces is not there, just once. */
    String patchedSource() {
        String source = read(root().resolve(file), "the source of the fault " + name);
        for (Edit edit : edits) {
            Matcher found = anyLayout(edit.right).matcher(source);
            if (!found.find()) {
                throw new IllegalStateException(
                        "the fault "
                                + name
                                + " finds nothing to replace in "
                                + file
                                + ": the code has changed; put the fault where the rule is kept"
                                + " now. It looked for:\n"
                                + edit.right);
            }
            int start = found.start();
            int end = found.end();
            if (found.find()) {
                throw new IllegalStateException(
                        "the fault " + name + " would change " + file + " in more than one place");
            }
            source = source.substring(0, start) + edit.wrong + source.substring(end);
        }
        return source;
    }

    private static Pattern anyLayout(String text) {
        return Pattern.compile(
                Arrays.stream(text.strip().split("\\s+"))
                        .map(Pattern::quote)
                        .collect(Collectors.joining("\\s+")));
    }

    private static String read(Path path, String what) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(what + " cannot be read", e);
        }
    }

    /** The root of the repository: where Maven's wrapper lies. */
    static Path root() {
        Path here = Path.of("").toAbsolutePath();
        for (Path at = here; at != null; at = at.getParent()) {
            if (Files.exists(at.resolve("mvnw"))) {
                return at;
            }
        }
        throw new IllegalStateException(here + " is not inside the repository");
    }
}
