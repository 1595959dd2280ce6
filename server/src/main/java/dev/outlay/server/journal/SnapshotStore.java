package dev.outlay.server.journal;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots of one volume. One thread.
 *
 * <p>A snapshot appears whole or not at all, and is durable when {@link #write} returns. The last
 * two are kept; the journal is kept from {@link #keepFrom} on, so that either of them will do.
 */
public final class SnapshotStore {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotStore.class);
    private static final int KEPT = 2;
    private static final int CHUNK_BYTES = 1 << 20;
    private static final String TEMPORARY = "snapshot.tmp";
    private static final Pattern NAME = Pattern.compile("snapshot-([0-9]{18})\\.snap");

    private final JournalStorage storage;
    private final UUID volume;

    /** Writes an image as bytes. */
    @FunctionalInterface
    public interface Image {
        void writeTo(OutputStream out) throws IOException;
    }

    public SnapshotStore(JournalStorage storage, UUID volume) {
        this.storage = storage;
        this.volume = volume;
    }

    /**
     * Writes the image of the state at a forced journal position. If it fails, the snapshots there
     * were are as they were.
     */
    public void write(long position, Image image) throws IOException {
        storage.delete(TEMPORARY);
        try (JournalFile file = storage.create(TEMPORARY, 0)) {
            ImageOutput out = new ImageOutput(file);
            image.writeTo(out);
            out.finish(position, volume);
        } catch (IOException e) {
            storage.delete(TEMPORARY);
            throw e;
        }
        storage.rename(TEMPORARY, name(position));
        storage.syncDirectory();
        List<Long> positions = positions();
        for (long old : positions.subList(Math.min(KEPT, positions.size()), positions.size())) {
            storage.delete(name(old));
        }
    }

    /** Like {@link #write(long, Image)} with the image in memory. */
    public void write(long position, byte[] image) throws IOException {
        write(position, out -> out.write(image));
    }

    /**
     * The newest snapshot that is sound and that the journal still continues; empty if there is
     * none and the journal goes back to the beginning. A damaged one that can be done without is
     * logged.
     *
     * @param journalStart position the journal reaches back to
     * @throws SnapshotDamagedException if a snapshot is needed and none is sound
     */
    public Optional<Snapshot> readLatest(long journalStart) throws IOException {
        List<String> problems = new ArrayList<>();
        for (long position : positions()) {
            if (position < journalStart) {
                break;
            }
            Optional<String> problem = problem(position);
            if (problem.isEmpty()) {
                for (String skipped : problems) {
                    LOG.warn("using the snapshot of position {} instead: {}", position, skipped);
                }
                return Optional.of(
                        new Snapshot(
                                storage, name(position), position, header(position).imageBytes()));
            }
            problems.add(problem.get());
        }
        if (journalStart > 0) {
            throw new SnapshotDamagedException(
                    "the journal begins at position %d and no snapshot from there on is sound%s. Run 'outlay fsck' on this volume; restore a snapshot from a good copy if there is one"
                            .formatted(
                                    journalStart,
                                    problems.isEmpty() ? "" : ": " + String.join("; ", problems)));
        }
        for (String skipped : problems) {
            LOG.warn("replaying the whole journal instead: {}", skipped);
        }
        return Optional.empty();
    }

    /** Position the journal must be kept from: that of the older of two snapshots, otherwise 0. */
    public long keepFrom() throws IOException {
        List<Long> positions = positions();
        return positions.size() < KEPT ? 0 : positions.get(KEPT - 1);
    }

    /** Positions of all snapshots, newest first. */
    private List<Long> positions() throws IOException {
        List<Long> positions = new ArrayList<>();
        for (String name : storage.list()) {
            Matcher matcher = NAME.matcher(name);
            if (matcher.matches()) {
                positions.add(Long.parseLong(matcher.group(1)));
            }
        }
        positions.sort(Comparator.reverseOrder());
        return positions;
    }

    private static String name(long position) {
        return "snapshot-%018d.snap".formatted(position);
    }

    private SnapshotFormat header(long position) throws IOException {
        try (JournalFile file = storage.open(name(position))) {
            ByteBuffer sector = Sectors.allocate(Sectors.BYTES);
            file.read(sector, 0);
            return SnapshotFormat.get(sector);
        }
    }

    /** Bytes to hold at once of a file of this length. */
    static int chunkBytes(long fileBytes) {
        return Math.clamp(Sectors.alignUp(fileBytes), Sectors.BYTES, CHUNK_BYTES);
    }

    /** Reads a whole snapshot and says what is wrong with it. */
    private Optional<String> problem(long position) {
        String name = name(position);
        String where = storage.describe(name) + ": ";
        try (JournalFile file = storage.open(name)) {
            ByteBuffer chunk = Sectors.allocate(chunkBytes(file.length()));
            chunk.limit(Sectors.BYTES);
            file.read(chunk, 0);
            Optional<String> problem = SnapshotFormat.problem(chunk);
            if (problem.isPresent()) {
                return Optional.of(where + problem.get());
            }
            SnapshotFormat header = SnapshotFormat.get(chunk);
            if (header.position() != position || !header.volume().equals(volume)) {
                return Optional.of(
                        where
                                + "it was made at position %d of volume %s"
                                        .formatted(header.position(), header.volume()));
            }
            if (header.imageBytes() < 0 || header.fileBytes() != file.length()) {
                return Optional.of(
                        where
                                + "it has %d bytes, made with %d"
                                        .formatted(file.length(), header.fileBytes()));
            }
            CRC32C crc = new CRC32C();
            for (long offset = SnapshotFormat.IMAGE_OFFSET; offset < header.fileBytes(); ) {
                chunk.clear();
                int read = file.read(chunk, offset);
                if (read == 0) {
                    return Optional.of(where + "it became shorter while it was read");
                }
                offset += read;
                crc.update(chunk.flip());
            }
            return (int) crc.getValue() == header.imageCrc()
                    ? Optional.empty()
                    : Optional.of(where + "checksum of the image is wrong");
        } catch (IOException e) {
            return Optional.of(where + e.getMessage());
        }
    }

    /** Collects the image in aligned chunks behind the header, which is written last. */
    private static final class ImageOutput extends OutputStream {

        private final JournalFile file;
        private final ByteBuffer chunk = Sectors.allocate(CHUNK_BYTES);
        private final CRC32C crc = new CRC32C();
        private long offset = SnapshotFormat.IMAGE_OFFSET;
        private long imageBytes;

        ImageOutput(JournalFile file) {
            this.file = file;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] source, int from, int length) throws IOException {
            int at = from;
            int end = from + length;
            while (at < end) {
                int count = Math.min(end - at, chunk.remaining());
                chunk.put(source, at, count);
                at += count;
                if (!chunk.hasRemaining()) {
                    writeChunk();
                }
            }
            imageBytes += length;
        }

        private void writeChunk() throws IOException {
            chunk.flip();
            crc.update(chunk.duplicate());
            file.write(chunk, offset);
            offset += chunk.limit();
            chunk.clear();
        }

        void finish(long position, UUID volume) throws IOException {
            int used = chunk.position();
            int padded = (int) Sectors.alignUp(used);
            Sectors.putZeros(chunk, used, padded - used);
            chunk.position(padded);
            writeChunk();
            new SnapshotFormat(position, imageBytes, volume, (int) crc.getValue()).put(chunk);
            chunk.limit(Sectors.BYTES);
            file.write(chunk, 0);
            file.force();
        }
    }
}
