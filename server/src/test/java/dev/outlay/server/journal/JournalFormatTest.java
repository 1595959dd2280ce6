package dev.outlay.server.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * The bytes on disk against golden files: what an older Outlay wrote must stay readable. A change
 * here needs a new format version and a reader for both.
 */
class JournalFormatTest {

    private static final int ROW_BYTES = 16;

    /** Rows of a file that are not all zeros, as {@code offset: hex}, then its length. */
    private static String dump(byte[] content) {
        StringBuilder rows = new StringBuilder();
        for (int at = 0; at < content.length; at += ROW_BYTES) {
            String hex = HexFormat.of().formatHex(content, at, at + ROW_BYTES);
            if (!hex.chars().allMatch(c -> c == '0')) {
                rows.append("%06x: %s\n".formatted(at, hex));
            }
        }
        return rows.append("length: %06x\n".formatted(content.length)).toString();
    }

    private static byte[] parse(String dump) {
        Map<Integer, byte[]> rows = new TreeMap<>();
        byte[] content = new byte[0];
        for (String line : dump.lines().toList()) {
            String value = line.substring(line.indexOf(' ') + 1);
            if (line.startsWith("length")) {
                content = new byte[HexFormat.fromHexDigits(value)];
            } else {
                rows.put(
                        HexFormat.fromHexDigits(line, 0, line.indexOf(':')),
                        HexFormat.of().parseHex(value));
            }
        }
        for (Map.Entry<Integer, byte[]> row : rows.entrySet()) {
            System.arraycopy(row.getValue(), 0, content, row.getKey(), ROW_BYTES);
        }
        return content;
    }

    private static String golden(String name) throws IOException {
        try (InputStream in = JournalFormatTest.class.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static FaultyJournalStorage disk() {
        return new FaultyJournalStorage(new SplittableRandom(1));
    }

    @Test
    void segmentIsAsItWas() throws IOException {
        FaultyJournalStorage storage = disk();
        JournalOptions options =
                new JournalOptions(
                        JournalTesting.VOLUME,
                        6 * Sectors.BYTES,
                        Sectors.BYTES,
                        10,
                        () -> 0x0123456789abcdefL,
                        Runnable::run);
        Journal.create(storage, options);
        Journal journal = Journal.open(storage, options, 0, b -> {}).journal();
        journal.append(JournalTesting.records("first", "", "second"));
        journal.force();
        journal.append(JournalTesting.records("third"));
        journal.close();
        String name = JournalTesting.lastSegment(storage);
        assertEquals("journal-000000000002-000000000000000000.seg", name);
        assertEquals(golden("segment.hex"), dump(storage.content(name)));
    }

    @Test
    void goldenSegmentIsRead() throws IOException {
        FaultyJournalStorage storage = disk();
        String name = "journal-000000000002-000000000000000000.seg";
        storage.create(name, 0).close();
        storage.setContent(name, parse(golden("segment.hex")));
        List<Batch> batches = new ArrayList<>();
        try (JournalScanner scanner = JournalScanner.open(storage)) {
            for (Optional<Batch> next = scanner.next(); next.isPresent(); next = scanner.next()) {
                batches.add(next.get());
            }
            assertEquals(
                    "end of the journal: mem:/" + name + ", byte 16384 (log position 12288)",
                    scanner.stop().describe());
        }
        assertEquals(3, batches.size());
        assertTrue(
                JournalTesting.same(
                        JournalTesting.records("first", "", "second"), batches.get(0).records()));
        assertEquals(4096, batches.get(1).position());
        assertEquals(4096, batches.get(1).forcedThrough());
        assertEquals(8192, batches.get(2).forcedThrough());
        assertEquals(2, JournalTesting.replayAll(storage, 0).size());
    }
}
