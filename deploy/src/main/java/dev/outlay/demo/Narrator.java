package dev.outlay.demo;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells the story while it happens, for people, and remembers it for {@code --json}. One thread.
 */
final class Narrator {

    private static final int PICTURE_CELLS = 64;
    private static final String PICTURE_LINE = "   %-16s%s";

    private final PrintWriter out;
    private final Style style;
    private final List<Step> steps = new ArrayList<>();

    /**
     * How lines look.
     *
     * @param colours for a terminal
     * @param plain for an output that knows ASCII only
     */
    record Style(boolean colours, boolean plain) {

        private static final String RESET = "\u001b[0m";

        /** A text in a rendition of ECMA-48 (SGR), where colours are wanted. */
        String in(Rendition rendition, String text) {
            return colours ? "\u001b[" + rendition.code + "m" + text + RESET : text;
        }

        String tick() {
            return plain ? "ok" : "✓";
        }

        String cross() {
            return plain ? "FAILED" : "✗";
        }
    }

    /** What is told apart by colour. */
    enum Rendition {
        STRONG(1),
        FAINT(2),
        BAD(31),
        GOOD(32),
        BETWEEN(33);

        private final int code;

        Rendition(int code) {
            this.code = code;
        }
    }

    /**
     * A step that was told.
     *
     * @param done what was done and found right
     * @param proves what follows from it; empty before the step has ended
     */
    record Step(String title, List<String> done, List<String> proves) {}

    Narrator(PrintWriter out, Style style) {
        this.out = out;
        this.style = style;
    }

    /** A line before the first step. */
    void heading(String text) {
        out.println(style.in(Rendition.STRONG, text));
        out.flush();
    }

    /** A step begins. */
    void step(String title) {
        steps.add(new Step(title, new ArrayList<>(), new ArrayList<>()));
        out.println();
        out.println(style.in(Rendition.STRONG, steps.size() + ". " + title));
        out.flush();
    }

    /** Something was done and is as it has to be. */
    void done(String what) {
        steps.getLast().done().add(what);
        out.println("   " + style.in(Rendition.GOOD, style.tick()) + " " + what);
        out.flush();
    }

    /** What the step shows. */
    void proves(String what) {
        steps.getLast().proves().add(what);
        out.println("   " + style.in(Rendition.FAINT, "Proves: " + what));
        out.flush();
    }

    /** The step has failed, and with it the demonstration. */
    void failed(String why) {
        out.println("   " + style.in(Rendition.BAD, style.cross() + " " + why));
        out.flush();
    }

    /** A line of cells after a caption. */
    void picture(String caption, Picture picture) {
        StringBuilder cells = new StringBuilder();
        for (Picture.Kind kind : picture.cells(PICTURE_CELLS)) {
            cells.append(style.in(rendition(kind), "" + kind.sign(style.plain())));
        }
        out.println(PICTURE_LINE.formatted(caption, cells));
        out.flush();
    }

    /** What the cells of pictures mean. */
    void legend() {
        StringBuilder legend = new StringBuilder();
        for (Picture.Kind kind : Picture.Kind.values()) {
            legend.append(style.in(rendition(kind), "" + kind.sign(style.plain())))
                    .append(" ")
                    .append(kind.words())
                    .append("   ");
        }
        out.println(PICTURE_LINE.formatted("", legend.toString().stripTrailing()));
        out.flush();
    }

    /** The last line. */
    void summary(boolean good, String text) {
        out.println();
        out.println(style.in(good ? Rendition.GOOD : Rendition.BAD, text));
        out.flush();
    }

    /** What was told so far. */
    List<Step> steps() {
        return List.copyOf(steps);
    }

    private static Rendition rendition(Picture.Kind kind) {
        return switch (kind) {
            case HOLE -> Rendition.FAINT;
            case UNWRITTEN -> Rendition.BETWEEN;
            case WRITTEN -> Rendition.GOOD;
            case QUARANTINED -> Rendition.BAD;
        };
    }
}
