package dev.outlay.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Processor time that a process spends on each reply: unlike its rate, it hardly depends on what
 * else the machine does.
 */
final class ReplyCost {

    private final ProcessHandle process;
    private final List<Double> micros = new ArrayList<>();

    ReplyCost(long pid) {
        this.process = ProcessHandle.of(pid).orElseThrow();
    }

    /** Drives the process, and counts what it spends meanwhile. */
    StreamDriver.Run during(Callable<StreamDriver.Run> drive) throws Exception {
        long before = spentNanos();
        StreamDriver.Run run = drive.call();
        micros.add((spentNanos() - before) / 1e3 / run.replies());
        return run;
    }

    /** The median over all drives, in microseconds. */
    double micros() {
        return Rounds.median(micros.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private long spentNanos() {
        return process.info().totalCpuDuration().orElseThrow().toNanos();
    }
}
