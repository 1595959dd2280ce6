package dev.outlay.server.fence;

import dev.outlay.core.command.Command.ProveClient;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import dev.outlay.server.engine.FenceNeed;
import dev.outlay.server.engine.VolumeEngine;
import dev.outlay.server.engine.VolumeLookup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets the proof that clients which ended without their own word store no more, and takes it to the
 * volumes. One client is fenced by one attempt at a time, for all volumes that wait; a failed one
 * is repeated, later and later, for ever: nothing but the quarantine waits for it. Where a volume
 * is TIMED, its proof is also that lease and longest I/O have run out, counted from when the client
 * ended here.
 *
 * <p>Public methods may be called from any thread and do not wait; what they change is changed on a
 * thread of its own.
 */
public final class FenceService implements VolumeEngine.Listener, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FenceService.class);

    /** When a volume that cannot take a proof now is asked again. */
    private static final Duration VOLUME_RETRY = Duration.ofSeconds(1);

    private static final int MAX_DOUBLINGS = 30;

    private final VolumeLookup volumes;
    private final FenceDriver driver;
    private final FenceMeters meters;
    private final Duration retryMin;
    private final Duration retryMax;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    task -> Thread.ofPlatform().daemon().name("fence").unstarted(task));
    private final Map<ClientId, Fencing> fencings = new HashMap<>();
    private final Map<ClientId, String> states = new ConcurrentHashMap<>();

    /** A client to be fenced. On the service's thread only. */
    private static final class Fencing {
        private final ClientRecord client;
        private final Map<String, FenceNeed> needs = new TreeMap<>();
        private boolean running;
        private int failures;
        private @Nullable Future<?> retry;

        Fencing(ClientRecord client) {
            this.client = client;
        }
    }

    public FenceService(
            VolumeLookup volumes,
            FenceDriver driver,
            FenceMeters meters,
            Duration retryMin,
            Duration retryMax) {
        this.volumes = volumes;
        this.driver = driver;
        this.meters = meters;
        this.retryMin = retryMin;
        this.retryMax = retryMax;
    }

    // ---- what volumes say

    @Override
    public void told(VolumeEngine volume, Notice notice) {
        switch (notice) {
            case Notice.NeedsFence end ->
                    volume.fenceNeed(end.client()).ifPresent(need -> onThread(() -> begin(need)));
            case Notice.ClientProven proof -> onThread(() -> end(volume.name(), proof.client()));
            case Notice.ToClient _ -> {}
        }
    }

    @Override
    public void renewals(VolumeEngine volume, ClientId client, boolean allowed) {}

    // ---- what operators ask and say

    /** How far the fencing of a client has come, in words; empty if none is under way. */
    public String state(ClientId client) {
        return states.getOrDefault(client, "");
    }

    /** An operator's word that a client has ended: what each volume says to it, by name. */
    public CompletableFuture<Map<String, Reply>> confirm(ClientId client) {
        return prove(client, Proof.OPERATOR, volumes.all());
    }

    /** Tries the clients of a host at once: what they waited for may have come. */
    public void retryHost(String host) {
        onThread(
                () ->
                        List.copyOf(fencings.values()).stream()
                                .filter(
                                        f ->
                                                f.client
                                                        .process()
                                                        .filter(p -> p.host().equals(host))
                                                        .isPresent())
                                .forEach(this::attempt));
    }

    // ---- one client

    private void begin(FenceNeed need) {
        ClientId id = need.client().id();
        Fencing fencing = fencings.computeIfAbsent(id, c -> new Fencing(need.client()));
        fencing.needs.put(need.volume(), need);
        if (need.policy() == FencePolicy.TIMED) {
            long millis = need.client().leaseMillis() + need.client().maxIoMillis();
            var _ = later(Duration.ofMillis(millis), () -> proveByTime(need));
        }
        if (fencing.retry == null) {
            attempt(fencing);
        }
        count();
    }

    private void attempt(Fencing fencing) {
        if (fencing.running || fencing.needs.isEmpty()) {
            return;
        }
        if (fencing.retry != null) {
            fencing.retry.cancel(false);
            fencing.retry = null;
        }
        fencing.running = true;
        Map<String, FenceNeed> needs = Map.copyOf(fencing.needs);
        Set<FenceTarget.Device> devices = new LinkedHashSet<>();
        for (FenceNeed need : needs.values()) {
            for (VolumeDevice device : need.devices()) {
                devices.add(new FenceTarget.Device(device.uuid(), device.path()));
            }
        }
        then(
                driver.fence(new FenceTarget(fencing.client, List.copyOf(devices))),
                (result, failure) ->
                        attempted(
                                fencing,
                                needs,
                                result != null && failure == null
                                        ? result
                                        : new FenceResult.Failed(String.valueOf(failure))));
    }

    private void attempted(Fencing fencing, Map<String, FenceNeed> needs, FenceResult result) {
        fencing.running = false;
        if (fencings.get(fencing.client.id()) != fencing) {
            return;
        }
        switch (result) {
            case FenceResult.Confirmed confirmed -> {
                LOG.info(
                        "client={} event=fenced driver={} detail=\"{}\"",
                        fencing.client.id(),
                        driver.name(),
                        confirmed.detail());
                states.put(fencing.client.id(), "fenced: " + confirmed.detail());
                fencing.failures = 0;
                List<VolumeEngine> waiting = new ArrayList<>();
                needs.keySet().forEach(v -> volumes.find(v).ifPresent(waiting::add));
                then(
                        prove(fencing.client.id(), Proof.FENCE_DRIVER, waiting),
                        (replies, failure) -> proofTaken(fencing, replies));
            }
            case FenceResult.Failed failed -> failed(fencing, failed.reason());
            case FenceResult.LeftToOperator _ -> {
                LOG.warn(
                        "client={} event=quarantined owner=\"{}\" what-to-do=\"make sure that it has"
                                + " ended, then: outlay quarantine confirm {}\"",
                        fencing.client.id(),
                        fencing.client.owner(),
                        fencing.client.id());
                states.put(fencing.client.id(), "waits for an operator");
            }
        }
        count();
    }

    private void failed(Fencing fencing, String reason) {
        fencing.failures++;
        meters.fenceFailed();
        Duration pause = retryMin.multipliedBy(1L << Math.min(MAX_DOUBLINGS, fencing.failures - 1));
        Duration wait = pause.compareTo(retryMax) > 0 ? retryMax : pause;
        LOG.warn(
                "client={} event=fence-failed driver={} owner=\"{}\" failures={} retry-millis={}"
                        + " reason=\"{}\"",
                fencing.client.id(),
                driver.name(),
                fencing.client.owner(),
                fencing.failures,
                wait.toMillis(),
                reason);
        states.put(fencing.client.id(), "failed " + fencing.failures + " times: " + reason);
        fencing.retry = later(wait, () -> attempt(fencing));
    }

    /** Volumes that took the proof have said so by a notice; others are asked again. */
    private void proofTaken(Fencing fencing, @Nullable Map<String, Reply> replies) {
        boolean again = replies == null;
        Map<String, Reply> said = replies == null ? Map.of() : replies;
        for (Map.Entry<String, Reply> each : said.entrySet()) {
            if (each.getValue() instanceof Reply.Failure refused
                    && refused.reason() != Reason.NOT_FOUND) {
                LOG.warn(
                        "client={} event=proof-refused volume={} reason=\"{}\"",
                        fencing.client.id(),
                        each.getKey(),
                        refused.message());
                again = true;
            } else {
                end(each.getKey(), fencing.client.id());
            }
        }
        if (again) {
            fencing.retry = later(VOLUME_RETRY, () -> attempt(fencing));
        } else {
            attempt(fencing);
        }
    }

    private void proveByTime(FenceNeed need) {
        ClientId id = need.client().id();
        Fencing fencing = fencings.get(id);
        VolumeEngine volume = volumes.find(need.volume()).orElse(null);
        if (fencing == null || volume == null || !need.equals(fencing.needs.get(need.volume()))) {
            return;
        }
        then(
                volume.submit(new ProveClient(id, Proof.TIME)),
                (reply, failure) -> {
                    if (reply instanceof Reply.Failure refused
                            && refused.reason() != Reason.NOT_FOUND) {
                        var _ = later(VOLUME_RETRY, () -> proveByTime(need));
                    } else {
                        LOG.info("client={} event=proven-by-time volume={}", id, need.volume());
                    }
                });
    }

    private void end(String volume, ClientId client) {
        Fencing fencing = fencings.get(client);
        if (fencing == null || fencing.needs.remove(volume) == null) {
            return;
        }
        if (fencing.needs.isEmpty()) {
            if (fencing.retry != null) {
                fencing.retry.cancel(false);
            }
            fencings.remove(client);
            states.remove(client);
        }
        count();
    }

    private static CompletableFuture<Map<String, Reply>> prove(
            ClientId client, Proof proof, List<VolumeEngine> asked) {
        Map<String, CompletableFuture<Reply>> replies = new TreeMap<>();
        asked.forEach(v -> replies.put(v.name(), v.submit(new ProveClient(client, proof))));
        return CompletableFuture.allOf(replies.values().toArray(CompletableFuture[]::new))
                .thenApply(
                        _ -> {
                            Map<String, Reply> said = new TreeMap<>();
                            replies.forEach((name, reply) -> said.put(name, reply.join()));
                            return said;
                        });
    }

    private void count() {
        meters.fencing(
                fencings.size(),
                (int) fencings.values().stream().filter(f -> f.failures > 0).count());
    }

    // ---- the thread

    private void onThread(Runnable run) {
        try {
            thread.execute(() -> guarded(run));
        } catch (RejectedExecutionException e) {
            LOG.debug("event=fence-service-stopped");
        }
    }

    private Future<?> later(Duration wait, Runnable run) {
        try {
            return thread.schedule(() -> guarded(run), wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(null);
        }
    }

    private <T> void then(
            CompletableFuture<T> future, BiConsumer<@Nullable T, @Nullable Throwable> next) {
        var _ =
                future.whenComplete(
                        (value, failure) -> onThread(() -> next.accept(value, failure)));
    }

    private static void guarded(Runnable run) {
        try {
            run.run();
        } catch (RuntimeException e) {
            LOG.error("event=fence-service-fault", e);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        driver.close();
    }
}
