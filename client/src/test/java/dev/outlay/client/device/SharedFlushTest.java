package dev.outlay.client.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class SharedFlushTest {

    private static final Path PATH = Path.of("/d");

    private final AtomicInteger begun = new AtomicInteger();
    private final Semaphore mayBegin = new Semaphore(0);
    private volatile boolean fails;

    /** A flush that begins when it may, and fails if it is to. */
    private final SharedFlush held =
            new SharedFlush(
                    PATH,
                    () -> {
                        begun.incrementAndGet();
                        try {
                            mayBegin.acquire();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                            throw DeviceException.interrupted(PATH);
                        }
                        if (fails) {
                            throw DeviceException.of(PATH, "flush", new IOException("broken"));
                        }
                    });

    @Test
    void whatWasStoredBeforeIsFlushedAfter() throws Exception {
        AtomicLong stored = new AtomicLong();
        AtomicLong durable = new AtomicLong();
        SharedFlush shared =
                new SharedFlush(
                        PATH,
                        () -> {
                            long before = stored.get();
                            LockSupport.parkNanos(1_000);
                            durable.set(before);
                        });
        Callable<Void> writer =
                () -> {
                    for (int i = 0; i < 2_000; i++) {
                        long mine = stored.incrementAndGet();
                        shared.flush();
                        assertTrue(durable.get() >= mine, "not flushed: " + mine);
                    }
                    return null;
                };
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (Future<Void> each : threads.invokeAll(List.of(writer, writer, writer, writer))) {
                each.get();
            }
        }
    }

    @Test
    void whoAsksMeanwhileIsServedByOneMore() throws Exception {
        FutureTask<Void> first = start();
        awaitBegun(1);
        List<FutureTask<Void>> more = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            more.add(start());
        }
        awaitWaiting(more.size());
        assertFalse(more.stream().anyMatch(Future::isDone));
        mayBegin.release(2);
        first.get();
        for (FutureTask<Void> each : more) {
            each.get();
        }
        assertEquals(2, begun.get());
    }

    @Test
    void aFailureIsEverybodysWhoWasToBeServed() throws Exception {
        FutureTask<Void> first = start();
        awaitBegun(1);
        List<FutureTask<Void>> more = List.of(start(), start(), start());
        awaitWaiting(more.size());
        mayBegin.release();
        first.get();
        awaitBegun(2);
        fails = true;
        mayBegin.release();
        for (FutureTask<Void> each : more) {
            ExecutionException failed = assertThrows(ExecutionException.class, each::get);
            DeviceException why = assertInstanceOf(DeviceException.class, failed.getCause());
            assertEquals("/d: cannot flush: broken", why.getMessage());
        }
        assertEquals(1, held.failures());
        fails = false;
        mayBegin.release();
        held.flush();
        assertEquals(1, held.failures());
    }

    /** The flush of an interrupted thread says nothing of the device: somebody else makes it. */
    @Test
    void anInterruptIsNobodyElses() throws Exception {
        FutureTask<Void> first = start();
        awaitBegun(1);
        FutureTask<Void> interrupted = new FutureTask<>(this::flush);
        Thread leader = Thread.ofPlatform().start(interrupted);
        awaitWaiting(1);
        FutureTask<Void> other = start();
        awaitWaiting(2);
        leader.interrupt();
        mayBegin.release();
        first.get();
        ExecutionException failed = assertThrows(ExecutionException.class, interrupted::get);
        DeviceException why = assertInstanceOf(DeviceException.class, failed.getCause());
        assertEquals(DeviceException.Reason.INTERRUPTED, why.reason());
        mayBegin.release();
        other.get();
        assertEquals(3, begun.get());
    }

    private FutureTask<Void> start() {
        FutureTask<Void> task = new FutureTask<>(this::flush);
        Thread.ofPlatform().start(task);
        return task;
    }

    private Void flush() throws DeviceException {
        held.flush();
        return null;
    }

    private void awaitBegun(int flushes) {
        while (begun.get() < flushes) {
            Thread.onSpinWait();
        }
    }

    /** Until so many threads wait for a flush that has not begun. */
    private void awaitWaiting(int count) {
        while (held.waiting() < count) {
            Thread.onSpinWait();
        }
    }
}
