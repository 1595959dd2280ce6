package dev.outlay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The table, the JSON and the picture of the same figures. */
final class ReportTest {

    private static final Figure MET =
            new Figure(
                    "map, 1 in flight",
                    "us",
                    "echo",
                    new Rounds.Pair(30, 27, 1.11, 1.05, 1.2),
                    Goal.atMost(1.15));

    private static final Figure MISSED =
            new Figure(
                    "a < b & c",
                    "1000/s",
                    "two \"echoes\"",
                    new Rounds.Pair(123_456, 300_000, 0.411, 0.38, 0.45),
                    Goal.atLeast(0.9));

    private static final Figure POINT =
            new Figure(
                    "curves, 2 in flight",
                    "1000/s",
                    "1 in flight",
                    new Rounds.Pair(20, 11, 1.82, 1.7, 1.9),
                    Optional.empty());

    private final Results results = new Results(_ -> {});

    ReportTest() {
        results.add(MET);
        results.add(MISSED);
        results.note("a note");
        results.failed(new Results.Failure("churn", "no room"));
    }

    @Test
    void aTableOfOneLineForEachGoal() {
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        Report.head(out);
        results.figures().forEach(figure -> Report.row(out, figure));
        Report.tail(out, results, 12.4);
        List<String> lines = said.toString().lines().toList();
        assertEquals(
                "map, 1 in flight                         30.0       27.0  us             1.11"
                        + "  1.05..1.20      <= 1.15   met     echo",
                lines.get(1));
        assertTrue(lines.get(2).contains(" 123456 "), lines.get(2));
        assertTrue(lines.get(2).contains(">= 0.90   MISSED"), lines.get(2));
        assertEquals(
                List.of("a note", "churn FAILED: no room", "1 of 2 goals met, in 12 s"),
                lines.subList(3, lines.size()));
        for (String column : List.of("OUTLAY", "YARDSTICK", "RATIO", "SPREAD", "GOAL")) {
            assertTrue(lines.getFirst().contains(column), lines.getFirst());
        }
    }

    @Test
    void aDocumentOfOneEntryForEachGoal() {
        JsonObject document = JsonParser.parseString(Report.json(results, true)).getAsJsonObject();
        assertEquals(2, document.getAsJsonArray("benchmarks").size());
        JsonObject met = document.getAsJsonArray("benchmarks").get(0).getAsJsonObject();
        assertEquals("map, 1 in flight", met.get("name").getAsString());
        assertEquals(30, met.get("value").getAsDouble());
        assertEquals(27, met.get("yardstick").getAsDouble());
        assertEquals(1.11, met.get("ratio").getAsDouble());
        assertEquals(1.15, met.get("goal").getAsDouble());
        assertEquals("<=", met.get("comparison").getAsString());
        assertTrue(met.get("met").getAsBoolean());
        JsonObject missed = document.getAsJsonArray("benchmarks").get(1).getAsJsonObject();
        assertFalse(missed.get("met").getAsBoolean());
        assertTrue(document.get("quick").getAsBoolean());
        JsonObject failed = document.getAsJsonArray("failed").get(0).getAsJsonObject();
        assertEquals("churn", failed.get("benchmark").getAsString());
        assertEquals("no room", failed.get("why").getAsString());
    }

    /** A point of a curve has a line and an entry; it is neither met nor missed, nor drawn. */
    @Test
    void whatHasNoGoalIsShownAndNotCounted() throws Exception {
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        results.add(POINT);
        Report.row(out, POINT);
        Report.tail(out, results, 12.4);
        List<String> lines = said.toString().lines().toList();
        assertTrue(
                lines.getFirst().matches(".* 1\\.82  1\\.70\\.\\.1\\.90 +1 in flight"),
                lines.getFirst());
        assertEquals("1 of 2 goals met, in 12 s", lines.getLast());
        JsonObject entry =
                JsonParser.parseString(Report.json(results, false))
                        .getAsJsonObject()
                        .getAsJsonArray("benchmarks")
                        .get(2)
                        .getAsJsonObject();
        assertEquals(1.82, entry.get("ratio").getAsDouble());
        for (String key : List.of("goal", "met", "comparison")) {
            assertTrue(entry.get(key).isJsonNull(), key);
        }
        Document svg = parsed(Chart.svg(results.figures()));
        assertEquals(1 + 2, svg.getElementsByTagName("rect").getLength());
    }

    /** A ratio of two things that took no time at all is no number, and no document has one. */
    @Test
    void whatIsNoNumberIsNull() {
        Results odd = new Results(_ -> {});
        odd.add(Figure.once("odd", "ms", 0, 0, "nothing", Goal.atMost(1)));
        JsonObject entry =
                JsonParser.parseString(Report.json(odd, false))
                        .getAsJsonObject()
                        .getAsJsonArray("benchmarks")
                        .get(0)
                        .getAsJsonObject();
        assertTrue(entry.get("ratio").isJsonNull());
        assertFalse(entry.get("met").getAsBoolean());
    }

    @Test
    void aPictureOfOneBarForEachGoal() throws Exception {
        Document svg = parsed(Chart.svg(results.figures()));
        assertEquals("svg", svg.getDocumentElement().getTagName());
        NodeList bars = svg.getElementsByTagName("rect");
        assertEquals(1 + 2, bars.getLength(), "the ground, and a bar for each");
        String text = svg.getDocumentElement().getTextContent();
        assertTrue(text.contains("a < b & c"), text);
        assertTrue(text.contains("0.411 (>= 0.90)"), text);
        double met =
                Double.parseDouble(
                        bars.item(1).getAttributes().getNamedItem("width").getNodeValue());
        double missed =
                Double.parseDouble(
                        bars.item(2).getAttributes().getNamedItem("width").getNodeValue());
        assertTrue(missed < met, "the bar of a missed goal is shorter");
    }

    @Test
    void aPictureOfNothing() throws Exception {
        assertEquals(1, parsed(Chart.svg(List.of())).getElementsByTagName("rect").getLength());
    }

    private static Document parsed(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(svg)));
    }

    @Test
    void numbersHaveThreeDigitsThatCount() {
        assertEquals("0.012", Report.number(0.0123));
        assertEquals("1.23", Report.number(1.234));
        assertEquals("12.3", Report.number(12.34));
        assertEquals("1234", Report.number(1234.4));
        assertEquals("-1.50", Report.number(-1.5));
    }

    @Test
    void aGoalIsMetFromItsBoundOn() {
        assertTrue(Goal.atLeast(0.9).isMet(0.9));
        assertFalse(Goal.atLeast(0.9).isMet(0.899));
        assertTrue(Goal.atMost(1.15).isMet(1.15));
        assertFalse(Goal.atMost(1.15).isMet(1.151));
    }
}
