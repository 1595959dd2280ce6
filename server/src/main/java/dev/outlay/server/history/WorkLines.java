package dev.outlay.server.history;

import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Lines about what the server does on devices itself. */
final class WorkLines {

    private WorkLines() {}

    /**
     * Work begins.
     *
     * @param caller of the command that it is a part of
     */
    static Draft begin(VolumeTables tables, Work work, Optional<ClientId> caller) {
        if (work.isReading()) {
            List<Extent> read =
                    Objects.requireNonNull(tables.file(work.file()))
                            .extents()
                            .mapped(work.blocked())
                            .stream()
                            .filter(e -> e.state() == ExtentState.WRITTEN)
                            .toList();
            Draft draft = of("read", work).withAll("blocks", read);
            caller.ifPresent(client -> draft.with("client", client));
            return draft;
        }
        List<DeviceRange> zero = new ArrayList<>();
        List<DeviceRange> from = new ArrayList<>();
        List<DeviceRange> to = new ArrayList<>();
        List<DeviceRange> fill = new ArrayList<>();
        for (Task task : work.tasks()) {
            switch (task) {
                case Task.Zero t -> zero.add(t.range());
                case Task.Copy t -> {
                    from.add(t.from());
                    to.add(t.to());
                }
                case Task.Fill t -> fill.add(t.range());
            }
        }
        Draft draft =
                of("work-begin", work)
                        .with("what", work.then().getClass().getSimpleName())
                        .with("durable", work.durable())
                        .withAll("zero", zero)
                        .withAll("from", from)
                        .withAll("copy", to)
                        .withAll("fill", fill);
        asked(work.then()).ifPresent(origin -> draft.with("client", origin.client()));
        return draft;
    }

    /** Work that is under way when a file of the log begins. */
    static Draft state(Work work) {
        Draft draft = of("work", work);
        asked(work.then()).ifPresent(origin -> draft.with("client", origin.client()));
        return work.isReading()
                ? draft.with("reading", true)
                : draft.with("what", work.then().getClass().getSimpleName());
    }

    /** Whether what follows this work is a new size of its file. */
    static boolean isResize(VolumeTables tables, long work) {
        return tables.works().stream()
                .anyMatch(w -> w.id() == work && w.then() instanceof Continuation.Resize);
    }

    private static Draft of(String event, Work work) {
        return FactLines.of(event, work.file())
                .with("work", work.id())
                .with("range", List.of(work.blocked()))
                .withAll("keeps", work.fresh().stream().map(Extent::deviceRange).toList());
    }

    private static Optional<Origin> asked(Continuation then) {
        return switch (then) {
            case Continuation.Nothing t -> Optional.empty();
            case Continuation.Resize t -> Optional.of(t.origin());
            case Continuation.Punch t -> Optional.of(t.origin());
            case Continuation.Grant t -> Optional.of(t.ask().origin());
            case Continuation.Wrote t -> Optional.of(t.origin());
            case Continuation.Clone t -> Optional.of(t.origin());
        };
    }
}
