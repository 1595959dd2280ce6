package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.CommitRange;
import dev.outlay.core.command.Command.MapFlags;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.op.ModelProcess.Held;
import dev.outlay.core.op.ModelProcess.View;
import dev.outlay.core.op.ModelReach.Event;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.RecallScope;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What clients ask for and give back, and what they learn by it. */
final class ModelLayouts {

    private static final int BLOCK = VolumeKit.BLOCK;

    private final VolumeModel model;

    /** What may happen to an honest client, as long as it waits as well. */
    private static final Reason[] MAY_FAIL = {
        Reason.TRY_LATER,
        Reason.RECALL_CONFLICT,
        Reason.RETURN_CONFLICT,
        Reason.NO_SPACE,
        Reason.GRACE,
        Reason.TOO_SMALL,
        Reason.STALE_FILE,
        Reason.OLD_STATEID,
        Reason.BAD_STATEID,
        Reason.EXPIRED,
        Reason.FENCED
    };

    /** While it waits, a file may become shorter or longer. */
    private static final Reason[] MAY_FAIL_WHEN_CHANGED =
            Stream.concat(Stream.of(MAY_FAIL), Stream.of(Reason.INVALID_ARGUMENT))
                    .toArray(Reason[]::new);

    private static final Reason[] MAY_FAIL_WITHOUT_BLOCKS =
            Stream.concat(Stream.of(MAY_FAIL), Stream.of(Reason.BAD_LAYOUT)).toArray(Reason[]::new);

    private final ModelClients clients;
    private final SplittableRandom random;
    private final ModelBytes bytes;
    private long nextLayout = 1;

    ModelLayouts(VolumeModel model, ModelClients clients) {
        this.model = model;
        this.clients = clients;
        this.random = model.random;
        this.bytes = new ModelBytes(model, clients);
    }

    void act(ModelProcess process, ModelFile file, int dice) {
        if (process.lapsedFor > 0) {
            // It is silent, and does not know that its lease is over.
            process.lapsedFor--;
            bytes.storeInPlace(process);
            return;
        }
        if (dice < 320) {
            map(process, file, IoMode.READ);
        } else if (dice < 500) {
            map(process, file, IoMode.RW);
        } else if (dice < 680) {
            bytes.commit(process);
        } else if (dice < 740) {
            bytes.storeInPlace(process);
        } else if (dice < 790) {
            bytes.cachedRead(process);
        } else if (dice < 900) {
            returnSome(process);
        } else if (dice < 940) {
            truncate(process, file);
        } else if (dice < 955) {
            punch(process, file);
        } else if (dice < 968) {
            cloneFrom(process, file);
        } else if (dice < 975) {
            allocate(process, file);
        } else if (dice < 981) {
            serverWrite(process, file);
        } else if (dice < 990) {
            serverRead(process, file);
        } else {
            nonsense(process, file);
        }
    }

    void lateStore() {
        bytes.lateStore();
    }

    // ---- map

    private void map(ModelProcess process, ModelFile file, IoMode iomode) {
        int from = random.nextInt(ModelFile.BLOCKS);
        int length = 1 + random.nextInt(Math.min(5, ModelFile.BLOCKS - from));
        long min = VolumeKit.blocks(random.nextInt(length + 1));
        boolean mapped = iomode == IoMode.READ && random.nextInt(6) == 0;
        boolean noAllocate = iomode == IoMode.RW && random.nextInt(10) == 0;
        boolean atomic = iomode == IoMode.RW && random.nextInt(3) == 0;
        MapFlags flags = new MapFlags(noAllocate, random.nextInt(10) == 0, mapped, atomic);
        View known = process.views.get(file.id);
        var stateid =
                known == null || random.nextBoolean()
                        ? Optional.<dev.outlay.core.value.Stateid>empty()
                        : Optional.ofNullable(known.stateid);
        int most = random.nextInt(5) == 0 ? 1 + random.nextInt(3) : 100;
        LayoutId fresh = new LayoutId(1, nextLayout++);
        long wait = random.nextInt(3) == 0 ? 1_000 : 0;
        Consumer<Reply> then =
                reply -> {
                    if (reply instanceof Failure failure) {
                        clients.allow(failure, noAllocate ? MAY_FAIL_WITHOUT_BLOCKS : MAY_FAIL);
                    } else {
                        Mapped answer = assertInstanceOf(Mapped.class, reply);
                        learn(process, file, iomode, atomic, VolumeKit.blocks(from), answer);
                    }
                };
        clients.ask(
                        process,
                        o ->
                                new Command.MapBlocks(
                                        o,
                                        7,
                                        file.id,
                                        VolumeKit.blocks(from),
                                        VolumeKit.blocks(length),
                                        min,
                                        iomode,
                                        stateid,
                                        flags,
                                        most,
                                        fresh,
                                        wait),
                        () -> {},
                        then)
                .ifPresent(then);
    }

    private void learn(
            ModelProcess process,
            ModelFile file,
            IoMode iomode,
            boolean atomic,
            long from,
            Mapped reply) {
        long at = from;
        Extent before = null;
        for (Extent extent : reply.extents()) {
            boolean second = before != null && before.range().equals(extent.range());
            assertEquals(second ? extent.end() : at, second ? at : extent.fileOffset());
            at = extent.end();
            before = extent;
            if (iomode == IoMode.READ) {
                bytes.read(file, extent);
            }
        }
        assertEquals(at, reply.nextOffset());
        for (LayoutRange range : reply.granted()) {
            for (long offset = range.range().start();
                    offset < range.range().end();
                    offset += BLOCK) {
                hold(process, file, range.kind(), atomic, offset, reply);
            }
        }
        reply.stateid()
                .ifPresent(
                        id ->
                                process.views.computeIfPresent(
                                        file.id,
                                        (f, view) -> {
                                            view.stateid = id;
                                            return view;
                                        }));
    }

    private void hold(
            ModelProcess process,
            ModelFile file,
            GrantKind kind,
            boolean atomic,
            long offset,
            Mapped reply) {
        int block = (int) (offset / BLOCK);
        List<Extent> there =
                reply.extents().stream().filter(e -> e.range().contains(offset)).toList();
        Extent extent = there.getLast();
        long at = deviceBlock(extent, offset);
        long source = there.size() == 2 ? deviceBlock(there.getFirst(), offset) : -1;
        View view = process.view(file.id);
        view.epoch = Math.max(view.epoch, reply.mapEpoch());
        Held before = view.blocks.get(block);
        checkWriter(process, file, kind, block);
        if (before != null && before.kind.compareTo(kind) >= 0 && source < 0) {
            assertTrue(at < 0 || before.deviceBlock == at || before.sourceBlock == at);
            return;
        }
        if (before != null && before.deviceBlock == at && before.kind == kind) {
            return;
        }
        assertTrue(
                kind != GrantKind.RW || readersAllow(process, file, block),
                () -> file.name + " block " + block + " is held for READ");
        assertTrue(
                !kind.isWriter() || !model.zombieBlocks.contains(at) || isOld(kind, extent),
                () -> file.name + " block " + block + " could be stored to by an ended client");
        boolean committed = extent.state() == ExtentState.WRITTEN;
        boolean zeros = model.zeroed && kind.isWriter() && !file.written[block];
        if (zeros && source < 0) {
            assertEquals(!committed, atomic, "blocks full of zeros are written to their holder");
            committed = false;
        }
        Held now = new Held(kind, at, committed, source);
        if (before != null && before.deviceBlock == at) {
            now.filled = before.filled;
        } else if (model.zeroed && kind.isWriter() && !committed) {
            model.reach.reached(Event.ZEROS_GRANTED);
            for (int unit = 0; unit < TagDevice.UNITS; unit++) {
                assertEquals(0, model.device.get(at, unit), "a block handed out holds zeros");
            }
            if (source < 0) {
                now.filled = new long[TagDevice.UNITS];
            }
        }
        view.blocks.put(block, now);
        if (kind.isWriter()) {
            file.writers.put(block, process.id());
            file.readers.get(block).remove(process.id());
            if (kind == GrantKind.RW_ATOMIC) {
                file.atomic.add(block);
            } else {
                file.atomic.remove(block);
            }
        } else {
            file.readers.get(block).add(process.id());
        }
        if (file.atomic.contains(block) && !file.readers.get(block).isEmpty()) {
            model.reach.reached(Event.ATOMIC_BESIDE_READER);
        }
    }

    /** Committed blocks that an ATOMIC grant lets nobody store to. */
    private static boolean isOld(GrantKind kind, Extent extent) {
        return kind == GrantKind.RW_ATOMIC && extent.state() == ExtentState.WRITTEN;
    }

    private static long deviceBlock(Extent extent, long offset) {
        return extent.hasAddress()
                ? (extent.deviceOffset() + offset - extent.fileOffset()) / BLOCK
                : -1;
    }

    private static void checkWriter(
            ModelProcess process, ModelFile file, GrantKind kind, int block) {
        ClientId writer = file.writers.get(block);
        boolean beside = !kind.isWriter() && file.atomic.contains(block);
        assertTrue(
                writer == null || writer.equals(process.id()) || beside,
                () -> file.name + " block " + block + " is held RW by " + writer);
    }

    /** Readers but the process itself and former ones of its owner bar a writer. */
    private boolean readersAllow(ModelProcess process, ModelFile file, int block) {
        return file.readers.get(block).stream()
                .map(id -> Objects.requireNonNull(model.process(id)))
                .allMatch(p -> p == process || (p.zombie && p.record.isSameOwner(process.record)));
    }

    // ---- giving back, cutting

    private void returnSome(ModelProcess process) {
        ModelFile file = bytes.heldFile(process);
        if (file == null) {
            return;
        }
        ReturnScope scope =
                switch (random.nextInt(4)) {
                    case 0 -> new ReturnScope.Everything();
                    case 1 -> new ReturnScope.WholeFile(file.id, Optional.empty());
                    case 2 -> new ReturnScope.WholeDevice(0);
                    default -> new ReturnScope.Ranges(file.id, Optional.empty(), someRanges());
                };
        Reply reply =
                clients.ask(process, o -> new Command.ReturnLayout(o, 7, scope), () -> {})
                        .orElseThrow();
        Reply.Returned returned = assertInstanceOf(Reply.Returned.class, reply);
        note(process, returned.layouts());
    }

    private void note(ModelProcess process, List<Reply.ReturnedLayout> layouts) {
        for (Reply.ReturnedLayout layout : layouts) {
            View view = process.views.get(layout.file());
            assertEquals(layout.remaining().isPresent(), view != null, layout::toString);
            if (view != null) {
                view.stateid = layout.remaining().orElseThrow();
            }
        }
    }

    private List<ByteRange> someRanges() {
        List<ByteRange> ranges = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            ranges.add(
                    ByteRange.ofLength(
                            VolumeKit.blocks(random.nextInt(ModelFile.BLOCKS)),
                            VolumeKit.blocks(1 + random.nextInt(4))));
        }
        return ranges;
    }

    private void truncate(ModelProcess process, ModelFile file) {
        long size = random.nextInt(ModelFile.UNITS + 1) * (long) TagDevice.UNIT;
        change(process, o -> new Command.Truncate(o, 7, file.id, size), () -> file.truncated(size));
    }

    private void punch(ModelProcess process, ModelFile file) {
        int from = random.nextInt(ModelFile.UNITS);
        long offset = from * (long) TagDevice.UNIT;
        long length = (1 + random.nextInt(ModelFile.UNITS - from)) * (long) TagDevice.UNIT;
        change(
                process,
                o -> new Command.Deallocate(o, 7, file.id, offset, length),
                () -> file.punched(offset, length));
    }

    /** Whole blocks of one file into another, or all of it. */
    private void cloneFrom(ModelProcess process, ModelFile source) {
        ModelFile target = clients.pick(clients.liveFiles());
        boolean whole = random.nextInt(3) == 0;
        int from = whole ? 0 : random.nextInt(ModelFile.BLOCKS);
        int units =
                whole
                        ? source.sizeUnits()
                        : Math.min(
                                        source.sizeUnits() / TagDevice.UNITS - from,
                                        1 + random.nextInt(4))
                                * TagDevice.UNITS;
        int blocks = Math.ceilDiv(units, TagDevice.UNITS);
        int to = blocks >= ModelFile.BLOCKS ? 0 : random.nextInt(ModelFile.BLOCKS - blocks + 1);
        long end = VolumeKit.blocks(to) + units * (long) TagDevice.UNIT;
        boolean torn = units % TagDevice.UNITS != 0 && end < target.size;
        boolean over = source == target && Math.abs(from - to) < blocks;
        if (units <= 0 || to + blocks > ModelFile.BLOCKS || torn || over) {
            return;
        }
        change(
                process,
                o ->
                        new Command.Clone(
                                o,
                                7,
                                source.id,
                                VolumeKit.blocks(from),
                                units * (long) TagDevice.UNIT,
                                target.id,
                                VolumeKit.blocks(to),
                                false),
                () -> {
                    model.reach.reached(Event.CLONED);
                    target.cloned(source, from, blocks, to, end);
                },
                MAY_FAIL_WHEN_CHANGED);
    }

    private void allocate(ModelProcess process, ModelFile file) {
        long offset = VolumeKit.blocks(random.nextInt(ModelFile.BLOCKS - 2));
        change(process, o -> new Command.Allocate(o, 7, file.id, offset, 2 * BLOCK), () -> {});
    }

    private void serverWrite(ModelProcess process, ModelFile file) {
        int from = random.nextInt(ModelFile.UNITS);
        int units = 1 + random.nextInt(Math.min(9, ModelFile.UNITS - from));
        ByteBuffer sent = ByteBuffer.allocate(units * TagDevice.UNIT);
        long[] tags = new long[units];
        for (int unit = 0; unit < units; unit++) {
            tags[unit] = model.device.freshTag();
            sent.putLong(unit * TagDevice.UNIT, tags[unit]);
        }
        long offset = from * (long) TagDevice.UNIT;
        change(
                process,
                o -> new Command.Write(o, 7, file.id, offset, sent, OptionalLong.empty()),
                () -> {
                    model.reach.reached(Event.SERVER_WRITE);
                    file.wrote(from, tags);
                });
    }

    private void serverRead(ModelProcess process, ModelFile file) {
        int from = random.nextInt(ModelFile.UNITS);
        int units = 1 + random.nextInt(ModelFile.UNITS - from);
        Optional<Reply> answer =
                clients.ask(
                        process,
                        o ->
                                new Command.Read(
                                        o,
                                        7,
                                        file.id,
                                        from * (long) TagDevice.UNIT,
                                        units * TagDevice.UNIT),
                        () -> {});
        if (answer.isEmpty()) {
            return;
        }
        if (answer.get() instanceof Failure failure) {
            clients.allow(failure, Reason.TRY_LATER);
            return;
        }
        Reply.ReadPlan plan = assertInstanceOf(Reply.ReadPlan.class, answer.get());
        long at = from * (long) TagDevice.UNIT;
        for (Extent extent : plan.extents()) {
            assertEquals(at, extent.fileOffset(), "extents follow each other");
            at = extent.end();
            bytes.readUnits(file, extent);
        }
        long end = Math.min(file.size, (from + units) * (long) TagDevice.UNIT);
        assertEquals(Math.max(end, from * (long) TagDevice.UNIT), at);
        plan.work().ifPresent(work -> model.execute(new Command.CompleteWork(work, 7)));
    }

    private void change(
            ModelProcess process,
            java.util.function.Function<dev.outlay.core.value.Origin, Command.Mutation> form,
            Runnable effect) {
        change(process, form, effect, MAY_FAIL);
    }

    private void change(
            ModelProcess process,
            java.util.function.Function<dev.outlay.core.value.Origin, Command.Mutation> form,
            Runnable effect,
            Reason... allowed) {
        Consumer<Reply> then =
                reply -> {
                    if (reply instanceof Failure failure) {
                        clients.allow(failure, allowed);
                    } else {
                        note(process, assertInstanceOf(Reply.FileChanged.class, reply).returned());
                    }
                };
        clients.ask(process, form, effect, then).ifPresent(then);
    }

    /** All that a recall asks for, whatever of it is held. */
    void giveBack(ModelProcess process, RecallScope scope) {
        if (scope instanceof RecallScope.Ranges ranges) {
            if (process.views.get(ranges.file()) == null) {
                model.reach.reached(Event.RECALL_OF_NOTHING);
            }
            Reply reply =
                    clients.ask(
                                    process,
                                    o ->
                                            new Command.ReturnLayout(
                                                    o,
                                                    7,
                                                    new ReturnScope.Ranges(
                                                            ranges.file(),
                                                            Optional.empty(),
                                                            ranges.ranges())),
                                    () -> {})
                            .orElseThrow();
            note(process, assertInstanceOf(Reply.Returned.class, reply, reply::toString).layouts());
        }
    }

    private void nonsense(ModelProcess process, ModelFile file) {
        byte[] before = model.state().image();
        long odd = random.nextLong() | 1;
        long from = random.nextBoolean() ? odd : VolumeKit.blocks(random.nextInt(4));
        Reply reply =
                clients.ask(
                                process,
                                o ->
                                        switch (random.nextInt(4)) {
                                            case 0 ->
                                                    new Command.MapBlocks(
                                                            o,
                                                            7,
                                                            file.id,
                                                            odd,
                                                            BLOCK,
                                                            0,
                                                            IoMode.RW,
                                                            Optional.empty(),
                                                            MapFlags.NONE,
                                                            10,
                                                            new LayoutId(2, 2),
                                                            0);
                                            case 1 ->
                                                    new Command.CommitBlocks(
                                                            o,
                                                            7,
                                                            file.id,
                                                            new dev.outlay.core.value.Stateid(
                                                                    new LayoutId(9, 9), 1),
                                                            List.of(
                                                                    new CommitRange(
                                                                            from, BLOCK, 0, from)),
                                                            List.of(),
                                                            odd,
                                                            Durability.FORCED,
                                                            OptionalLong.empty(),
                                                            OptionalLong.empty());
                                            case 2 -> new Command.Truncate(o, 7, file.id, -2);
                                            default ->
                                                    new Command.Deallocate(
                                                            o, 7, file.id, from, -BLOCK);
                                        },
                                () -> {})
                        .orElseThrow();
        assertInstanceOf(Failure.class, reply);
        model.reach.reached(Event.REFUSED_NONSENSE);
        org.junit.jupiter.api.Assertions.assertArrayEquals(before, model.state().image());
    }
}
