package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The last maps of each file, by their epochs, as they were between two batches. */
final class Moments implements Invariant {

    private static final int REMEMBERED = 32;

    private final Map<Long, Map<Long, FileView>> byFile = new HashMap<>();

    @Override
    public void batch(Picture before, Picture now) {
        for (FileView file : now.files().values()) {
            Map<Long, FileView> known =
                    byFile.computeIfAbsent(file.id(), _ -> new LinkedHashMap<>());
            known.put(file.mapEpoch(), file);
            if (known.size() > REMEMBERED) {
                known.remove(known.keySet().iterator().next());
            }
        }
    }

    /** The file as it was at this epoch; empty if no batch ended there, or that is long ago. */
    Optional<FileView> at(long file, long epoch) {
        return Optional.ofNullable(byFile.getOrDefault(file, Map.of()).get(epoch));
    }
}
