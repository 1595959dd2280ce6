package dev.outlay.server.engine;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.device.DeviceException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Devices on their way out of the volumes of this server: each is emptied ({@link Retirement}),
 * then the server lets go of it, then its label is made nobody's, and last the volume is told so.
 * Whatever a stop interrupts goes on at the next start. Thread-safe.
 */
final class Retirements {

    private static final Logger LOG = LoggerFactory.getLogger(Retirements.class);
    private static final long RETRY_MILLIS = 10_000;

    private final Labels labels;
    private final ScheduledExecutorService timers;
    private final BooleanSupplier volumesUnknown;
    private final BiConsumer<VolumeEngine, VolumeDevice> left;

    /** Labels of devices, as far as they say whose a device is. */
    @FunctionalInterface
    interface Labels {
        /** The label of a device that has left is nobody's, unless another volume has a slice. */
        void disown(VolumeDevice device) throws DeviceException;
    }

    /** Volume and index of each device that is being emptied. */
    private final Set<String> emptied = ConcurrentHashMap.newKeySet();

    /**
     * @param volumesUnknown whether there are volumes of which it is not known what they have
     * @param left is told of a device that its volume does not know any more; has let go of it when
     *     it returns
     */
    Retirements(
            Labels labels,
            ScheduledExecutorService timers,
            BooleanSupplier volumesUnknown,
            BiConsumer<VolumeEngine, VolumeDevice> left) {
        this.labels = labels;
        this.timers = timers;
        this.volumesUnknown = volumesUnknown;
        this.left = left;
    }

    /** Empties a device that the volume calls retiring, unless that is being done. */
    void begin(VolumeEngine volume, VolumeDevice device) {
        String key = volume.name() + "/" + device.index();
        if (emptied.add(key)) {
            Runnable gone =
                    () -> {
                        emptied.remove(key);
                        left.accept(volume, device);
                        disown(volume, device);
                    };
            new Retirement(volume, device.index(), timers, gone).start();
        }
    }

    /** Goes on with what was on its way out when the server stopped. */
    void goOn(VolumeEngine volume) {
        var _ =
                volume.submit(new Command.ListDeviceUse())
                        .thenAccept(
                                reply -> {
                                    if (reply instanceof Reply.DeviceUses uses) {
                                        uses.devices().stream()
                                                .filter(Reply.DeviceUse::retiring)
                                                .forEach(use -> begin(volume, use.device()));
                                        uses.leaving()
                                                .forEach(d -> later(0, () -> disown(volume, d)));
                                    } else {
                                        later(RETRY_MILLIS, () -> goOn(volume));
                                    }
                                });
    }

    /**
     * The label of a device that has left is nobody's, and the volume owes it nothing. A volume
     * that is not open may have a slice of it: until then it stays this server's.
     */
    private void disown(VolumeEngine volume, VolumeDevice device) {
        try {
            if (volumesUnknown.getAsBoolean()) {
                later(RETRY_MILLIS, () -> disown(volume, device));
                return;
            }
            labels.disown(device);
            var _ =
                    volume.submit(new Command.ReleaseDevice(device.index()))
                            .thenAccept(
                                    reply -> {
                                        if (reply instanceof Reply.Failure) {
                                            later(RETRY_MILLIS, () -> disown(volume, device));
                                        }
                                    });
        } catch (DeviceException e) {
            LOG.warn(
                    "volume={} event=label-not-released path=\"{}\" reason=\"{}\" retry={}ms",
                    volume.name(),
                    device.path(),
                    e.getMessage(),
                    RETRY_MILLIS);
            later(RETRY_MILLIS, () -> disown(volume, device));
        }
    }

    private void later(long millis, Runnable run) {
        try {
            var _ = timers.schedule(run, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("event=stopping detail=\"{}\"", e.getMessage());
        }
    }
}
