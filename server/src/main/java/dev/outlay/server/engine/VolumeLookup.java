package dev.outlay.server.engine;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Where to find the volumes that are at work. Any thread. */
public interface VolumeLookup {

    Optional<VolumeEngine> find(String name);

    /** All volumes, by name. */
    List<VolumeEngine> all();

    /** From now on {@code listener} hears what any volume has to say unasked. */
    void listen(VolumeEngine.Listener listener);

    /** Volumes that could not be opened, each with the reason, by name. */
    default Map<String, String> unavailable() {
        return Map.of();
    }

    /**
     * Volumes that could not be opened are tried again; {@code opened} gets each that is open then,
     * before it is started.
     */
    default void retryUnavailable(Consumer<VolumeEngine> opened) {}
}
