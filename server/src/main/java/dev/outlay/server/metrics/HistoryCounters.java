package dev.outlay.server.metrics;

import dev.outlay.server.history.HistoryMeters;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.concurrent.atomic.AtomicInteger;

/** The meters of a volume's exposure log, tagged with the volume's name. */
final class HistoryCounters implements HistoryMeters {

    private final MeterRegistry registry;
    private final AtomicInteger isFailing = new AtomicInteger();
    private final Counter lines;
    private final Counter lost;
    private final Gauge failing;

    HistoryCounters(MeterRegistry registry, String volume) {
        this.registry = registry;
        Tags tags = Tags.of("volume", volume);
        lines =
                Counter.builder("outlay.history.lines")
                        .description("Lines written to the exposure log")
                        .baseUnit("lines")
                        .tags(tags)
                        .register(registry);
        lost =
                Counter.builder("outlay.history.lost")
                        .description("Events that the exposure log does not tell of")
                        .baseUnit("events")
                        .tags(tags)
                        .register(registry);
        failing =
                Gauge.builder("outlay.history.failing", isFailing::get)
                        .description("1 while the exposure log cannot be written")
                        .tags(tags)
                        .register(registry);
    }

    @Override
    public void written(long count) {
        lines.increment((double) count);
    }

    @Override
    public void lost(long events) {
        lost.increment((double) events);
    }

    @Override
    public void failing(boolean is) {
        isFailing.set(is ? 1 : 0);
    }

    @Override
    public void close() {
        registry.remove(lines);
        registry.remove(lost);
        registry.remove(failing);
    }
}
