package dev.outlay.bench;

import java.util.List;
import java.util.Locale;

/**
 * The figures that have a goal as a picture: a bar for each, as long as its goal is met; the line
 * in the middle is the goal itself.
 */
final class Chart {

    private static final int WIDTH = 900;
    private static final int LABEL = 300;
    private static final int ROW = 24;
    private static final int TOP = 60;
    private static final int BAR = 14;

    /** The scale is logarithmic, from a quarter of the goal to four times it. */
    private static final double REACH = 4;

    private Chart() {}

    static String svg(List<Figure> all) {
        List<Figure> figures = all.stream().filter(each -> each.goal().isPresent()).toList();
        int height = TOP + figures.size() * ROW + 30;
        StringBuilder svg = new StringBuilder();
        svg.append(
                String.format(
                        Locale.ROOT,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
                                + " font-family=\"sans-serif\" font-size=\"12\">%n"
                                + "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>%n"
                                + "<text x=\"16\" y=\"26\" font-size=\"16\">Outlay against its"
                                + " yardsticks</text>%n"
                                + "<text x=\"16\" y=\"44\" fill=\"#555\">right of the line: better"
                                + " than the goal; the scale is logarithmic</text>%n",
                        WIDTH,
                        height,
                        WIDTH,
                        height));
        for (int i = 0; i < figures.size(); i++) {
            bar(svg, figures.get(i), TOP + i * ROW);
        }
        int goal = place(1);
        svg.append(
                String.format(
                        Locale.ROOT,
                        "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"black\"/>%n"
                                + "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">goal</text>%n"
                                + "</svg>%n",
                        goal,
                        TOP - 6,
                        goal,
                        height - 24,
                        goal,
                        height - 10));
        return svg.toString();
    }

    private static void bar(StringBuilder svg, Figure figure, int top) {
        Goal goal = figure.goal().orElseThrow();
        int end = place(goal.part(figure.ratio()));
        svg.append(
                String.format(
                        Locale.ROOT,
                        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n"
                                + "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\""
                                + " fill=\"%s\"/>%n"
                                + "<text x=\"%d\" y=\"%d\" fill=\"#333\">%s (%s)</text>%n",
                        LABEL - 8,
                        top + BAR - 2,
                        escaped(figure.name()),
                        LABEL,
                        top,
                        Math.max(1, end - LABEL),
                        BAR,
                        figure.isMet() ? "#2a7f4f" : "#b3541e",
                        Math.min(end, WIDTH - 120) + 6,
                        top + BAR - 2,
                        Report.number(figure.ratio()),
                        escaped(goal.toString())));
    }

    private static int place(double part) {
        double clipped = Math.clamp(part, 1 / REACH, REACH);
        double across = (Math.log(clipped) / Math.log(REACH) + 1) / 2;
        return LABEL + (int) Math.round(across * (WIDTH - LABEL - 130));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
