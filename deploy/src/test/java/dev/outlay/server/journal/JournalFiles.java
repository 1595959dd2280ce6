package dev.outlay.server.journal;

import dev.outlay.fuzz.Target;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Segments of arbitrary bytes. The first byte of an input says whether checksums are mended before
 * it is read, so that what they cover is reached as well.
 */
public final class JournalFiles {

    private static final UUID VOLUME = new UUID(0x1122334455667788L, 0x99aabbccddeeff00L);
    private static final SegmentName NAME = new SegmentName(2, 0);
    private static final int BYTES_MAX = 64 << 10;
    private static final int SEGMENT_BYTES = 10 * Sectors.BYTES;

    private JournalFiles() {}

    /** A segment: read batch by batch, then opened. */
    public static void segment(byte[] input) throws IOException {
        byte[] content = content(input, JournalFiles::mendSegment);
        Disk disk = new Disk();
        disk.files.put(NAME.text(), content);
        List<Batch> scanned = new ArrayList<>();
        try (JournalScanner scanner = JournalScanner.open(disk)) {
            for (Optional<Batch> next = scanner.next(); next.isPresent(); next = scanner.next()) {
                scanned.add(next.get());
            }
            Target.check(!scanner.stop().describe().isEmpty(), "no word of where it stopped");
        } catch (JournalCorruptException e) {
            Target.check(String.valueOf(e.getMessage()).contains("outlay fsck"), "no advice");
        }
        List<Batch> replayed = new ArrayList<>();
        JournalOptions options =
                new JournalOptions(
                        VOLUME, SEGMENT_BYTES, Sectors.BYTES, 10, () -> 1, Runnable::run);
        try {
            Journal.open(disk, options, 0, replayed::add).journal().close();
        } catch (JournalCorruptException e) {
            return;
        }
        Target.check(
                replayed.size() <= scanned.size(), "opening replays what a scan does not find");
    }

    @FunctionalInterface
    private interface Mending {
        void mend(ByteBuffer content);
    }

    private static byte[] content(byte[] input, Mending mending) {
        if (input.length == 0) {
            return input;
        }
        byte[] content = Arrays.copyOfRange(input, 1, Math.min(input.length, 1 + BYTES_MAX));
        if (input[0] % 2 != 0) {
            return content;
        }
        int sectors = (int) Sectors.alignUp(Math.max(1, content.length));
        ByteBuffer mended = Sectors.allocate(sectors).put(content);
        mending.mend(mended);
        byte[] whole = new byte[sectors];
        mended.rewind().get(whole);
        return whole;
    }

    private static void mendSegment(ByteBuffer content) {
        content.putInt(SegmentHeader.MAGIC_OFFSET, SegmentHeader.MAGIC);
        content.putInt(SegmentHeader.VERSION_OFFSET, SegmentHeader.VERSION);
        content.putLong(SegmentHeader.SEQUENCE_OFFSET, NAME.sequence());
        content.putLong(SegmentHeader.START_OFFSET, NAME.start());
        content.putLong(SegmentHeader.VOLUME_HIGH_OFFSET, VOLUME.getMostSignificantBits());
        content.putLong(SegmentHeader.VOLUME_LOW_OFFSET, VOLUME.getLeastSignificantBits());
        content.putInt(SegmentHeader.CRC_OFFSET, Sectors.crc(content, 0, SegmentHeader.CRC_OFFSET));
        long salt = content.getLong(SegmentHeader.SALT_OFFSET);
        int chain = content.getInt(SegmentHeader.PREVIOUS_CRC_OFFSET);
        int at = Sectors.BYTES;
        while (at + Sectors.BYTES <= content.capacity()) {
            content.putInt(at + BatchFormat.MAGIC_OFFSET, BatchFormat.MAGIC);
            content.putInt(at + BatchFormat.VERSION_OFFSET, BatchFormat.VERSION);
            content.putLong(at + BatchFormat.SALT_OFFSET, salt);
            content.putLong(at + BatchFormat.POSITION_OFFSET, at - Sectors.BYTES);
            content.putInt(at + BatchFormat.PREVIOUS_CRC_OFFSET, chain);
            int payload = BatchFormat.payloadBytes(content, at);
            long size = payload < 0 ? 0 : BatchFormat.sizeBytes(payload);
            boolean fits = payload >= 0 && at + size <= content.capacity();
            if (fits) {
                int bytes = (int) size - BatchFormat.HEADER_BYTES;
                content.putInt(
                        at + BatchFormat.PAYLOAD_CRC_OFFSET,
                        Sectors.crc(content, at + BatchFormat.HEADER_BYTES, bytes));
            }
            chain = Sectors.crc(content, at, BatchFormat.CRC_OFFSET);
            content.putInt(at + BatchFormat.CRC_OFFSET, chain);
            at += fits ? (int) size : Sectors.BYTES;
        }
    }

    /** A folder in memory. */
    private static final class Disk implements JournalStorage {
        private final Map<String, byte[]> files = new TreeMap<>();

        private byte[] content(String name) throws FileNotFoundException {
            byte[] content = files.get(name);
            if (content == null) {
                throw new FileNotFoundException(name);
            }
            return content;
        }

        @Override
        public List<String> list() {
            return List.copyOf(files.keySet());
        }

        @Override
        public JournalFile create(String name, long lengthBytes) throws IOException {
            files.put(name, new byte[Math.toIntExact(lengthBytes)]);
            return open(name);
        }

        @Override
        public JournalFile open(String name) throws IOException {
            var _ = content(name);
            return new Content(this, name);
        }

        @Override
        public long length(String name) throws IOException {
            return content(name).length;
        }

        @Override
        public void rename(String from, String to) throws IOException {
            files.put(to, content(from));
            files.remove(from);
        }

        @Override
        public void delete(String name) {
            files.remove(name);
        }

        @Override
        public void truncate(String name, long lengthBytes) throws IOException {
            files.put(name, Arrays.copyOf(content(name), Math.toIntExact(lengthBytes)));
        }

        @Override
        public void syncDirectory() {}

        @Override
        public String describe(String name) {
            return "mem:/" + name;
        }
    }

    private record Content(Disk disk, String name) implements JournalFile {
        @Override
        public long length() throws IOException {
            return disk.content(name).length;
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            byte[] content = disk.content(name);
            int count = Math.clamp(content.length - offset, 0, target.remaining());
            target.put(content, (int) Math.min(offset, content.length), count);
            return count;
        }

        @Override
        public void write(ByteBuffer source, long offset) throws IOException {
            int end = Math.toIntExact(offset + source.remaining());
            byte[] content = disk.content(name);
            byte[] longer = content.length < end ? Arrays.copyOf(content, end) : content;
            source.get(longer, (int) offset, source.remaining());
            disk.files.put(name, longer);
        }

        @Override
        public void force() {}

        @Override
        public void close() {}
    }
}
