package dev.outlay.crash;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.client.WriteMode;
import dev.outlay.core.value.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * A client of the volume that does at random what applications do, on files that it shares with
 * others, and writes everything down. The lines of its diary are read by {@link Truth}.
 *
 * <p>Each operation is written down before it begins and after it has ended. What the library does
 * not get through is not tried again: the worker ends, and a fresh one takes its place. So it is
 * known of each write from when to when it can have reached the device.
 */
final class Worker implements AutoCloseable {

    static final String VOLUME = "crash";

    /** The files, all of them in the root. */
    static final List<String> PATHS = List.of("/f0", "/f1", "/f2", "/f3");

    static final int MAX_IO_MILLIS = 500;

    /** There was no answer in time; as the diary says it, like a reason of the server. */
    static final String NO_ANSWER = "NO_ANSWER";

    private static final int DEADLINE_MILLIS = 60_000;
    private static final long CONNECT_PAUSE_NANOS = 50_000_000;
    private static final long READ_ONLY_PAUSE_NANOS = 100_000_000;
    private static final int ROW_CELLS = 300;
    private static final int LONGEST_WRITE_CELLS = 64 << 10 >> 3;
    private static final Set<Reason> FILE_IS_GONE = Set.of(Reason.NOT_FOUND, Reason.STALE_FILE);

    private final Diary diary;
    private final int writer;
    private final Random random;
    private final LayoutClient client;
    private final Map<String, BlockFile> open = new HashMap<>();
    private int writes;

    Worker(String server, String owner, int leaseMillis, int writer, Diary diary, Random random)
            throws IOException {
        this.diary = diary;
        this.writer = writer;
        this.random = random;
        this.client =
                connected(
                        ClientOptions.to(server, owner)
                                .withLeaseMillis(leaseMillis)
                                .withMaxIoMillis(MAX_IO_MILLIS)
                                .withDeadlineMillis(DEADLINE_MILLIS));
        diary.line("I " + client.session().clientId());
    }

    /** A first connection that is refused fails at once; the server may be dead for long. */
    private static LayoutClient connected(ClientOptions options) throws IOException {
        while (true) {
            try {
                return LayoutClient.connect(options);
            } catch (OutlayException e) {
                if (e.reason().isPresent()) {
                    throw e;
                }
                LockSupport.parkNanos(CONNECT_PAUSE_NANOS);
            }
        }
    }

    /** Whether there is room for another operation. */
    boolean canGoOn() {
        return writes < Cell.WRITES_MAX - 1 && !diary.isFull();
    }

    /** One operation, chosen at random. */
    void step() throws IOException {
        String path = PATHS.get(random.nextInt(PATHS.size()));
        try {
            int dice = random.nextInt(1000);
            if (dice < 4) {
                remove(path);
                return;
            }
            BlockFile file = opened(path);
            if (dice < 450) {
                write(file);
                if (random.nextInt(3) > 0) {
                    commit(file);
                }
            } else if (dice < 550) {
                commit(file);
            } else if (dice < 880) {
                int from = random.nextInt(Cell.FILE_CELLS);
                read(file, from, 1 + random.nextInt(Cell.FILE_CELLS - from));
            } else if (dice < 910) {
                truncate(file);
            } else if (dice < 940) {
                punch(file);
            } else {
                close(path);
            }
        } catch (OutlayException e) {
            if (e.is(Reason.READ_ONLY)) {
                // The journal's disk is full. What was written stays, for the next commit.
                LockSupport.parkNanos(READ_ONLY_PAUSE_NANOS);
                return;
            }
            if (e.reason().filter(FILE_IS_GONE::contains).isEmpty()) {
                throw e;
            }
            forget(path);
        }
    }

    /** Reads all of a file, as one who has just come. */
    void readAll(String path) throws IOException {
        try {
            read(opened(path), 0, Cell.FILE_CELLS);
            close(path);
        } catch (OutlayException e) {
            if (e.reason().filter(FILE_IS_GONE::contains).isEmpty()) {
                throw e;
            }
            forget(path);
        }
    }

    private BlockFile opened(String path) throws IOException {
        BlockFile file = open.get(path);
        if (file != null) {
            return file;
        }
        begin("O " + path);
        try {
            boolean atomic = random.nextInt(4) == 0;
            file =
                    atomic
                            ? client.open(
                                    VOLUME,
                                    path,
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.READ,
                                    StandardOpenOption.WRITE,
                                    WriteMode.ATOMIC)
                            : client.open(
                                    VOLUME,
                                    path,
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.READ,
                                    StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw failed(e);
        }
        end("o", Long.toString(file.file().value()));
        open.put(path, file);
        return file;
    }

    private void write(BlockFile file) throws IOException {
        int from = random.nextInt(Cell.FILE_CELLS);
        int most = random.nextInt(4) == 0 ? LONGEST_WRITE_CELLS : 2048;
        int cells = 1 + random.nextInt(Math.min(most, Cell.FILE_CELLS - from));
        long id = file.file().value();
        int number = ++writes;
        ByteBuffer bytes = buffer(cells);
        for (int i = 0; i < cells; i++) {
            bytes.putLong(i * Cell.BYTES, Cell.of(writer, number, id, from + i));
        }
        begin("W %d %d %d %d".formatted(number, id, from, cells));
        // A row of small ones the library may gather.
        int piece = random.nextBoolean() ? cells : ROW_CELLS;
        ask(
                () -> {
                    for (int at = 0; at < cells; at += piece) {
                        bytes.limit(Math.min(at + piece, cells) * Cell.BYTES);
                        file.write(bytes, (long) (from + at) * Cell.BYTES);
                    }
                });
        end("w", "");
    }

    private void commit(BlockFile file) throws IOException {
        begin("C " + file.file().value());
        ask(file::commit);
        end("c", "");
    }

    private void truncate(BlockFile file) throws IOException {
        int cells = random.nextInt(Cell.FILE_CELLS);
        begin("T %d %d %d".formatted(file.file().value(), cells, Cell.FILE_CELLS));
        ask(() -> file.truncate((long) cells * Cell.BYTES));
        end("z", "");
    }

    private void punch(BlockFile file) throws IOException {
        int from = random.nextInt(Cell.FILE_CELLS);
        int cells = 1 + random.nextInt(Cell.FILE_CELLS - from);
        begin("P %d %d %d".formatted(file.file().value(), from, from + cells));
        ask(() -> file.deallocate((long) from * Cell.BYTES, (long) cells * Cell.BYTES));
        end("z", "");
    }

    private void remove(String path) throws IOException {
        begin("D " + path);
        ask(() -> client.remove(VOLUME, path));
        end("d", "");
    }

    private void read(BlockFile file, int from, int cells) throws IOException {
        ByteBuffer bytes = buffer(cells);
        long id = file.file().value();
        begin("R %d %d %d".formatted(id, from, cells));
        int count;
        try {
            count = Math.max(0, file.read(bytes, (long) from * Cell.BYTES));
        } catch (IOException e) {
            throw failed(e);
        }
        long now = System.nanoTime();
        diary.line("r " + now + " " + count + runs(bytes, count, id, from));
    }

    /** What was read as {@code cells:write}, one after the other. */
    private static String runs(ByteBuffer bytes, int count, long file, int from) {
        StringBuilder runs = new StringBuilder();
        int cells = count / Cell.BYTES;
        long previous = 0;
        int length = 0;
        for (int i = 0; i < cells; i++) {
            long here = bytes.getLong(i * Cell.BYTES);
            long write = here == 0 ? 0 : Cell.writeAt(here, file, from + i);
            if (write < 0) {
                append(runs, length, previous);
                length = 0;
                runs.append(" 1:!").append(Long.toHexString(here));
                continue;
            }
            if (write != previous && length > 0) {
                append(runs, length, previous);
                length = 0;
            }
            previous = write;
            length++;
        }
        append(runs, length, previous);
        return runs.toString();
    }

    private static void append(StringBuilder runs, int length, long write) {
        if (length > 0) {
            runs.append(' ').append(length).append(':').append(write);
        }
    }

    private static ByteBuffer buffer(int cells) {
        return ByteBuffer.allocate(cells * Cell.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void close(String path) throws IOException {
        BlockFile file = open.remove(path);
        if (file != null) {
            begin("K " + file.file().value());
            ask(file::close);
            end("c", "");
        }
    }

    /** The file has been removed: what was not committed is nowhere. */
    private void forget(String path) {
        BlockFile file = open.remove(path);
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                diary.line("# closing a removed file: " + oneLine(e));
            }
        }
    }

    // ---- the diary

    private void begin(String what) {
        diary.line(what + " " + System.nanoTime());
    }

    private void end(String letter, String what) {
        diary.line((letter + " " + System.nanoTime() + " " + what).strip());
    }

    @FunctionalInterface
    private interface Ask {
        void send() throws IOException;
    }

    private void ask(Ask ask) throws IOException {
        try {
            ask.send();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private IOException failed(IOException e) {
        diary.line("f " + System.nanoTime() + " " + oneLine(e));
        return e;
    }

    static String oneLine(Throwable e) {
        String reason =
                e instanceof OutlayException refused
                        ? refused.reason().map(Enum::name).orElse(NO_ANSWER)
                        : e.getClass().getName();
        return (reason + " " + e.getMessage()).replaceAll("[^ -~]", " ");
    }

    /** Ends in good order: all that is open is committed. */
    @Override
    public void close() throws IOException {
        for (String path : List.copyOf(open.keySet())) {
            try {
                close(path);
            } catch (OutlayException e) {
                if (e.reason().filter(FILE_IS_GONE::contains).isEmpty()) {
                    throw e;
                }
            }
        }
        client.close();
    }
}
