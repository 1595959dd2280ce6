package dev.outlay.client;

import dev.outlay.client.session.LayoutHolder;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.v1.Notice;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The layouts of all files of a client, open or not: what answers bring is entered here, and a
 * re-attach restates it from here. Thread-safe; never waits.
 */
final class LayoutTable implements LayoutHolder {

    private static final Logger LOG = LoggerFactory.getLogger(LayoutTable.class);

    /** A file of a volume. */
    record Key(String volume, FileId file) {}

    private final Map<Key, LayoutCache> caches = new ConcurrentHashMap<>();
    private final Function<String, List<dev.outlay.v1.DeviceIncarnation>> devices;
    private volatile Unasked unasked = new NothingUnasked();

    /** What the last re-attach has restated: it is settled by the answer that names it. */
    private volatile Set<Key> restated = Set.of();

    /** Whoever answers what the server says unasked; may be called with the session's lock held. */
    interface Unasked {
        /** As {@link LayoutHolder#isRecalled}. */
        boolean isRecalled(String volume, long file);

        /** As {@link LayoutHolder#told}. */
        void told(Notice notice);

        /** What is held on a volume has been restated: its recalls are told anew. */
        void restated(String volume);
    }

    /** Before the client is complete. */
    private static final class NothingUnasked implements Unasked {
        @Override
        public boolean isRecalled(String volume, long file) {
            return false;
        }

        @Override
        public void told(Notice notice) {
            // Nobody has asked for anything yet.
        }

        @Override
        public void restated(String volume) {
            // There is nothing to forget.
        }
    }

    /**
     * @param devices the labels of the devices of a volume that are in use; must not wait
     */
    LayoutTable(Function<String, List<dev.outlay.v1.DeviceIncarnation>> devices) {
        this.devices = devices;
    }

    /** Hands what the server says unasked to {@code answering} from now on. */
    void answeredBy(Unasked answering) {
        unasked = answering;
    }

    /** The layout on a file; empty of grants if there are none. */
    LayoutCache of(String volume, FileId file) {
        return caches.computeIfAbsent(new Key(volume, file), key -> new LayoutCache(key.file()));
    }

    /** The layout on a file, if anything is known of it. */
    Optional<LayoutCache> find(String volume, FileId file) {
        return Optional.ofNullable(caches.get(new Key(volume, file)));
    }

    /** Forgets a file on which nothing is held. */
    void retire(Key key) {
        caches.computeIfPresent(key, (_, cache) -> cache.isIdle() ? null : cache);
    }

    /** What a request took back. */
    void returned(String volume, List<dev.outlay.v1.ReturnedLayout> returned) {
        for (dev.outlay.v1.ReturnedLayout layout : returned) {
            ReturnedLayout ended = Wire.returned(layout);
            find(volume, ended.file()).ifPresent(cache -> cache.returned(ended));
        }
    }

    /** The files of a volume of which anything is known, by rising id. */
    Map<FileId, LayoutCache> on(String volume) {
        Map<FileId, LayoutCache> found = new TreeMap<>();
        caches.forEach(
                (key, cache) -> {
                    if (key.volume().equals(volume)) {
                        found.put(key.file(), cache);
                    }
                });
        return found;
    }

    /**
     * Completes when the caller is inside the gate of a file, open or not, before all others that
     * wait.
     */
    CompletableFuture<FileGate> drained(Key key) {
        AtomicReference<CompletableFuture<FileGate>> inside = new AtomicReference<>();
        caches.compute(
                key,
                (_, known) -> {
                    LayoutCache cache = known == null ? new LayoutCache(key.file()) : known;
                    inside.set(cache.gate().drained().thenApply(_ -> cache.gate()));
                    return cache;
                });
        return inside.get();
    }

    /** Everything on one device of the volume is about to be given up. */
    void giveUp(String volume, int device) {
        caches.forEach(
                (key, cache) -> {
                    if (key.volume().equals(volume)) {
                        List<ByteRange> there = cache.rangesOn(device);
                        if (!there.isEmpty()) {
                            cache.giveUp(there);
                        }
                    }
                });
    }

    /** Every layout on the volume is about to be given up. */
    void giveUp(String volume) {
        caches.forEach(
                (key, cache) -> {
                    if (key.volume().equals(volume)) {
                        cache.giveUp(List.of());
                    }
                });
    }

    /** Every layout on the volume is gone. */
    void clear(String volume) {
        caches.forEach(
                (key, cache) -> {
                    if (key.volume().equals(volume)) {
                        cache.clear();
                    }
                });
    }

    @Override
    public List<ReattachRequest.Volume> restate() {
        Map<String, ReattachRequest.Volume.Builder> volumes = new TreeMap<>();
        Set<Key> named = new HashSet<>();
        caches.entrySet().stream()
                .sorted(
                        Map.Entry.comparingByKey(
                                (a, b) -> {
                                    int byVolume = a.volume().compareTo(b.volume());
                                    return byVolume != 0 ? byVolume : a.file().compareTo(b.file());
                                }))
                .forEach(
                        entry ->
                                entry.getValue()
                                        .held()
                                        .ifPresent(
                                                held -> {
                                                    named.add(entry.getKey());
                                                    volumes.computeIfAbsent(
                                                                    entry.getKey().volume(),
                                                                    this::volume)
                                                            .addLayouts(Wire.layout(held));
                                                }));
        restated = named;
        List<ReattachRequest.Volume> all = new ArrayList<>();
        volumes.values().forEach(volume -> all.add(volume.build()));
        return all;
    }

    private ReattachRequest.Volume.Builder volume(String name) {
        return ReattachRequest.Volume.newBuilder()
                .setVolume(name)
                .addAllDevices(devices.apply(name));
    }

    @Override
    public void settle(ReattachResponse.VolumeResult result) {
        unasked.restated(result.getVolume());
        if (result.hasError()) {
            LOG.warn(
                    "event=layouts-lost volume={} reason=\"{}\"",
                    result.getVolume(),
                    result.getError().getMessage());
            clear(result.getVolume());
            return;
        }
        Set<FileId> named = new HashSet<>();
        for (ReattachResponse.LayoutResult layout : result.getLayoutsList()) {
            FileId file = new FileId(layout.getFileId());
            named.add(file);
            if (layout.hasError()) {
                LOG.warn(
                        "event=layout-lost volume={} file={} reason=\"{}\"",
                        result.getVolume(),
                        file,
                        layout.getError().getMessage());
            }
            of(result.getVolume(), file)
                    .settled(
                            layout.hasLayout()
                                    ? Optional.of(Wire.layout(layout.getLayout()))
                                    : Optional.empty());
        }
        settleUnnamed(result.getVolume(), named);
    }

    /**
     * Of files that were neither restated nor named the server knows nothing: what has been entered
     * there since was granted before it lost that.
     */
    private void settleUnnamed(String volume, Set<FileId> named) {
        caches.forEach(
                (key, cache) -> {
                    if (key.volume().equals(volume)
                            && !named.contains(key.file())
                            && !restated.contains(key)) {
                        cache.settled(Optional.empty());
                    }
                });
    }

    @Override
    public void voided(OutlayException why) {
        restated = Set.of();
        caches.values().forEach(LayoutCache::clear);
    }

    @Override
    public boolean isRecalled(String volume, long file) {
        return unasked.isRecalled(volume, file);
    }

    @Override
    public void told(Notice notice) {
        unasked.told(notice);
    }
}
