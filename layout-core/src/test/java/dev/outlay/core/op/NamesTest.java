package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Reason;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 3.6: create, look up, list, rename, remove, attributes. */
class NamesTest {

    private static final FileId ROOT = FileId.ROOT;

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");

    @Test
    void inodeNumbersAreNeverReused() {
        FileId first = a.creates("x");
        a.removes(ROOT, "x").ok();
        FileId second = a.creates("x");
        assertNotEquals(first, second);
        kit.crash();
        a.reattaches();
        assertNotEquals(second, a.creates("y"));
        b.reattaches();
        kit.endGrace();
    }

    @Test
    void namesThatAreNone() {
        for (String name : List.of("", ".", "..", "a/b", "a\0b", "x".repeat(256), "\ud800")) {
            a.creates(ROOT, name, FileKind.FILE).refused(Reason.INVALID_ARGUMENT);
        }
        a.creates(ROOT, "x".repeat(255), FileKind.FILE).ok();
        FileId file = a.creates("f");
        a.renames(ROOT, "f", ROOT, "\udfff").refused(Reason.INVALID_ARGUMENT);
        a.creates(ROOT, "f", FileKind.DIRECTORY).refused(Reason.ALREADY_EXISTS);
        a.creates(file, "x", FileKind.FILE).refused(Reason.NOT_DIRECTORY);
        a.creates(new FileId(77), "x", FileKind.FILE).refused(Reason.NOT_FOUND);
    }

    @Test
    void lookupWalksAPath() {
        FileId directory = a.createsDirectory(ROOT, "d");
        FileId file = a.creates(directory, "f", FileKind.FILE).ok().attributes().file();
        assertEquals(file, lookup("d/f").file());
        assertEquals(file, lookup("/d//./../d/f").file());
        assertEquals(ROOT, lookup("").file());
        assertEquals(ROOT, lookup("../..").file());
        refuses(new Command.Lookup(ROOT, "d/g"), Reason.NOT_FOUND);
        refuses(new Command.Lookup(ROOT, "d/f/g"), Reason.NOT_DIRECTORY);
    }

    @Test
    void listsGoOnBehindAName() {
        for (String name : List.of("b", "d", "a", "c")) {
            a.creates(name);
        }
        Reply.Entries first = list("", 3);
        assertEquals(List.of("a", "b", "c"), first.entries().stream().map(e -> e.name()).toList());
        assertTrue(first.more());
        Reply.Entries rest = list("c", 3);
        assertEquals(List.of("d"), rest.entries().stream().map(e -> e.name()).toList());
        assertFalse(rest.more());
    }

    @Test
    void renameMovesAndReplaces() {
        FileId directory = a.createsDirectory(ROOT, "d");
        FileId file = a.creates("f");
        a.renames(ROOT, "f", directory, "g").ok();
        assertEquals(file, lookup("d/g").file());
        refuses(new Command.Lookup(ROOT, "f"), Reason.NOT_FOUND);
        FileId other = a.creates("o");
        a.writes(other, 0, blocks(2));
        FileChanged replaced = a.renames(directory, "g", ROOT, "o").ok();
        assertEquals(file, replaced.attributes().file());
        assertEquals(other, replaced.returned().getFirst().file());
        assertEquals(file, lookup("o").file());
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void renameRules() {
        FileId directory = a.createsDirectory(ROOT, "d");
        FileId inner = a.createsDirectory(directory, "e");
        FileId file = a.creates("f");
        a.renames(ROOT, "d", inner, "x").refused(Reason.INVALID_ARGUMENT);
        a.renames(ROOT, "d", directory, "x").refused(Reason.INVALID_ARGUMENT);
        a.renames(ROOT, "f", ROOT, "d").refused(Reason.IS_DIRECTORY);
        a.renames(ROOT, "d", ROOT, "f").refused(Reason.NOT_DIRECTORY);
        a.renames(ROOT, "nothing", ROOT, "x").refused(Reason.NOT_FOUND);
        a.renames(ROOT, "f", ROOT, "a/b").refused(Reason.INVALID_ARGUMENT);
        a.renames(ROOT, "f", file, "x").refused(Reason.NOT_DIRECTORY);
        a.createsDirectory(ROOT, "full");
        FileId full = lookup("full").file();
        a.creates(full, "x", FileKind.FILE).ok();
        a.renames(ROOT, "d", ROOT, "full").refused(Reason.NOT_EMPTY);
        long counter = kit.attributes(file).changeCounter();
        assertEquals(
                counter,
                a.renames(ROOT, "f", ROOT, "f").ok().attributes().changeCounter(),
                "onto itself is nothing");
        a.removes(full, "x").ok();
        a.renames(ROOT, "d", ROOT, "full").ok();
        assertEquals(inner, lookup("full/e").file());
    }

    @Test
    void theAnswerToARenameOntoItselfOutlivesACrash() {
        FileId file = a.creates("f");
        Request<Reply.FileChanged> rename = a.renames(FileId.ROOT, "f", FileId.ROOT, "f");
        Reply first = rename.ok();
        a.setsMode(file, 0600).ok();
        kit.crash();
        a.reattaches();
        assertEquals(first, rename.ok(), "the mode it has got since shows in no answer before");
    }

    @Test
    void aRemovedFileWithoutHoldersGoesAtOnce() {
        FileId file = a.creates("f");
        a.writes(file, 0, blocks(4));
        FileChanged removed = a.removes(ROOT, "f").ok();
        assertEquals(List.of(new ByteRange(0, blocks(4))), removed.returned().getFirst().ranges());
        assertEquals(64, kit.freeBlocks());
        refuses(new Command.GetAttributes(file), Reason.STALE_FILE);
    }

    @Test
    void scenario32BlocksOfARemovedFileStayPendingUntilTheLastHolderReturns() {
        FileId file = a.creates("f");
        a.writes(file, 0, blocks(4));
        b.removes(ROOT, "f").ok();
        assertEquals(blocks(4), kit.space().pending());
        assertEquals(60, kit.freeBlocks());
        a.mapsRw(file, 0, blocks(1)).refused(Reason.STALE_FILE);
        FileId again = b.creates("f");
        assertNotEquals(file, again);
        b.mapsRw(again, 0, blocks(60)).min(blocks(60)).ok();
        a.returns(file, new ByteRange(0, blocks(2))).ok();
        assertEquals(0, kit.freeBlocks(), "part of it is not enough");
        a.returnsAll(file).ok();
        assertEquals(4, kit.freeBlocks());
    }

    @Test
    void scenario32AHolderThatNeverReturnsTakesTheBlocksToQuarantine() {
        FileId file = a.creates("f");
        var held = a.mapsRw(file, 0, blocks(4)).ok();
        a.commits(file, held.stateid().orElseThrow()).of(held, new ByteRange(0, blocks(2))).ok();
        b.removes(ROOT, "f").ok();
        a.lapses();
        a.end(dev.outlay.core.value.EndCause.EXPIRED);
        assertEquals(60, kit.freeBlocks());
        assertEquals(blocks(4), kit.space().quarantined());
        refuses(new Command.GetAttributes(file), Reason.STALE_FILE);
    }

    @Test
    void whoIsSilentPastItsLeaseDoesNotKeepARemovedFile() {
        FileId file = a.creates("f");
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        a.mapsRead(file, 0, blocks(2)).ok();
        a.lapses();
        b.removes(ROOT, "f").ok();
        assertEquals(64, kit.freeBlocks());
        assertNull(kit.tables().client(a.id()));
    }

    @Test
    void whoFallsSilentOnARemovedFileIsRevokedAtOnce() {
        FileId file = a.creates("f");
        a.mapsRw(file, 0, blocks(2)).ok();
        FileId over = b.creates("g");
        b.renames(ROOT, "g", ROOT, "f").ok();
        assertEquals(over, lookup("f").file());
        assertEquals(blocks(2), kit.space().pending());
        a.lapses();
        assertEquals(blocks(2), kit.space().quarantined());
        assertNull(kit.tables().file(file));
        a.mapsRw(over, 0, blocks(1)).refused(Reason.FENCED);
    }

    @Test
    void directoriesAreRemovedEmpty() {
        FileId directory = a.createsDirectory(ROOT, "d");
        a.creates(directory, "f", FileKind.FILE).ok();
        a.removes(ROOT, "d").refused(Reason.NOT_EMPTY);
        a.removes(directory, "f").ok();
        a.removes(ROOT, "d").ok();
        a.creates(directory, "g", FileKind.FILE).refused(Reason.STALE_FILE);
        a.removes(ROOT, "d").refused(Reason.NOT_FOUND);
    }

    @Test
    void attributesAreSetOneByOne() {
        FileId file = a.creates("f");
        FileAttributes before = kit.attributes(file);
        FileAttributes after = a.setsMode(file, 0600).ok().attributes();
        assertEquals(0600, after.mode());
        assertEquals(before.owner(), after.owner());
        assertEquals(before.modifiedMillis(), after.modifiedMillis());
        assertEquals(before.changeCounter() + 1, after.changeCounter());
        a.setsMode(file, 010000).refused(Reason.INVALID_ARGUMENT);
        a.setsMode(ROOT, 0700).ok();
        FileAttributes times =
                a.request(
                                FileChanged.class,
                                o ->
                                        new Command.SetAttributes(
                                                o,
                                                kit.tick(),
                                                file,
                                                OptionalInt.empty(),
                                                Optional.of("you"),
                                                OptionalLong.of(-5),
                                                OptionalLong.of(7)))
                        .ok()
                        .attributes();
        assertEquals("you", times.owner());
        assertEquals(-5, times.modifiedMillis());
        assertEquals(7, times.accessedMillis());
    }

    @Test
    void whatIsListedOfAVolume() {
        FileId file = a.creates("f");
        a.writes(file, 0, blocks(2));
        a.mapsRw(file, blocks(4), blocks(1)).ok();
        Reply.Extents extents = kit.query(new Command.ListExtents(file, 0, 2), Reply.Extents.class);
        assertEquals(2, extents.extents().size());
        assertTrue(extents.more());
        Reply.Extents rest =
                kit.query(
                        new Command.ListExtents(file, extents.nextOffset(), 2),
                        Reply.Extents.class);
        assertFalse(rest.extents().getFirst().hasAddress());
        assertFalse(rest.more());
        Reply.Layouts layouts =
                kit.query(new Command.ListLayouts(Optional.of(a.id())), Reply.Layouts.class);
        assertEquals(a.stateid(file), layouts.layouts().getFirst().stateid());
        Reply.VolumeStatus status = kit.query(new Command.ShowVolume(), Reply.VolumeStatus.class);
        assertEquals(1, status.files());
        assertEquals(2, status.clients());
        assertEquals(1, status.layouts());
        assertEquals(1, kit.query(new Command.ListDevices(), Reply.Devices.class).devices().size());
        assertEquals(
                List.of(), kit.query(new Command.CheckVolume(), Reply.Findings.class).findings());
    }

    private FileAttributes lookup(String path) {
        return kit.query(new Command.Lookup(ROOT, path), Reply.Attributes.class).attributes();
    }

    private Reply.Entries list(String after, int max) {
        return kit.query(new Command.ListDirectory(ROOT, after, max), Reply.Entries.class);
    }

    private void refuses(Command command, Reason reason) {
        assertEquals(reason, kit.query(command, Reply.Failure.class).reason());
    }
}
