package dev.outlay.client;

import dev.outlay.client.session.ClientSession;
import dev.outlay.client.session.Scheduler;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.RecallScope;
import dev.outlay.v1.Notice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what the server says of layouts unasked: gives back what it recalls, and wakes calls that
 * waited for something to be given back.
 *
 * <p>A recall is acknowledged at once. It is acted upon in its turn among the changes of its layout
 * ({@link LayoutCache#mayAnswer}), inside the gates of the files it concerns, so that no I/O is in
 * flight there: what was written is committed, and the whole scope is returned by one request, also
 * where nothing is held. What fails for now is tried again when the server tells of the recall
 * again, with the next renewal.
 *
 * <p>Layouts that were mapped by hand are left to whoever did so. Any thread may call; its lock is
 * held while nothing else but the caches is asked.
 */
final class Recalls implements LayoutTable.Unasked {

    private static final Logger LOG = LoggerFactory.getLogger(Recalls.class);

    private final ClientSession session;
    private final Remote remote;
    private final LayoutTable layouts;
    private final OpenFiles files;
    private final Scheduler scheduler;
    private final boolean resumed;
    private final Set<LayoutTable.Key> byHand = ConcurrentHashMap.newKeySet();
    private final Map<LayoutTable.Key, Integer> askingByHand = new ConcurrentHashMap<>();
    private final Map<Id, Told> open = new HashMap<>();
    private volatile Consumer<ToldRecall> holder = _ -> {};

    private record Id(String volume, long recall) {}

    /** A recall that the server waits for, as far as this client knows; or one just answered. */
    private static final class Told {
        private ToldRecall recall;
        private boolean acting;
        private boolean answered;

        /** Its turn comes with an answer that is still outstanding. */
        private boolean waiting;

        Told(ToldRecall recall) {
            this.recall = recall;
        }
    }

    /**
     * @param resumed the session was another process's before: it may hold what is not known here
     */
    Recalls(
            ClientSession session,
            Remote remote,
            LayoutTable layouts,
            OpenFiles files,
            Scheduler scheduler,
            boolean resumed) {
        this.session = session;
        this.remote = remote;
        this.layouts = layouts;
        this.files = files;
        this.scheduler = scheduler;
        this.resumed = resumed;
    }

    /** Hands recalls of layouts that are held by hand to {@code to}, which returns them. */
    void ofLayoutsByHand(Consumer<ToldRecall> to) {
        holder = to;
    }

    /**
     * A layout on a file is held by hand from now on, unless the file is open. To be paired with
     * {@link #askedByHand}, once the answer is entered: until then nothing of it is known here.
     */
    void askingByHand(String volume, FileId file) {
        LayoutTable.Key key = new LayoutTable.Key(volume, file);
        askingByHand.merge(key, 1, Integer::sum);
        if (files.find(key).isEmpty()) {
            byHand.add(key);
        }
    }

    void askedByHand(String volume, FileId file) {
        askingByHand.computeIfPresent(
                new LayoutTable.Key(volume, file), (_, asking) -> asking == 1 ? null : asking - 1);
    }

    // ---- what the server says

    @Override
    public void told(Notice notice) {
        if (notice.hasRecall()) {
            ToldRecall recall = Wire.recall(notice.getRecall());
            session.acknowledge(recall.volume(), recall.recall());
            recalled(recall);
        } else if (notice.hasLayoutAvailable()) {
            session.retry(
                    notice.getLayoutAvailable().getVolume(),
                    notice.getLayoutAvailable().getFileId());
        } else if (notice.hasInvalidate()) {
            layouts.find(
                            notice.getInvalidate().getVolume(),
                            new FileId(notice.getInvalidate().getFileId()))
                    .ifPresent(
                            cache ->
                                    cache.invalidate(
                                            Wire.range(notice.getInvalidate().getRange())));
        } else if (notice.hasShedLoad()) {
            shed(
                    notice.getShedLoad().getVolume(),
                    Integer.toUnsignedLong(notice.getShedLoad().getKeepLayouts()));
        }
    }

    @Override
    public synchronized boolean isRecalled(String volume, long file) {
        return open.values().stream()
                .anyMatch(told -> !told.answered && told.recall.concerns(volume, file));
    }

    /** The server tells anew what it waits for, and begins to count anew if it has restarted. */
    @Override
    public synchronized void restated(String volume) {
        open.entrySet()
                .removeIf(
                        entry ->
                                entry.getKey().volume().equals(volume) && !entry.getValue().acting);
    }

    /**
     * An answer on a file has been entered: recalls that waited for it may be next. Those that were
     * tried and failed, or are left to who holds the layout by hand, wait until they are told
     * again: the answer may be that of a return which two of them send again and again.
     */
    void answered(String volume, FileId file) {
        List<Told> next;
        synchronized (this) {
            next =
                    open.values().stream()
                            .filter(told -> told.waiting && !told.acting && !told.answered)
                            .filter(
                                    told ->
                                            told.recall.scope() instanceof RecallScope.Ranges of
                                                    && of.file().equals(file)
                                                    && told.recall.volume().equals(volume))
                            .toList();
        }
        next.forEach(this::actIfNext);
    }

    private void recalled(ToldRecall recall) {
        Told told;
        synchronized (this) {
            Id id = new Id(recall.volume(), recall.recall());
            told = open.computeIfAbsent(id, _ -> new Told(recall));
            if (told.answered && told.recall.asksTheSame(recall)) {
                // Told again before the server had our answer.
                return;
            }
            told.recall = recall;
            told.answered = false;
        }
        actIfNext(told);
    }

    // ---- acting

    private void actIfNext(Told told) {
        ToldRecall recall;
        synchronized (this) {
            recall = told.recall;
            if (told.acting || told.answered) {
                return;
            }
            told.waiting = !isNext(recall);
            told.acting = !told.waiting;
            if (told.waiting) {
                return;
            }
        }
        inside(
                files(recall.volume(), recall.scope()),
                drained -> {
                    if (isNext(recall)) {
                        acted(told, recall, act(recall, drained));
                    } else {
                        notYet(told);
                    }
                });
    }

    private boolean isNext(ToldRecall recall) {
        if (!(recall.scope() instanceof RecallScope.Ranges of)) {
            return true;
        }
        Optional<LayoutCache> cache = layouts.find(recall.volume(), of.file());
        if (cache.isPresent() && !cache.get().mayAnswer(recall.stateid())) {
            return false;
        }
        recall.stateid().ifPresent(now -> cache.ifPresent(known -> known.recalled(now)));
        return true;
    }

    /** Something was asked for before the gate was entered: its answer comes first. */
    private void notYet(Told told) {
        synchronized (this) {
            told.acting = false;
        }
        actIfNext(told);
    }

    private void acted(Told told, ToldRecall recall, boolean answered) {
        boolean widened;
        synchronized (this) {
            told.acting = false;
            widened = !told.recall.asksTheSame(recall);
            told.answered = answered && !widened;
            forgetAnswered(recall.volume());
        }
        if (widened) {
            actIfNext(told);
        } else if (answered) {
            session.retry(recall.volume(), fileOf(recall.scope()));
        }
    }

    /** Answered recalls are remembered until newer ones have come, in case they are told again. */
    private void forgetAnswered(String volume) {
        long newest =
                open.keySet().stream()
                        .filter(id -> id.volume().equals(volume))
                        .mapToLong(Id::recall)
                        .max()
                        .orElse(0);
        open.entrySet()
                .removeIf(
                        entry ->
                                entry.getKey().volume().equals(volume)
                                        && entry.getValue().answered
                                        && entry.getKey().recall() < newest - REMEMBERED);
    }

    private static final long REMEMBERED = 64;

    private static long fileOf(RecallScope scope) {
        return scope instanceof RecallScope.Ranges of ? of.file().value() : 0;
    }

    /** Runs a task with the I/O of these files drained, on a thread where it may wait. */
    private void inside(List<LayoutTable.Key> drain, Consumer<List<FileIo>> task) {
        enter(
                drain,
                List.of(),
                gates ->
                        scheduler.work(
                                () -> {
                                    try {
                                        task.accept(
                                                drain.stream()
                                                        .flatMap(key -> files.find(key).stream())
                                                        .toList());
                                    } finally {
                                        gates.forEach(FileGate::leave);
                                    }
                                }));
    }

    private void enter(
            List<LayoutTable.Key> drain, List<FileGate> entered, Consumer<List<FileGate>> then) {
        if (entered.size() == drain.size()) {
            then.accept(entered);
            return;
        }
        var _ =
                layouts.drained(drain.get(entered.size()))
                        .thenAccept(
                                gate -> {
                                    List<FileGate> more = new ArrayList<>(entered);
                                    more.add(gate);
                                    enter(drain, more, then);
                                });
    }

    /** Always in the same order, so that two recalls do not wait for each other. */
    private List<LayoutTable.Key> files(String volume, RecallScope scope) {
        return switch (scope) {
            case RecallScope.Ranges of -> List.of(new LayoutTable.Key(volume, of.file()));
            case RecallScope.Device _, RecallScope.Volume _ ->
                    layouts.on(volume).keySet().stream()
                            .map(file -> new LayoutTable.Key(volume, file))
                            .toList();
        };
    }

    /** Gives up and returns the scope; false if that has to be tried again. */
    private boolean act(ToldRecall recall, List<FileIo> drained) {
        boolean waits = drained.stream().anyMatch(io -> io.waitsForReaders(rangesOf(recall, io)));
        boolean ready = !waits || drained.stream().allMatch(FileIo::giveBackReads);
        for (FileIo io : drained) {
            List<ByteRange> ranges = rangesOf(recall, io);
            if (recall.changed()) {
                ready &= io.setAside(ranges);
            } else {
                ready &= io.giveUp(ranges);
            }
        }
        if (!ready) {
            return false;
        }
        if (isLeftToOthers(recall)) {
            holder.accept(recall);
            return false;
        }
        try {
            giveBack(recall);
        } catch (OutlayException e) {
            LOG.warn(
                    "event=recall-delayed volume={} recall={} reason=\"{}\"",
                    recall.volume(),
                    recall.recall(),
                    e.getMessage());
            return false;
        }
        if (recall.changed()) {
            drained.forEach(FileIo::resend);
        }
        return true;
    }

    private List<ByteRange> rangesOf(ToldRecall recall, FileIo io) {
        return switch (recall.scope()) {
            case RecallScope.Ranges of -> isTooMany(of.ranges()) ? FileIo.ALL : of.ranges();
            case RecallScope.Device of ->
                    layouts.find(io.volume(), io.file())
                            .map(cache -> cache.rangesOn(of.device()))
                            .orElse(List.of());
            case RecallScope.Volume _ -> FileIo.ALL;
        };
    }

    /** More than one return may name: then the whole file goes back. */
    private boolean isTooMany(List<ByteRange> ranges) {
        return ranges.size() > session.limits().getRangesPerCommit();
    }

    /** Whether something of the scope is held by hand, or may be held by an earlier process. */
    private boolean isLeftToOthers(ToldRecall recall) {
        byHand.removeIf(
                key ->
                        !askingByHand.containsKey(key)
                                && layouts.find(key.volume(), key.file())
                                        .flatMap(LayoutCache::held)
                                        .isEmpty());
        return switch (recall.scope()) {
            case RecallScope.Ranges of -> {
                LayoutTable.Key key = new LayoutTable.Key(recall.volume(), of.file());
                boolean known =
                        layouts.find(key.volume(), key.file())
                                .flatMap(LayoutCache::held)
                                .isPresent();
                yield byHand.contains(key) || (resumed && !known);
            }
            case RecallScope.Device _, RecallScope.Volume _ ->
                    resumed
                            || byHand.stream()
                                    .anyMatch(key -> key.volume().equals(recall.volume()));
        };
    }

    private void giveBack(ToldRecall recall) throws OutlayException {
        switch (recall.scope()) {
            case RecallScope.Ranges of ->
                    remote.giveBack(
                            recall.volume(),
                            of.file(),
                            isTooMany(of.ranges()) ? List.of() : of.ranges());
            case RecallScope.Device of ->
                    remote.returnLayout(recall.volume(), new ReturnScope.OfDevice(of.device()));
            case RecallScope.Volume _ ->
                    remote.returnLayout(recall.volume(), new ReturnScope.OfVolume());
        }
    }

    // ---- less load

    /** Returns whole layouts, those first that were not used for longest. */
    private void shed(String volume, long keep) {
        List<Map.Entry<FileId, LayoutCache>> held = new ArrayList<>(layouts.on(volume).entrySet());
        held.removeIf(entry -> entry.getValue().held().isEmpty());
        long tooMany = held.size() - keep;
        held.removeIf(entry -> byHand.contains(new LayoutTable.Key(volume, entry.getKey())));
        held.sort(Comparator.comparingLong(entry -> entry.getValue().lastUsed()));
        for (int i = 0; i < Math.min(tooMany, held.size()); i++) {
            FileId file = held.get(i).getKey();
            inside(
                    List.of(new LayoutTable.Key(volume, file)),
                    drained -> shed(volume, file, drained));
        }
    }

    private void shed(String volume, FileId file, List<FileIo> drained) {
        try {
            if (drained.stream().allMatch(io -> io.giveUp(FileIo.ALL))) {
                remote.giveBack(volume, file, List.of());
            }
        } catch (OutlayException e) {
            LOG.warn(
                    "event=not-shed volume={} file={} reason=\"{}\"", volume, file, e.getMessage());
        }
    }
}
