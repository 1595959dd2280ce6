package dev.outlay.server.sim;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.ClientSeams;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.client.SavedSession;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import dev.outlay.server.sim.Script.Step;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A client and the program it runs: the real library, in one process after the other. It writes
 * tagged words, reads and has each read checked, and takes every failure as an application would:
 * it goes on, with a new session where the old one is dead.
 */
final class SimClient {

    private static final ValueLayout.OfLong WORD =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int DEADLINE_MILLIS = 2_000;

    private final Simulation sim;
    private final World world;
    private final String owner;
    private final int host;
    private final Iterator<Step> steps;
    private final Map<String, BlockFile> open = new HashMap<>();
    private @Nullable SimProcess process;
    private @Nullable SimNetwork network;
    private @Nullable LayoutClient library;
    private final int mostBlocks;
    private I1Reads.Own own;
    private boolean finished;

    /** Clients it has been, whose program touches nothing any more. */
    private final Set<Long> past = new LinkedHashSet<>();

    SimClient(Simulation sim, String owner, int host, Iterator<Step> steps) {
        this.sim = sim;
        this.world = sim.world();
        this.owner = owner;
        this.host = host;
        this.steps = steps;
        this.mostBlocks = sim.shape().fileBlocks();
        this.own = sim.reads().new Own();
    }

    // ---- its processes

    /** Starts a process, with nothing of the one before. */
    void start() {
        open.clear();
        library = null;
        own.settledAll();
        own = sim.reads().new Own();
        SimProcess fresh =
                new SimProcess(world, owner, host, sim.shape().stopsReaders(), this::program);
        process = fresh;
        network = new SimNetwork(world, fresh, sim.peer());
        fresh.start();
    }

    SimProcess process() {
        SimProcess now = process;
        if (now == null) {
            throw new IllegalStateException(owner + " was never started");
        }
        return now;
    }

    SimNetwork network() {
        SimNetwork now = network;
        if (now == null) {
            throw new IllegalStateException(owner + " was never started");
        }
        return now;
    }

    void kill() {
        process().kill();
        network().processDied();
        if (library != null) {
            past.add(clientId());
        }
    }

    /** Whether something it has written may not be committed. */
    boolean hasUncommitted() {
        return own.hasUnsettled();
    }

    /** Clients it has been and is no more. */
    Set<Long> past() {
        return past;
    }

    /** Whether it has done all its steps and said goodbye. */
    boolean isFinished() {
        return finished;
    }

    String owner() {
        return owner;
    }

    /** The session it has at the moment; 0: none. */
    long clientId() {
        return idOf(library);
    }

    /** A library that holds nothing may have begun a new session by itself. */
    private static long idOf(@Nullable LayoutClient client) {
        return client == null ? 0 : client.session().clientId();
    }

    /** Whether its own clock says that it may touch the device. */
    boolean hasLease() {
        LayoutClient now = library;
        return now != null
                && !process().isStopped()
                && !process().isDead()
                && now.session().leaseLeftMillis() > 0;
    }

    // ---- its program

    private void program() {
        while (steps.hasNext()) {
            Step step = steps.next();
            sim.stepBegins(process());
            world.count("step", step.kind());
            try {
                perform(step, new SplittableRandom(step.seed()));
            } catch (OutlayException e) {
                String reason = e.reason().map(Reason::name).orElse("no answer");
                world.count("failed " + reason);
                world.tell(owner, " ", step.kind(), " failed: ", e.what());
                recover(e, step);
            } catch (IOException e) {
                world.count("failed device");
                world.tell(owner, " ", step.kind(), " failed: ", e.getMessage());
            }
            sim.tally().ended(process());
            process().pause(world.delay(10_000, 4_000_000));
        }
        goodbye();
        finished = true;
    }

    private void recover(OutlayException e, Step step) {
        if (e.is(Reason.STALE_FILE)) {
            BlockFile removed = open.remove("/f" + step.file());
            if (removed != null) {
                own.settled(removed.file().value());
            }
        }
        if (e.is(Reason.FENCED) || e.is(Reason.EXPIRED)) {
            LayoutClient old = library;
            if (old != null && isDead(old)) {
                world.reach(Probe.SESSION_LOST);
                forget();
                try {
                    old.close();
                } catch (IOException ignored) {
                    world.count("close failed");
                }
            }
        }
    }

    private static boolean isDead(LayoutClient client) {
        try {
            client.renew();
            return false;
        } catch (OutlayException e) {
            return e.is(Reason.FENCED) || e.is(Reason.EXPIRED);
        }
    }

    private void forget() {
        past.add(clientId());
        library = null;
        open.clear();
        own.settledAll();
        own = sim.reads().new Own();
    }

    private void goodbye() {
        for (int attempt = 0; attempt < 20; attempt++) {
            try {
                LayoutClient client = library();
                try {
                    client.close();
                } finally {
                    forget();
                }
                world.tell(owner, " has ended");
                return;
            } catch (IOException e) {
                world.tell(owner, " cannot end: ", e.getMessage());
                process().pause(500_000_000);
            }
        }
    }

    private LayoutClient library() throws IOException {
        LayoutClient known = library;
        return known != null ? known : connect(Optional.empty());
    }

    private LayoutClient connect(Optional<SavedSession> saved) throws OutlayException {
        ClientOptions options =
                ClientOptions.to("sim", owner)
                        .withMaxIoMillis((int) SimServer.MAX_IO_MILLIS)
                        .withDeadlineMillis(DEADLINE_MILLIS);
        if (saved.isPresent()) {
            options = options.resuming(saved.get());
        }
        SimNetwork transport = network();
        LayoutClient[] connected = new LayoutClient[1];
        LayoutClient made =
                LayoutClient.connect(
                        options,
                        new ClientSeams(
                                process(),
                                process(),
                                world.random(),
                                transport,
                                (_, _) ->
                                        new SimDevice(
                                                world,
                                                sim.memory(),
                                                process(),
                                                sim.watcher(owner, () -> idOf(connected[0])))));
        connected[0] = made;
        past.remove(idOf(made));
        library = made;
        world.tell(owner, " is client ", Long.toHexString(idOf(made)));
        return made;
    }

    private void perform(Step step, SplittableRandom dice) throws IOException {
        String path = "/f" + step.file();
        switch (step.kind()) {
            case WRITE -> write(file(path), dice);
            case WRITE_AND_COMMIT -> {
                BlockFile file = file(path);
                write(file, dice);
                commit(file);
            }
            case READ -> read(file(path), dice);
            case COMMIT -> commit(file(path));
            case TRUNCATE -> {
                BlockFile file = file(path);
                long size = dice.nextInt(mostBlocks * Contents.WORDS_PER_BLOCK) * 8L;
                committing(file, () -> file.truncate(size));
            }
            case PUNCH -> {
                BlockFile file = file(path);
                long offset = offset(dice);
                long length = length(dice);
                committing(file, () -> file.deallocate(offset, length));
            }
            case ALLOCATE -> {
                BlockFile file = file(path);
                long offset = dice.nextInt(mostBlocks) * (long) SimServer.BLOCK;
                committing(file, () -> file.allocate(offset, SimServer.BLOCK));
            }
            case CLOSE -> {
                BlockFile file = open.remove(path);
                if (file != null) {
                    committing(file, file::close);
                }
            }
            case REMOVE -> library().remove(SimServer.VOLUME, path);
            case RENAME -> library().rename(SimServer.VOLUME, path, "/f" + dice.nextInt(8));
            case RENEW -> library().renew();
            case HAND_OVER -> {
                LayoutClient old = library();
                SavedSession saved = old.detach();
                past.add(clientId());
                library = null;
                open.clear();
                // It is the same client still: what it stored in place may show, and may not.
                own.handOver();
                LayoutClient _ = connect(Optional.of(saved));
            }
            case THINK ->
                    process()
                            .pause(
                                    dice.nextLong(
                                            1_000_000, 2 * SimServer.LEASE_MILLIS * 1_000_000 / 3));
        }
    }

    private BlockFile file(String path) throws IOException {
        LayoutClient client = library();
        BlockFile known = open.get(path);
        if (known == null) {
            known =
                    client.open(
                            SimServer.VOLUME,
                            path,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            open.put(path, known);
        }
        return known;
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
        long write = sim.tags().begin(clientId(), id.value());
        MemorySegment source = MemorySegment.ofArray(new byte[(int) length]);
        for (long at = 0; at < length; at += Contents.WORD) {
            long place = (offset + at) / Contents.WORD;
            long word = Tags.word(write, place);
            source.set(WORD, at, word);
            own.wrote(id.value(), place, word);
        }
        world.tell(
                owner,
                " write ",
                write,
                ": ",
                length,
                " bytes at ",
                offset,
                " of file ",
                id.value());
        try {
            file.write(source, offset);
        } catch (IOException e) {
            own.unsure(id.value());
            throw e;
        } finally {
            sim.tags().end(write, world.nanos());
        }
    }

    private void read(BlockFile file, SplittableRandom dice) throws IOException {
        long offset = offset(dice);
        MemorySegment target = MemorySegment.ofArray(new byte[(int) length(dice)]);
        long begun = sim.reads().begin();
        try {
            long count = file.read(target, offset);
            long[] words = new long[(int) Math.max(0, count / Contents.WORD)];
            for (int i = 0; i < words.length; i++) {
                words[i] = target.get(WORD, (long) i * Contents.WORD);
            }
            world.tell(
                    owner, " read ", count, " bytes at ", offset, " of file ", file.file().value());
            sim.reads().check(owner, own, file.file().value(), offset, words, begun);
        } finally {
            sim.reads().end(begun);
        }
    }

    private void commit(BlockFile file) throws IOException {
        committing(file, file::commit);
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
            world.tell(owner, " commits file ", id);
            action.run();
            world.tell(owner, " has committed file ", id);
            sim.reads().checkCommitted(owner, mine, id);
            mine.settled(id);
        } catch (IOException e) {
            mine.unsure(id);
            throw e;
        }
    }
}
