package dev.outlay.server.sim;

import dev.outlay.client.BlockFile;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.WriteMode;
import dev.outlay.core.value.FileId;
import dev.outlay.server.sim.Script.Step;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a client's program, as an application would do them: it writes tagged words, reads
 * and has each read checked.
 */
final class ClientProgram {

    static final ValueLayout.OfLong WORD =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** So many of the commits after a write go on by themselves. */
    private static final int AHEAD_ONE_IN = 3;

    /** So many writes are made a piece at a time, of so many words at most. */
    private static final int ROW_ONE_IN = 2;

    private static final long ROW_WORDS = 200;

    /** So many of the files that are opened are written to be seen at once, of programs that do. */
    private static final int ATOMIC_ONE_IN = 4;

    private final Simulation sim;
    private final World world;
    private final SimClient client;
    private final MappedReader mapped;
    private final int mostBlocks;
    private final Map<String, BlockFile> open = new HashMap<>();
    private I1Reads.Own own;

    ClientProgram(Simulation sim, SimClient client) {
        this.sim = sim;
        this.world = sim.world();
        this.client = client;
        this.mapped = new MappedReader(sim, client);
        this.mostBlocks = sim.shape().fileBlocks();
        this.own = sim.reads().new Own();
    }

    /** A new session, which knows nothing of what was done in the one before. */
    void forget() {
        open.clear();
        mapped.forget();
        own.settledAll();
        own = sim.reads().new Own();
    }

    /**
     * It is the same client still: what it stored in place may show, and may not. What was not
     * committed nobody promises any more ({@link LayoutClient#detach}): the next process knows
     * nothing of it, and its flushes do not reach a line that was stored to from another host since
     * (seed 25192).
     */
    void handedOver(long id) {
        open.values().forEach(file -> sim.tags().mayBeLost(id, file.file().value()));
        open.clear();
        mapped.forget();
        own.handOver();
    }

    /** The file of a step is gone, and with it what was written to it. */
    void removed(Step step) {
        BlockFile removed = open.remove("/f" + step.file());
        if (removed != null) {
            own.settled(removed.file().value());
            try {
                removed.close();
            } catch (IOException e) {
                world.count("close failed");
            }
        }
    }

    boolean hasUnsettled() {
        return own.hasUnsettled();
    }

    /** Recalls of what is mapped by hand. */
    MappedReader mapped() {
        return mapped;
    }

    void perform(Step step) throws IOException {
        SplittableRandom dice = new SplittableRandom(step.seed());
        String path = "/f" + step.file();
        switch (step.kind()) {
            case WRITE -> write(file(step), dice);
            case WRITE_AND_COMMIT -> {
                BlockFile file = file(step);
                write(file, dice);
                if (step.seed() % AHEAD_ONE_IN == 0) {
                    commitAhead(file);
                } else {
                    commit(file);
                }
            }
            case READ -> read(file(step), dice);
            case MAP_READ -> {
                LayoutClient library = client.library();
                FileId file = library.lookup(SimServer.VOLUME, path).file();
                // It may be open under a name that it had before.
                for (Map.Entry<String, BlockFile> each : List.copyOf(open.entrySet())) {
                    if (each.getValue().file().equals(file)) {
                        close(each.getKey());
                    }
                }
                mapped.read(library, file, dice);
            }
            case COMMIT -> commit(file(step));
            case TRUNCATE -> {
                BlockFile file = file(step);
                long size = dice.nextInt(mostBlocks * Contents.WORDS_PER_BLOCK) * 8L;
                committing(file, () -> file.truncate(size));
            }
            case PUNCH -> {
                BlockFile file = file(step);
                long offset = offset(dice);
                long length = length(dice);
                committing(file, () -> file.deallocate(offset, length));
            }
            case SEEK -> {
                BlockFile file = file(step);
                var _ =
                        client.library()
                                .seek(
                                        SimServer.VOLUME,
                                        file.file(),
                                        offset(dice),
                                        dice.nextBoolean());
            }
            case ALLOCATE -> {
                BlockFile file = file(step);
                long offset = dice.nextInt(mostBlocks) * (long) SimServer.BLOCK;
                committing(file, () -> file.allocate(offset, SimServer.BLOCK));
            }
            case CLOSE -> close(path);
            case REMOVE -> client.library().remove(SimServer.VOLUME, path);
            case RENAME -> client.library().rename(SimServer.VOLUME, path, "/f" + dice.nextInt(8));
            case RENEW -> client.library().renew();
            case HAND_OVER -> client.handOver();
            case THINK ->
                    client.process()
                            .pause(
                                    dice.nextLong(
                                            1_000_000, 2 * SimServer.LEASE_MILLIS * 1_000_000 / 3));
        }
    }

    private BlockFile file(Step step) throws IOException {
        String path = "/f" + step.file();
        LayoutClient library = client.library();
        BlockFile known = open.get(path);
        if (known == null) {
            known = library.open(SimServer.VOLUME, path, options(step));
            open.put(path, known);
        }
        return known;
    }

    private OpenOption[] options(Step step) {
        List<OpenOption> options =
                new ArrayList<>(
                        List.of(
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE));
        // Not of the dice that say what is done with it.
        if (sim.shape().isAtomic()
                && new SplittableRandom(~step.seed()).nextInt(ATOMIC_ONE_IN) == 0) {
            world.count("opened to be written at once");
            options.add(WriteMode.ATOMIC);
        }
        return options.toArray(OpenOption[]::new);
    }

    private void close(String path) throws IOException {
        BlockFile file = open.remove(path);
        if (file != null) {
            committing(file, file::close);
        }
    }

    private long offset(SplittableRandom dice) {
        return dice.nextInt(3) == 0
                ? dice.nextInt(mostBlocks) * (long) SimServer.BLOCK
                : dice.nextInt(mostBlocks * Contents.WORDS_PER_BLOCK) * 8L;
    }

    private static long length(SplittableRandom dice) {
        return switch (dice.nextInt(3)) {
            case 0 -> SimServer.BLOCK;
            case 1 -> 8L * dice.nextInt(1, 64);
            default -> 8L * dice.nextInt(1, 2 * Contents.WORDS_PER_BLOCK);
        };
    }

    private void write(BlockFile file, SplittableRandom dice) throws IOException {
        long offset = offset(dice);
        long length = length(dice);
        FileId id = file.file();
        long write = sim.tags().begin(client.clientId(), id.value());
        MemorySegment source = MemorySegment.ofArray(new byte[(int) length]);
        for (long at = 0; at < length; at += Contents.WORD) {
            long place = (offset + at) / Contents.WORD;
            long word = Tags.word(write, place);
            source.set(WORD, at, word);
            own.wrote(id.value(), place, word);
        }
        world.tell(
                client.owner(),
                " write ",
                write,
                ": ",
                length,
                " bytes at ",
                offset,
                " of file ",
                id.value());
        I1Reads.Own mine = own;
        try {
            write(file, source, offset, dice);
        } catch (IOException e) {
            mine.unsure(id.value());
            sim.tags().mayBeLost(client.clientId(), id.value());
            throw e;
        } finally {
            sim.tags().end(write, world.nanos());
        }
        if (client.isThroughServer()) {
            world.reach(Probe.SERVER_WROTE);
            sim.reads().checkCommitted(client.owner(), mine, id.value());
            mine.settled(id.value());
        }
    }

    /** At once, or in a row of small ones, which the library may gather. */
    private void write(BlockFile file, MemorySegment source, long offset, SplittableRandom dice)
            throws IOException {
        long done = 0;
        while (done < source.byteSize()) {
            long left = source.byteSize() - done;
            long words = Math.min(left / Contents.WORD, ROW_WORDS);
            long count =
                    dice.nextInt(ROW_ONE_IN) == 0
                            ? Contents.WORD * dice.nextLong(1, words + 1)
                            : left;
            long accesses = client.process().accesses();
            file.write(source.asSlice(done, count), offset + done);
            if (!client.isThroughServer() && client.process().accesses() == accesses) {
                world.reach(Probe.WRITE_GATHERED);
            }
            done += count;
        }
    }

    private void read(BlockFile file, SplittableRandom dice) throws IOException {
        long offset = offset(dice);
        MemorySegment target = MemorySegment.ofArray(new byte[(int) length(dice)]);
        long begun = sim.reads().begin();
        try {
            long count = file.read(target, offset);
            long[] words = words(target, Math.max(0, count));
            world.tell(
                    client.owner(),
                    " read ",
                    count,
                    " bytes at ",
                    offset,
                    " of file ",
                    file.file().value());
            sim.reads().check(client.owner(), own, file.file().value(), offset, words, begun);
            if (client.isThroughServer()) {
                world.reach(Probe.SERVER_READ);
            }
        } finally {
            sim.reads().end(begun);
        }
    }

    static long[] words(MemorySegment bytes, long length) {
        long[] words = new long[(int) (length / Contents.WORD)];
        for (int i = 0; i < words.length; i++) {
            words[i] = bytes.get(WORD, (long) i * Contents.WORD);
        }
        return words;
    }

    private void commit(BlockFile file) throws IOException {
        committing(file, file::commit);
    }

    /** Begins a commit, and goes on with the program meanwhile. */
    private void commitAhead(BlockFile file) throws IOException {
        long id = file.file().value();
        long session = client.clientId();
        I1Reads.Own mine = own;
        world.tell(client.owner(), " begins to commit file ", id);
        I1Reads.Own.Ahead ahead = mine.ahead(id);
        sim.tags().beginsAhead(session, id);
        CompletableFuture<Void> committed;
        try {
            committed = file.commitAsync();
        } catch (IOException e) {
            endedAhead(mine, ahead, session, e);
            throw e;
        }
        var _ = committed.whenComplete((_, e) -> endedAhead(mine, ahead, session, e));
    }

    private void endedAhead(
            I1Reads.Own mine, I1Reads.Own.Ahead ahead, long session, @Nullable Throwable failure) {
        sim.tags().endsAhead(session, ahead.file());
        if (failure == null) {
            world.tell(client.owner(), " has committed file ", ahead.file(), " by itself");
            world.reach(Probe.COMMITTED_AHEAD);
            sim.reads().checkCommitted(client.owner(), mine, ahead);
            mine.settled(ahead);
        } else {
            world.tell(client.owner(), " has not committed file: ", failure.getMessage());
            world.count("failed ahead");
            mine.failed(ahead);
            sim.tags().mayBeLost(session, ahead.file());
        }
    }

    /** Something a file does. */
    private interface Action {
        void run() throws IOException;
    }

    /** Does what commits before all else; what the answer vouches for must have been seen. */
    private void committing(BlockFile file, Action action) throws IOException {
        long id = file.file().value();
        I1Reads.Own mine = own;
        try {
            world.tell(client.owner(), " commits file ", id);
            action.run();
            world.tell(client.owner(), " has committed file ", id);
            sim.reads().checkCommitted(client.owner(), mine, id);
            mine.settled(id);
        } catch (IOException e) {
            mine.unsure(id);
            sim.tags().mayBeLost(client.clientId(), id);
            throw e;
        }
    }
}
