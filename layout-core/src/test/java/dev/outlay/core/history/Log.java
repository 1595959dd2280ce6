package dev.outlay.core.history;

import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import java.util.ArrayList;
import java.util.List;

/** A log written line by line, as a server would or would not: blocks of 4096, one device. */
final class Log {

    static final int BLOCK = 4096;
    static final long A = 0xA;
    static final long B = 0xB;
    static final long C = 0xC;
    static final long FILE = 2;
    static final long START_MILLIS = 1_700_000_000_000L;

    private static final int DEVICE_BLOCKS = 16;

    final List<HistoryLine> lines = new ArrayList<>();
    private final boolean strict;
    private long seq;
    private long step;
    private long position = 100;
    private long epoch;
    private String cause = "MapBlocks";

    Log() {
        this(true);
    }

    Log(boolean strict) {
        this.strict = strict;
        begin("opened");
        line(device("device", 1));
        line(file(1, 1, "", true));
        stated(DEVICE_BLOCKS, 0, 0, 0, 0, 0);
        line(client("client-begin", A));
        line(client("client-begin", B));
        line(new Draft("create").with("file", FILE).with("parent", 1L).with("name", "f"));
    }

    // ---- one line each

    Log line(Draft draft) {
        step++;
        return same(draft);
    }

    /** In the same step as the line before. */
    Log same(Draft draft) {
        seq++;
        lines.add(draft.with("cause", cause).at(seq, START_MILLIS + seq * 1000, position, step));
        return this;
    }

    Log by(String command) {
        cause = command;
        return this;
    }

    Log forcedTo(long forced) {
        position = forced;
        return this;
    }

    /** A line that is written, and then lost. */
    Log lost() {
        lines.removeLast();
        return this;
    }

    Log begin(String reason) {
        return line(
                new Draft("begin")
                        .with("format", 1L)
                        .with("volume", "v")
                        .with("block", (long) BLOCK)
                        .with("fence", strict ? "STRICT" : "TIMED")
                        .with("reason", reason));
    }

    static Draft device(String event, long incarnation) {
        return new Draft(event)
                .with("device", 0L)
                .with("start", (long) BLOCK)
                .with("length", (long) DEVICE_BLOCKS * BLOCK)
                .with("incarnation", incarnation);
    }

    static Draft client(String event, long client) {
        return new Draft(event)
                .with("client", new ClientId(client))
                .with("owner", "owner-" + Long.toHexString(client))
                .with("principal", "p");
    }

    static Draft file(long id, long parent, String name, boolean directory) {
        return new Draft("file")
                .with("file", id)
                .with("parent", parent)
                .with("name", name)
                .with("directory", directory)
                .with("size", 0L)
                .with("change", 1L)
                .with("modified", 0L)
                .with("epoch", 0L);
    }

    Log stated(
            long free, long reserved, long granted, long mapped, long pending, long quarantined) {
        return line(
                space("state-end", free, reserved, granted, mapped, pending, quarantined)
                        .with("grace", false));
    }

    static Draft space(
            String event,
            long free,
            long reserved,
            long granted,
            long mapped,
            long pending,
            long quarantined) {
        return new Draft(event)
                .with("total", (long) DEVICE_BLOCKS * BLOCK)
                .with("free", free * BLOCK)
                .with("reserved", reserved * BLOCK)
                .with("granted", granted * BLOCK)
                .with("mapped", mapped * BLOCK)
                .with("pending", pending * BLOCK)
                .with("quarantined", quarantined * BLOCK);
    }

    // ---- what happens to the one file

    static Extent blocks(long first, long count, long onDevice, ExtentState state) {
        return new Extent(first * BLOCK, count * BLOCK, state, 0, onDevice * BLOCK, 0);
    }

    static Extent fresh(long first, long count, long onDevice) {
        return blocks(first, count, onDevice, ExtentState.UNWRITTEN);
    }

    static Extent written(long first, long count, long onDevice) {
        return blocks(first, count, onDevice, ExtentState.WRITTEN);
    }

    static ByteRange range(long first, long count) {
        return ByteRange.ofLength(first * BLOCK, count * BLOCK);
    }

    Draft map(String event, Extent... extents) {
        return new Draft(event)
                .with("file", FILE)
                .with("epoch", ++epoch)
                .with("blocks", List.of(extents));
    }

    Draft map(String event, long client, Extent... extents) {
        return map(event, extents).with("client", new ClientId(client));
    }

    Draft grant(long client, long seqid, GrantKind kind, ByteRange range, Extent... blocks) {
        return new Draft("grant")
                .with("client", new ClientId(client))
                .with("file", FILE)
                .with("layout", "0")
                .with("seqid", seqid)
                .with("held", List.of(new LayoutRange(range, kind)))
                .with("blocks", List.of(blocks));
    }

    Draft gone(String event, long client, long seqid, ByteRange range) {
        return new Draft(event)
                .with("client", new ClientId(client))
                .with("file", FILE)
                .with("seqid", seqid)
                .with("ranges", List.of(range));
    }

    Draft ended(long client, String why) {
        return new Draft("client-end").with("client", new ClientId(client)).with("why", why);
    }

    Draft of(String event, long client) {
        return new Draft(event).with("client", new ClientId(client));
    }

    Draft attributes(long size, long change, long modified) {
        return new Draft("attributes")
                .with("file", FILE)
                .with("size", size)
                .with("modified", modified)
                .with("change", change);
    }

    /** Client A holds two fresh blocks, and has committed the first of them. */
    Log written() {
        line(map("allocate", A, fresh(0, 2, 1)));
        same(grant(A, 1, GrantKind.RW, range(0, 2), fresh(0, 2, 1)));
        by("CommitBlocks");
        line(map("commit", A, written(0, 1, 1)).with("caller", new ClientId(A)).with("op", 2L));
        same(attributes(BLOCK, 2, 10).with("caller", new ClientId(A)).with("op", 2L));
        return by("MapBlocks");
    }

    // ---- what the check says

    HistoryCheck check() {
        HistoryCheck check = new HistoryCheck();
        for (int i = 0; i < lines.size(); i++) {
            check.accept("log:" + (i + 1), lines.get(i));
        }
        return check;
    }
}
