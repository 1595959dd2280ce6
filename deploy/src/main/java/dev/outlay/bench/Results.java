package dev.outlay.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/** What a run has found out so far. One thread. */
final class Results {

    /**
     * A benchmark that could not be run to its end.
     *
     * @param why in one clause
     */
    record Failure(String benchmark, String why) {}

    private final Consumer<Figure> show;
    private final List<Figure> figures = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<Failure> failures = new ArrayList<>();

    /**
     * @param show is told of each figure as soon as it is there
     */
    Results(Consumer<Figure> show) {
        this.show = show;
    }

    void add(Figure figure) {
        figures.add(figure);
        show.accept(figure);
    }

    void note(String line) {
        notes.add(line);
    }

    void failed(Failure failure) {
        failures.add(failure);
    }

    List<Figure> figures() {
        return Collections.unmodifiableList(figures);
    }

    List<String> notes() {
        return Collections.unmodifiableList(notes);
    }

    List<Failure> failures() {
        return Collections.unmodifiableList(failures);
    }
}
