package dev.outlay.core.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AmountsTest {

    @Test
    void sizesAreReadWithAndWithoutUnits() {
        assertEquals(4096, Amounts.parseBytes("4096"));
        assertEquals(4096, Amounts.parseBytes("4KiB"));
        assertEquals(4096, Amounts.parseBytes("4k"));
        assertEquals(64L << 20, Amounts.parseBytes("64 MiB"));
        assertEquals(3L << 40, Amounts.parseBytes("3TiB"));
        assertEquals(7, Amounts.parseBytes("7B"));
    }

    @Test
    void whatIsNoSizeSaysWhatOneLooksLike() {
        for (String text : List.of("", "-1", "MiB", "4KB", "4 apples", "1.5GiB")) {
            String message = message(() -> Amounts.parseBytes(text));
            assertTrue(message.contains("such as 64MiB"), message);
        }
        assertTrue(message(() -> Amounts.parseBytes("99999999999GiB")).contains("too large"));
    }

    @Test
    void durationsNeedTheirUnit() {
        assertEquals(500, Amounts.parseMillis("500ms"));
        assertEquals(600_000, Amounts.parseMillis("10m"));
        assertTrue(message(() -> Amounts.parseMillis("30")).contains("such as 30s"));
    }

    @Test
    void sizesAreWrittenShort() {
        assertEquals("0 B", Amounts.bytes(0));
        assertEquals("1023 B", Amounts.bytes(1023));
        assertEquals("1 KiB", Amounts.bytes(1024));
        assertEquals("4 KiB", Amounts.bytes(4096));
        assertEquals("1.5 KiB", Amounts.bytes(1536));
        assertEquals("1.0 MiB", Amounts.bytes((1 << 20) - 1));
        assertEquals("100 MiB", Amounts.bytes(100L << 20));
        assertEquals("8 EiB", Amounts.bytes(Long.MAX_VALUE));
    }

    @Test
    void durationsAndRatesAreWrittenShort() {
        assertEquals("750ms", Amounts.millis(750));
        assertEquals("1s", Amounts.millis(1_000));
        assertEquals("30s", Amounts.millis(30_000));
        assertEquals("10m", Amounts.millis(600_000));
        assertEquals("1.5s", Amounts.millis(1_500));
        assertEquals("2 MiB/s", Amounts.rate(1 << 20, 500_000_000));
    }

    @Test
    void tablesAlignTheirColumns() {
        Table table = new Table("NAME", ">SIZE").row("a", 1).row("longer", 1000);
        assertEquals(List.of("NAME    SIZE", "a          1", "longer  1000"), table.lines());
    }

    @Test
    void tablesWithoutHeadingsBeginWithTheirRows() {
        assertEquals(List.of("a  1"), new Table("", ">").row("a", 1).lines());
    }

    @Test
    void scriptsTellFailuresByTheirCode() {
        Set<Integer> codes = new HashSet<>();
        for (ExitCode each : ExitCode.values()) {
            assertTrue(codes.add(each.code()), each.name());
            assertTrue(!each.meaning().isEmpty(), each.name());
            assertEquals(each, new CommandFailure(each, "what", "do").exitCode());
        }
    }

    private static String message(Runnable call) {
        return Objects.requireNonNull(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
