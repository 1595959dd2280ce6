package dev.outlay.core.exhaustive;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Goes through all sequences of steps up to a length, breadth first, with the server crashing a
 * limited number of times at any place of each. Worlds that are alike are explored once.
 */
final class Search {

    /** A world that was met first by this step from that one. */
    private static final class Node {
        final int id;
        final @Nullable Node before;
        final @Nullable Step step;
        @Nullable World world;

        Node(int id, @Nullable Node before, @Nullable Step step, World world) {
            this.id = id;
            this.before = before;
            this.step = step;
            this.world = world;
        }
    }

    private final String name;
    private final World start;
    private final int length;
    private final int crashes;
    private final Map<Key, Integer> known = new HashMap<>();
    private final Paths paths = new Paths();
    private long steps;
    private long crashed;

    Search(String name, World start, int length, int crashes) {
        this.name = name;
        this.start = start;
        this.length = length;
        this.crashes = crashes;
    }

    /** Looks at everything; says how much that was. */
    String run() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long began = threads.getCurrentThreadCpuTime();
        new Readers(start).checkAll();
        known.put(Key.of(start), 0);
        paths.add();
        List<Node> layer = List.of(new Node(0, null, null, start));
        for (int depth = 0; depth <= length; depth++) {
            layer = expand(layer, depth);
        }
        return "%s: length %d, %,d sequences, %,d steps of which %,d crash the server, %,d states, %,d ms of CPU"
                .formatted(
                        name,
                        length,
                        paths.count(length),
                        steps,
                        crashed,
                        known.size(),
                        (threads.getCurrentThreadCpuTime() - began) / 1_000_000);
    }

    /** All that is reached from these worlds by one step more. */
    private List<Node> expand(List<Node> layer, int depth) {
        List<Node> next = new ArrayList<>();
        Deque<Node> queue = new ArrayDeque<>(layer);
        while (!queue.isEmpty()) {
            Node node = queue.removeFirst();
            World world = take(node);
            prepare(world);
            for (Step step : Steps.free(world, crashes)) {
                Node found = follow(node, world, step);
                if (found != null) {
                    // In the last layer there may be too many to keep.
                    if (depth == length) {
                        queue.addFirst(found);
                    } else {
                        queue.addLast(found);
                    }
                }
            }
            if (depth == length) {
                continue;
            }
            for (Step step : Steps.of(world, crashes)) {
                Node found = follow(node, world, step);
                if (found == null) {
                    continue;
                }
                if (depth + 1 < length) {
                    next.add(found);
                } else {
                    last(found);
                }
            }
        }
        return next;
    }

    /** The end of a sequence: only what costs nothing may follow. */
    private void last(Node node) {
        World world = take(node);
        prepare(world);
        for (Step step : Steps.free(world, crashes)) {
            Node found = follow(node, world, step);
            if (found != null) {
                last(found);
            }
        }
    }

    /** What a crash leaves is needed again and again. */
    private void prepare(World world) {
        if (world.crashes < crashes) {
            world.volume.durable();
        }
    }

    private static World take(Node node) {
        World world = node.world;
        node.world = null;
        if (world == null) {
            throw new IllegalStateException("looked at twice");
        }
        return world;
    }

    /** The world after a step, if it is a new one; checked. */
    private @Nullable Node follow(Node from, World world, Step step) {
        steps++;
        World after = world.copy();
        try {
            after.step(step);
            if (after.crashes > world.crashes) {
                crashed++;
            }
            Key key = Key.of(after);
            Integer before = known.get(key);
            if (step.kind() == Step.Kind.WORK && before != null && before == from.id) {
                throw new AssertionError("device work that leads nowhere");
            }
            int id = before == null ? paths.add() : before;
            paths.edge(from.id, id, step.isFree());
            if (before != null) {
                world.volume.join(after.volume);
                return null;
            }
            known.put(key, id);
            new Readers(after).checkAll();
            world.volume.join(after.volume);
            after.volume.forgetState();
            return new Node(id, from, step, after);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(story(from, step) + "\n  " + e, e);
        }
    }

    private String story(Node from, Step last) {
        Deque<String> lines = new ArrayDeque<>();
        lines.push("  " + last);
        for (Node node = from; node.step != null; node = before(node)) {
            lines.push("  " + node.step);
        }
        return "from '" + name + "':\n" + String.join("\n", lines);
    }

    private static Node before(Node node) {
        Node before = node.before;
        if (before == null) {
            throw new IllegalStateException("only the first has no step");
        }
        return before;
    }
}
