package dev.outlay.server.sim;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What clients do and what goes wrong, made from a seed before the run. Each step carries its own
 * seed, so that one step left out changes nothing about the others: a failing script can be made
 * shorter step by step.
 */
final class Script {

    private static final int STEPS_PER_FAULT = 45;
    private static final int STEPS_PER_ACT = 20;

    /** Where clients are stopped in reads, which is what most of the faults are then. */
    private static final int STEPS_PER_STOPPED_READER = 12;

    private final List<List<Step>> byClient = new ArrayList<>();
    private final List<Fault> faults = new ArrayList<>();
    private final List<Act> acts = new ArrayList<>();
    private final int size;

    /** What a client can do, and how often it does it: so many parts in a hundred. */
    enum Kind {
        WRITE(23),
        WRITE_AND_COMMIT(18),
        READ(28),
        MAP_READ(3),
        COMMIT(4),
        SEEK(1),
        TRUNCATE(6),
        PUNCH(6),
        ALLOCATE(2),
        CLOSE(2),
        REMOVE(1),
        RENAME(1),
        RENEW(1),
        HAND_OVER(1),
        THINK(2);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }
    }

    /** What can go wrong. */
    enum Trouble {
        SERVER_CRASH,
        SERVER_HOST_CRASH,
        JOURNAL_FAILS,
        JOURNAL_DISK_FULL,
        CLIENT_STOPS,
        CLIENT_KILLED,
        CLIENT_HOST_CRASH,
        STREAM_CUT,
        PARTITION,
        CLOCK_JUMP
    }

    /** One thing a client does. */
    record Step(Kind kind, int file, long seed) {}

    /** One thing that goes wrong, once so many steps have been begun. */
    record Fault(int afterSteps, Trouble trouble, int client, long seed) {}

    /** What the operator does about devices. */
    enum Deed {
        RETIRE,
        ADD,
        CUT
    }

    /** One thing that the operator does, once so many steps have been begun. */
    record Act(int afterSteps, Deed deed, long seed) {}

    private static final Deed[] DEEDS = {
        Deed.RETIRE, Deed.RETIRE, Deed.RETIRE, Deed.ADD, Deed.ADD, Deed.ADD, Deed.CUT
    };

    private static final Kind[] KINDS = weigh();

    private static Kind[] weigh() {
        List<Kind> all = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            for (int i = 0; i < kind.weight; i++) {
                all.add(kind);
            }
        }
        return all.toArray(Kind[]::new);
    }

    /**
     * @param without steps, faults and acts left out, by number
     */
    Script(long seed, Shape shape, BitSet without) {
        int clients = shape.clients();
        int steps = shape.operations();
        SplittableRandom random = new SplittableRandom(seed ^ 0x5eed5eed5eedL);
        for (int i = 0; i < clients; i++) {
            byClient.add(new ArrayList<>());
        }
        int number = 0;
        for (int i = 0; i < steps; i++, number++) {
            Step step =
                    new Step(
                            KINDS[random.nextInt(KINDS.length)],
                            random.nextInt(1 + random.nextInt(shape.files())),
                            random.nextLong());
            if (!without.get(number)) {
                byClient.get(i % clients).add(step);
            }
        }
        int after = 0;
        int every = shape.stopsReaders() ? STEPS_PER_STOPPED_READER : STEPS_PER_FAULT;
        while (true) {
            after += 1 + random.nextInt(2 * every);
            if (after >= steps) {
                break;
            }
            Fault fault =
                    new Fault(
                            after,
                            trouble(random, shape),
                            random.nextInt(clients),
                            random.nextLong());
            if (!without.get(number++)) {
                faults.add(fault);
            }
        }
        if (shape.hasSeveralDevices()) {
            number = act(new SplittableRandom(seed ^ 0xac75ac75L), steps, number, without);
        }
        size = number;
    }

    /** From dice of its own, behind all else: it changes nothing about it. */
    private int act(SplittableRandom random, int steps, int first, BitSet without) {
        int number = first;
        int after = 0;
        while (true) {
            after += 1 + random.nextInt(2 * STEPS_PER_ACT);
            if (after >= steps) {
                return number;
            }
            Act act = new Act(after, DEEDS[random.nextInt(DEEDS.length)], random.nextLong());
            if (!without.get(number++)) {
                acts.add(act);
            }
        }
    }

    private static Trouble trouble(SplittableRandom random, Shape shape) {
        boolean stops = shape.stopsReaders() && random.nextInt(4) > 0;
        return stops
                ? Trouble.CLIENT_STOPS
                : Trouble.values()[random.nextInt(Trouble.values().length)];
    }

    List<Step> of(int client) {
        return byClient.get(client);
    }

    List<Fault> faults() {
        return faults;
    }

    List<Act> acts() {
        return acts;
    }

    /** Steps, faults and acts, those left out included. */
    int size() {
        return size;
    }
}
