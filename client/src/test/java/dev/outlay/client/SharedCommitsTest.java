package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.device.DeviceException;
import dev.outlay.client.session.SystemScheduler;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SharedCommitsTest {

    private static final int DEVICE = 0;

    private final SystemScheduler scheduler = new SystemScheduler();
    private final SharedCommits shared = new SharedCommits();
    private final AtomicInteger flushes = new AtomicInteger();
    private final AtomicInteger messages = new AtomicInteger();
    private final AtomicInteger sent = new AtomicInteger();
    private final Semaphore mayFlush = new Semaphore(0);

    @AfterEach
    void close() {
        scheduler.close();
    }

    /** A part whose flush of the device goes on when it may. */
    private class Held implements SharedCommits.Part {

        @Override
        public Durability flush(Set<Integer> flushed) throws IOException {
            if (flushed.add(DEVICE)) {
                flushes.incrementAndGet();
                try {
                    mayFlush.acquire();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw DeviceException.of(
                            Path.of("/d"), "flush", new ClosedByInterruptException());
                }
            }
            return Durability.FORCED;
        }

        @Override
        public Optional<CompletableFuture<?>> send(Durability reached) {
            assertEquals(Durability.FORCED, reached);
            sent.incrementAndGet();
            return Optional.of(CompletableFuture.completedFuture(null));
        }
    }

    private FutureTask<Void> start(SharedCommits.Part part) {
        FutureTask<Void> task =
                new FutureTask<>(
                        () -> {
                            shared.commit(
                                    part,
                                    sends -> {
                                        messages.incrementAndGet();
                                        sends.run();
                                    },
                                    scheduler);
                            return null;
                        });
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    /** Spins until so many wait for the flush after the one that runs. */
    private void awaitWaiting(int count) {
        while (shared.waiting() != count) {
            Thread.onSpinWait();
        }
    }

    private void awaitFlushes(int count) {
        while (flushes.get() != count) {
            Thread.onSpinWait();
        }
    }

    @Test
    void whoComesMeanwhileIsServedByOneFlushAndOneMessage() throws Exception {
        FutureTask<Void> first = start(new Held());
        awaitFlushes(1);
        List<FutureTask<Void>> others = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            others.add(start(new Held()));
        }
        awaitWaiting(5);
        mayFlush.release(2);
        first.get();
        for (FutureTask<Void> each : others) {
            each.get();
        }
        assertEquals(2, flushes.get());
        assertEquals(2, messages.get());
        assertEquals(6, sent.get());
    }

    @Test
    void whatFailsFailsForOneAlone() throws Exception {
        FutureTask<Void> first = start(new Held());
        awaitFlushes(1);
        FutureTask<Void> second = start(new Held());
        awaitWaiting(1);
        FutureTask<Void> failing =
                start(
                        new Held() {
                            @Override
                            public Durability flush(Set<Integer> flushed) throws IOException {
                                throw new IOException("broken");
                            }
                        });
        awaitWaiting(2);
        FutureTask<Void> last = start(new Held());
        awaitWaiting(3);
        mayFlush.release(2);
        first.get();
        second.get();
        last.get();
        ExecutionException e = assertThrows(ExecutionException.class, failing::get);
        assertEquals("broken", assertInstanceOf(IOException.class, e.getCause()).getMessage());
        assertEquals(3, sent.get());
    }

    @Test
    void anInterruptOfWhoWorksForAllIsItsOwn() throws Exception {
        FutureTask<Void> first = start(new Held());
        awaitFlushes(1);
        CompletableFuture<Thread> worker = new CompletableFuture<>();
        FutureTask<Void> second =
                start(
                        new Held() {
                            @Override
                            public Durability flush(Set<Integer> flushed) throws IOException {
                                worker.complete(Thread.currentThread());
                                return super.flush(flushed);
                            }
                        });
        awaitWaiting(1);
        FutureTask<Void> third = start(new Held());
        awaitWaiting(2);
        mayFlush.release();
        first.get();
        awaitFlushes(2);
        worker.get().interrupt();
        ExecutionException e = assertThrows(ExecutionException.class, second::get);
        assertEquals(
                DeviceException.Reason.INTERRUPTED,
                assertInstanceOf(DeviceException.class, e.getCause()).reason());
        mayFlush.release();
        third.get();
        assertEquals(3, flushes.get(), "the third has seen to itself");
        assertEquals(2, sent.get());
    }

    @Test
    void anInterruptOfWhoWaitsForTheFlushBeforeIsItsOwnToo() throws Exception {
        FutureTask<Void> first = start(new Held());
        awaitFlushes(1);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread second =
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    try {
                                        shared.commit(new Held(), Runnable::run, scheduler);
                                        interrupted.complete(
                                                Thread.currentThread().isInterrupted());
                                    } catch (IOException e) {
                                        interrupted.completeExceptionally(e);
                                    }
                                });
        awaitWaiting(1);
        FutureTask<Void> third = start(new Held());
        awaitWaiting(2);
        second.interrupt();
        mayFlush.release(3);
        first.get();
        third.get();
        assertInstanceOf(
                DeviceException.class,
                assertThrows(ExecutionException.class, interrupted::get).getCause(),
                "it was to flush for both, and is interrupted there");
    }

    /** Nobody is served by a flush that began before he came. */
    @Test
    void whatWasStoredBeforeIsFlushedAfter() throws Exception {
        AtomicLong stored = new AtomicLong();
        AtomicLong durable = new AtomicLong();
        Callable<Void> writer =
                () -> {
                    for (int i = 0; i < 2_000; i++) {
                        long mine = stored.incrementAndGet();
                        shared.commit(new Checked(mine, stored, durable), Runnable::run, scheduler);
                    }
                    return null;
                };
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (Future<Void> each : threads.invokeAll(List.of(writer, writer, writer, writer))) {
                each.get();
            }
        }
        assertEquals(8_000, stored.get());
    }

    /** Its send sees what was durable. */
    private record Checked(long mine, AtomicLong stored, AtomicLong durable)
            implements SharedCommits.Part {

        @Override
        public Durability flush(Set<Integer> flushed) {
            if (flushed.add(DEVICE)) {
                long before = stored.get();
                LockSupport.parkNanos(1_000);
                durable.accumulateAndGet(before, Math::max);
            }
            return Durability.FORCED;
        }

        @Override
        public Optional<CompletableFuture<?>> send(Durability reached) {
            assertTrue(durable.get() >= mine, "not flushed: " + mine);
            return Optional.empty();
        }
    }
}
