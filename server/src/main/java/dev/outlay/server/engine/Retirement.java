package dev.outlay.server.engine;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Empties a device that is to leave a volume: asks the volume for one bounded step after another,
 * so that others are served between them, until the device is gone or the server stops. What it
 * waits for - clients, proofs, space - it looks for again after a while.
 */
final class Retirement {

    private static final Logger LOG = LoggerFactory.getLogger(Retirement.class);
    private static final long WAIT_MILLIS = 200;
    private static final long NO_SPACE_MILLIS = 5_000;

    private final VolumeEngine volume;
    private final int device;
    private final ScheduledExecutorService timers;
    private final Runnable gone;
    private volatile boolean noSpace;

    /**
     * @param gone runs on a timer's thread, once
     */
    Retirement(VolumeEngine volume, int device, ScheduledExecutorService timers, Runnable gone) {
        this.volume = volume;
        this.device = device;
        this.timers = timers;
        this.gone = gone;
    }

    void start() {
        LOG.info("volume={} event=device-retiring index={}", volume.name(), device);
        step(FileId.ROOT);
    }

    private void step(FileId from) {
        var _ = volume.submit(new Command.EvacuateDevice(device, from)).thenAccept(this::goOn);
    }

    private void goOn(Reply reply) {
        if (reply instanceof Reply.Evacuated(Reply.Evacuation state, FileId next)) {
            switch (state) {
                case GOES_ON -> step(next);
                case WAITS -> later(WAIT_MILLIS, () -> step(FileId.ROOT));
                case NO_SPACE -> {
                    if (!noSpace) {
                        noSpace = true;
                        LOG.warn(
                                "volume={} event=device-not-emptied index={} reason=\"no space on"
                                        + " the other devices\" what-to-do=\"add a device\"",
                                volume.name(),
                                device);
                    }
                    later(NO_SPACE_MILLIS, () -> step(FileId.ROOT));
                }
                case GONE -> {
                    LOG.info("volume={} event=device-retired index={}", volume.name(), device);
                    later(0, gone);
                }
            }
        } else if (!(reply instanceof Reply.Failure failure
                && failure.reason() == Reason.SHUTTING_DOWN)) {
            later(NO_SPACE_MILLIS / 5, () -> step(FileId.ROOT));
        }
    }

    private void later(long millis, Runnable run) {
        try {
            var _ = timers.schedule(run, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("volume={} event=stopping index={}", volume.name(), device);
        }
    }
}
