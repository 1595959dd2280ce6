package dev.outlay.crash;

import dev.outlay.crash.Truth.Change;
import dev.outlay.crash.Truth.Named;
import dev.outlay.crash.Truth.Read;
import dev.outlay.crash.Truth.Removal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Tells a {@link Truth} what the diary of one worker says, as far as it is written. */
final class Testimony {

    /** What was sent before a process was gone takes effect at most so much later. */
    static final long AFTERLIFE_NANOS = 2_000_000_000L;

    private static final String FENCED = "FENCED";
    private static final String READ_ONLY = "READ_ONLY";
    private static final String EXPIRED = "EXPIRED";

    private final Truth truth;
    private final String name;
    private final int writer;
    private final Diary.Reader diary;

    /** Not committed yet, by file. */
    private final Map<Long, List<Change>> uncommitted = new HashMap<>();

    /** Of all that has no known end. */
    private final List<Change> unsettled = new ArrayList<>();

    private final List<Removal> openRemovals = new ArrayList<>();

    private OptionalLong clientId = OptionalLong.empty();
    private long lastAnswer = Long.MIN_VALUE;
    private String gaveUp = "";
    private String[] pending = new String[0];
    private @Nullable Change change;
    private @Nullable Read read;
    private @Nullable Removal removal;

    Testimony(Truth truth, String name, int writer, Path diary) {
        this.truth = truth;
        this.name = name;
        this.writer = writer;
        this.diary = new Diary.Reader(diary);
    }

    @Override
    public String toString() {
        return name;
    }

    /** Under which id the server knows it, once it has a session. */
    OptionalLong clientId() {
        return clientId;
    }

    /** Why it ended by itself; empty if it did not. */
    String gaveUp() {
        return gaveUp;
    }

    /** What it is waiting for, and since when; empty if it waits for nothing. */
    OptionalLong waitingSince() {
        return pending.length == 0
                ? OptionalLong.empty()
                : OptionalLong.of(Long.parseLong(pending[pending.length - 1]));
    }

    String waitingFor() {
        return String.join(" ", pending);
    }

    /** Reads on in the diary. */
    void readOn() throws IOException {
        for (String line : diary.more()) {
            try {
                take(line, line.split(" "));
            } catch (RuntimeException e) {
                throw new IOException("the diary of " + name + " cannot be read: " + line, e);
            }
        }
    }

    private void take(String line, String[] words) {
        switch (words[0]) {
            case "I" -> clientId = OptionalLong.of(Long.parseLong(words[1]));
            case "W", "T", "P", "D", "C", "K", "O", "R" -> begins(words);
            case "w", "z", "d", "c", "o", "r" -> {
                ends(line, words);
                lastAnswer = Long.parseLong(words[1]);
                pending = new String[0];
            }
            case "f" -> {
                if (pending.length > 0 && isEndOfUncommitted(pending[0], words[2])) {
                    uncommitted.remove(Long.parseLong(pending[1]));
                }
                pending = new String[0];
            }
            case "E" -> gaveUp = line.substring(2);
            case "X" -> {
                gaveUp = line.substring(2);
                truth.problem(name + " failed: " + gaveUp);
            }
            case "#" -> {}
            default -> throw new IllegalArgumentException(line);
        }
    }

    /**
     * Whether a failure may have been the last word on what was written and not committed. A handle
     * that is closed takes it along; what commits, alone or before it cuts the file, tells once
     * what is lost, and then the next commit succeeds without it. Only on a full disk all remains
     * to be committed.
     */
    private static boolean isEndOfUncommitted(String asked, String reason) {
        return switch (asked) {
            case "K" -> true;
            case "C", "T", "P" -> !reason.equals(READ_ONLY);
            default -> false;
        };
    }

    private void begins(String[] words) {
        pending = words;
        long began = Long.parseLong(words[words.length - 1]);
        switch (words[0]) {
            case "W" -> {
                int from = Integer.parseInt(words[3]);
                int end = from + Integer.parseInt(words[4]);
                Change write =
                        new Change("write", Long.parseLong(words[2]), from, end, began, false);
                replace(write);
                truth.wrote(Cell.write(writer, Integer.parseInt(words[1])), write);
                unsettled.add(write);
                change = write;
            }
            case "T", "P" -> {
                Change zeros =
                        new Change(
                                words[0],
                                Long.parseLong(words[1]),
                                Integer.parseInt(words[2]),
                                Integer.parseInt(words[3]),
                                began,
                                true);
                unsettled.add(zeros);
                truth.mayZero(zeros);
                change = zeros;
            }
            case "D" -> {
                Removal attempt = truth.removes(words[1], began);
                openRemovals.add(attempt);
                removal = attempt;
            }
            case "R" -> {
                Read begun =
                        new Read(
                                name,
                                Long.parseLong(words[1]),
                                Integer.parseInt(words[2]),
                                Integer.parseInt(words[3]),
                                began);
                truth.reads(begun);
                read = begun;
            }
            default -> {}
        }
    }

    /** What this write covers of the same worker has no effect from now on. */
    private void replace(Change write) {
        for (Change earlier : uncommitted.getOrDefault(write.file, List.of())) {
            if (write.from <= earlier.from && earlier.end <= write.end && !earlier.replaced) {
                earlier.replaced = true;
                earlier.lastEffect = write.began - 1;
            }
        }
    }

    private void ends(String line, String[] words) {
        long ended = Long.parseLong(words[1]);
        switch (words[0]) {
            case "w" -> {
                Change write = change();
                uncommitted.computeIfAbsent(write.file, _ -> new ArrayList<>()).add(write);
                truth.counted();
            }
            case "z" -> {
                Change zeros = change();
                zeros.lastEffect = ended;
                unsettled.remove(zeros);
                truth.acknowledged(zeros, ended);
            }
            case "d" -> {
                if (removal != null) {
                    removal.lastEffect = ended;
                    openRemovals.remove(removal);
                }
                truth.counted();
            }
            case "c" -> committed(Long.parseLong(pending[1]), ended);
            case "o" ->
                    truth.opened(
                            new Named(
                                    name,
                                    pending[1],
                                    Long.parseLong(words[2]),
                                    Long.parseLong(pending[2]),
                                    ended));
            case "r" -> {
                if (read != null) {
                    truth.hasRead(read, ended, line.substring(line.indexOf(' ', 2) + 1));
                }
            }
            default -> throw new IllegalArgumentException(line);
        }
    }

    private void committed(long file, long ended) {
        truth.counted();
        List<Change> writes = uncommitted.remove(file);
        if (writes == null) {
            return;
        }
        for (Change write : writes) {
            if (!write.replaced) {
                write.lastEffect = ended;
            }
            unsettled.remove(write);
            truth.acknowledged(write, ended);
        }
    }

    private Change change() {
        if (change == null) {
            throw new IllegalStateException("the end of what has not begun");
        }
        return change;
    }

    /**
     * Its process is gone.
     *
     * @param stopped when it was last stopped for longer than its lease, if it was
     * @param leaseNanos its lease and longest I/O
     */
    void ended(long when, OptionalLong stopped, long leaseNanos) {
        long last = when + AFTERLIFE_NANOS;
        // What it stored after it had been stopped went where nobody looks.
        boolean wasFenced =
                stopped.isPresent()
                        && lastAnswer < stopped.getAsLong()
                        && (gaveUp.startsWith(FENCED) || gaveUp.startsWith(EXPIRED));
        long asleep = stopped.orElse(0) + leaseNanos;
        for (Change open : unsettled) {
            long mine = wasFenced && open.began < stopped.orElse(0) ? asleep : last;
            open.lastEffect = Math.min(open.lastEffect, mine);
        }
        for (Removal open : openRemovals) {
            open.lastEffect = last;
        }
        unsettled.clear();
        pending = new String[0];
    }
}
