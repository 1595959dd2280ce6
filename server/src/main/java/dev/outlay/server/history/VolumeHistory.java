package dev.outlay.server.history;

import dev.outlay.core.VolumeState;
import dev.outlay.core.value.Limits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The exposure log of one volume at work. The volume's thread puts what has happened into a queue
 * and never waits; a thread of the log's own writes it down.
 *
 * <p>If the queue is full, what does not fit is dropped and counted, and nothing more is taken
 * until it has drained to the half; then the volume's thread states the whole volume once, and the
 * log goes on from there. If the disk fails, the events are dropped and counted while a new file is
 * tried every few seconds. Neither ever holds the volume up.
 */
public final class VolumeHistory implements FactListener {

    private static final Logger LOG = LoggerFactory.getLogger(VolumeHistory.class);
    private static final int MOST_FACTS = 1 << 16;
    private static final Duration FORCE_EVERY = Duration.ofSeconds(1);
    private static final Duration RETRY_EVERY = Duration.ofSeconds(5);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(10);

    /** On its way to the log's thread. */
    private sealed interface Item {
        record Whole(HistoryRecorder.Whole state, long at, long position, String reason, long lost)
                implements Item {}

        record Happened(List<Done> done, int facts, long at, long position) implements Item {}

        record End(long at) implements Item {}
    }

    /**
     * What a history is made of.
     *
     * @param mostFacts how many may wait to be written
     * @param retryEvery how long after a failure of the disk it is tried again
     */
    record Parts(
            String volume,
            Limits limits,
            HistoryDisk disk,
            long fileBytes,
            int keepFiles,
            int mostFacts,
            Duration retryEvery,
            InstantSource wallClock,
            HistoryMeters meters) {}

    private final Parts parts;
    private final HistoryFiles files;
    private final HistoryRecorder recorder;
    private final LinkedBlockingQueue<Item> queue = new LinkedBlockingQueue<>();
    private final AtomicLong queuedFacts = new AtomicLong();
    private final Thread thread;

    // Of the volume's thread.
    private long dropped;

    // Of the log's thread.
    private long retryAtNanos;
    private long forcedAtNanos;
    private long writtenBefore;
    private long lostBefore;
    private @Nullable String told;

    VolumeHistory(Parts parts) {
        this.parts = parts;
        this.files = new HistoryFiles(parts.disk, parts.fileBytes, parts.keepFiles);
        this.recorder = new HistoryRecorder(parts.limits, files);
        this.thread =
                Thread.ofPlatform().daemon().name("history-" + parts.volume).unstarted(this::run);
    }

    /** Starts the log of a volume in a folder. */
    public static VolumeHistory start(
            String volume,
            Limits limits,
            Path folder,
            long fileBytes,
            int keepFiles,
            InstantSource wallClock,
            HistoryMeters meters) {
        VolumeHistory history =
                new VolumeHistory(
                        new Parts(
                                volume,
                                limits,
                                new HistoryFolder(folder),
                                fileBytes,
                                keepFiles,
                                MOST_FACTS,
                                RETRY_EVERY,
                                wallClock,
                                meters));
        history.start();
        return history;
    }

    void start() {
        thread.start();
    }

    // ---- on the volume's thread

    @Override
    public void opened(VolumeState state, long position, boolean again) {
        try {
            whole(state, position, again ? "rebuilt" : "opened");
        } catch (RuntimeException e) {
            failed(e, 1);
        }
    }

    @Override
    public void happened(VolumeState state, long position, List<Done> done) {
        int facts = done.stream().mapToInt(each -> each.facts().size()).sum();
        try {
            take(state, position, done, facts);
        } catch (RuntimeException e) {
            failed(e, facts);
        }
    }

    /** A fault of the log is none of the volume. */
    private void failed(RuntimeException fault, int facts) {
        LOG.error("volume={} event=history-fault", parts.volume, fault);
        drop(facts);
    }

    private void take(VolumeState state, long position, List<Done> done, int facts) {
        if (dropped > 0) {
            if (queuedFacts.get() > parts.mostFacts / 2) {
                drop(facts);
            } else {
                dropped += facts;
                whole(state, position, "resumed");
            }
            return;
        }
        // What is larger than the queue fits into an empty one.
        if (queuedFacts.get() > 0 && queuedFacts.get() + facts > parts.mostFacts) {
            LOG.error(
                    "volume={} event=history-overrun note=\"events come faster than {} takes them\"",
                    parts.volume,
                    parts.disk.describe());
            drop(facts);
            return;
        }
        queuedFacts.addAndGet(facts);
        queue.add(new Item.Happened(done, facts, parts.wallClock.millis(), position));
    }

    private void drop(int facts) {
        dropped += facts;
        parts.meters.lost(facts);
    }

    private void whole(VolumeState state, long position, String reason) {
        queue.add(
                new Item.Whole(
                        HistoryRecorder.Whole.of(state),
                        parts.wallClock.millis(),
                        position,
                        reason,
                        dropped));
        dropped = 0;
    }

    @Override
    public void close() {
        queue.add(new Item.End(parts.wallClock.millis()));
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(CLOSE_WITHIN)) {
                LOG.warn("volume={} event=history-unfinished", parts.volume);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        parts.meters.close();
    }

    // ---- on the log's thread

    private void run() {
        try {
            boolean goesOn = true;
            while (goesOn) {
                Item item = queue.poll(FORCE_EVERY.toMillis(), TimeUnit.MILLISECONDS);
                goesOn = !(item instanceof Item.End);
                if (item != null) {
                    write(item);
                }
                if (queue.isEmpty() || !goesOn) {
                    settle(!goesOn);
                }
                lookAtTrouble();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            LOG.error(
                    "volume={} event=history-ended note=\"nothing more is written until the volume"
                            + " is opened again\"",
                    parts.volume,
                    e);
            parts.meters.failing(true);
            drain();
        }
    }

    private void write(Item item) {
        switch (item) {
            case Item.Whole whole ->
                    recorder.whole(
                            whole.state(),
                            whole.at(),
                            whole.position(),
                            whole.reason(),
                            whole.lost(),
                            "they came faster than they could be written");
            case Item.Happened some -> {
                recorder.happened(some.done(), some.at(), some.position());
                queuedFacts.addAndGet(-some.facts());
            }
            case Item.End end -> recorder.end(end.at());
        }
    }

    /** Nothing waits to be written: what has been is handed to the disk, at times for good. */
    private void settle(boolean last) {
        if (recorder.broken() != null) {
            return;
        }
        try {
            long now = System.nanoTime();
            if (last) {
                files.close();
            } else if (now - forcedAtNanos >= FORCE_EVERY.toNanos()) {
                forcedAtNanos = now;
                files.force();
            } else {
                files.flush();
            }
        } catch (IOException e) {
            recorder.failed(String.valueOf(e.getMessage()));
        }
    }

    private void lookAtTrouble() {
        long now = System.nanoTime();
        if (recorder.broken() != null && told == null) {
            retryAtNanos = now + parts.retryEvery.toNanos();
        }
        if (recorder.broken() != null && now - retryAtNanos >= 0) {
            retryAtNanos = now + parts.retryEvery.toNanos();
            recorder.recover(parts.wallClock.millis());
            settle(false);
        }
        String why = recorder.broken();
        if (why != null && !why.equals(told)) {
            LOG.error(
                    "volume={} event=history-failing reason=\"{}\" note=\"the volume goes on, its log"
                            + " does not\"",
                    parts.volume,
                    why);
        } else if (why == null && told != null) {
            LOG.info("volume={} event=history-resumed", parts.volume);
        }
        told = why;
        parts.meters.failing(why != null);
        parts.meters.written(recorder.written() - writtenBefore);
        writtenBefore = recorder.written();
        parts.meters.lost(recorder.lost() - lostBefore);
        lostBefore = recorder.lost();
    }

    /** After a fault of the log itself: takes what comes, and does nothing with it. */
    private void drain() {
        try {
            while (!(queue.take() instanceof Item.End)) {
                queuedFacts.set(0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
