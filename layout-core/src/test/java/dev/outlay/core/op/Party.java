package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.reply.Reply.Returned;
import dev.outlay.core.state.Layout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Stateid;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** One client in a test: what it may ask, each request under the next operation id. */
public final class Party {

    private final VolumeKit kit;
    private final ClientRecord record;
    private long nextOperation = 1;

    Party(VolumeKit kit, ClientRecord record) {
        this.kit = kit;
        this.record = record;
    }

    public ClientId id() {
        return record.id();
    }

    long takeOperation() {
        return nextOperation++;
    }

    long lastOperation() {
        return nextOperation - 1;
    }

    // ---- its life

    Reply join() {
        return kit.answer(new Command.JoinClient(record));
    }

    /** It says so itself. */
    void ends() {
        end(EndCause.OWN_WORD);
    }

    Reply end(EndCause cause) {
        return kit.settle(new Command.EndClient(id(), cause));
    }

    /** Lease and longest I/O are over, nobody has needed anything of it yet. */
    void lapses() {
        kit.answer(new Command.LapseClient(id()));
    }

    Reply proven(Proof proof) {
        return kit.settle(new Command.ProveClient(id(), proof));
    }

    Reply revives() {
        return kit.answer(new Command.ReviveClient(id()));
    }

    Reply.Reattached reattaches(Command.RestatedLayout... layouts) {
        return assertInstanceOf(Reply.Reattached.class, tryReattach(layouts));
    }

    Reply tryReattach(Command.RestatedLayout... layouts) {
        return kit.answer(new Command.ReattachClient(id(), 0, List.of(layouts)));
    }

    static Command.RestatedLayout restated(FileId file, Stateid stateid, LayoutRange... ranges) {
        return new Command.RestatedLayout(file, stateid, List.of(ranges));
    }

    static LayoutRange reading(long start, long end) {
        return new LayoutRange(new ByteRange(start, end), GrantKind.READ);
    }

    static LayoutRange writing(long start, long end) {
        return new LayoutRange(new ByteRange(start, end), GrantKind.RW);
    }

    // ---- layouts

    MapRequest mapsRead(FileId file, long offset, long length) {
        return new MapRequest(kit, this, file, offset, length, IoMode.READ);
    }

    MapRequest mapsRw(FileId file, long offset, long length) {
        return new MapRequest(kit, this, file, offset, length, IoMode.RW);
    }

    CommitRequest commits(FileId file, Stateid stateid) {
        return new CommitRequest(kit, this, file, stateid);
    }

    /** A commit of everything that {@code mapped} granted. */
    CommitRequest commits(FileId file, Reply.Mapped mapped) {
        return commits(file, mapped.stateid().orElseThrow()).of(mapped);
    }

    /** Maps for RW and commits all of it, the last byte being the last one written. */
    void writes(FileId file, long offset, long length) {
        Reply.Mapped mapped = mapsRw(file, offset, length).min(length).ok();
        commits(file, mapped).lastWrite(offset + length - 1).ok();
    }

    /** As {@link #writes}, from the beginning and with an end inside a block. */
    void writesBytes(FileId file, long bytes) {
        long length = VolumeKit.blocks(Math.ceilDiv(bytes, VolumeKit.BLOCK));
        Reply.Mapped mapped = mapsRw(file, 0, length).min(length).ok();
        commits(file, mapped).lastWrite(bytes - 1).ok();
    }

    Request<Returned> returns(FileId file, ByteRange... ranges) {
        return returns(new ReturnScope.Ranges(file, Optional.empty(), Arrays.asList(ranges)));
    }

    Request<Returned> returnsAll(FileId file) {
        return returns(new ReturnScope.WholeFile(file, Optional.empty()));
    }

    Request<Returned> returns(ReturnScope scope) {
        return request(Returned.class, o -> new Command.ReturnLayout(o, kit.tick(), scope));
    }

    /** What the server says it holds on a file. */
    List<LayoutRange> holds(FileId file) {
        Layout layout = kit.node(file).layoutOf(id());
        return layout == null ? List.of() : layout.ranges();
    }

    Stateid stateid(FileId file) {
        Layout layout = kit.node(file).layoutOf(id());
        if (layout == null) {
            throw new AssertionError(record.owner() + " holds nothing on " + file);
        }
        return layout.stateid();
    }

    // ---- files

    FileId creates(String name) {
        return creates(FileId.ROOT, name, FileKind.FILE).ok().attributes().file();
    }

    FileId createsDirectory(FileId parent, String name) {
        return creates(parent, name, FileKind.DIRECTORY).ok().attributes().file();
    }

    Request<FileChanged> creates(FileId parent, String name, FileKind kind) {
        return change(
                o -> new Command.CreateFile(o, kit.tick(), parent, name, kind, 0644, "owner"));
    }

    Request<FileChanged> renames(FileId parent, String name, FileId newParent, String newName) {
        return change(o -> new Command.Rename(o, kit.tick(), parent, name, newParent, newName));
    }

    Request<FileChanged> removes(FileId parent, String name) {
        return change(o -> new Command.Remove(o, kit.tick(), parent, name));
    }

    Request<FileChanged> truncates(FileId file, long size) {
        return change(o -> new Command.Truncate(o, kit.tick(), file, size));
    }

    Request<FileChanged> allocates(FileId file, long offset, long length) {
        return change(o -> new Command.Allocate(o, kit.tick(), file, offset, length));
    }

    Request<FileChanged> punches(FileId file, long offset, long length) {
        return change(o -> new Command.Deallocate(o, kit.tick(), file, offset, length));
    }

    /** A Write through the server, of bytes that do not matter here. */
    Request<FileChanged> writesThrough(FileId file, long offset, int length) {
        return change(
                o ->
                        new Command.Write(
                                o,
                                kit.tick(),
                                file,
                                offset,
                                ByteBuffer.allocate(length),
                                OptionalLong.empty()));
    }

    Request<Reply.ReadPlan> readsThrough(FileId file, long offset, int length) {
        return request(
                Reply.ReadPlan.class, o -> new Command.Read(o, kit.tick(), file, offset, length));
    }

    Request<FileChanged> clones(FileId source, FileId destination) {
        return clones(source, 0, 0, destination, 0);
    }

    Request<FileChanged> clones(
            FileId source, long offset, long length, FileId destination, long destinationOffset) {
        return change(
                o ->
                        new Command.Clone(
                                o,
                                kit.tick(),
                                source,
                                offset,
                                length,
                                destination,
                                destinationOffset,
                                false));
    }

    Request<FileChanged> snapshots(FileId source, String name) {
        return change(o -> new Command.Snapshot(o, kit.tick(), source, FileId.ROOT, name));
    }

    FileId createsConcurrent(String name) {
        return change(
                        o ->
                                new Command.CreateFile(
                                        o,
                                        kit.tick(),
                                        FileId.ROOT,
                                        name,
                                        FileKind.FILE,
                                        0644,
                                        "owner",
                                        true))
                .ok()
                .attributes()
                .file();
    }

    Request<FileChanged> setsMode(FileId file, int mode) {
        return change(
                o ->
                        new Command.SetAttributes(
                                o,
                                kit.tick(),
                                file,
                                OptionalInt.of(mode),
                                Optional.empty(),
                                OptionalLong.empty(),
                                OptionalLong.empty()));
    }

    private Request<FileChanged> change(Request.Form form) {
        return request(FileChanged.class, form);
    }

    <R extends Reply> Request<R> request(Class<R> answer, Request.Form form) {
        return new Request<>(kit, this, answer, form);
    }
}
