package dev.outlay.core.op;

import dev.outlay.core.command.Command.Read;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.Reason;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Read through the server, of any bytes: where they lie now. Committed bytes that somebody else
 * holds for RW are waited for, as in a MapBlocks for READ; what was never committed is zeros.
 *
 * <p>Whoever asked then reads the device, and reports it done: until then none of these blocks
 * leaves the file, so that what is read is this file's.
 */
final class ReadOp {

    private ReadOp() {}

    static Decision decide(VolumeTables tables, Read ask) {
        FileNode file = Checks.file(tables, ask.file());
        checkLength(tables, ask.length(), "Read");
        ByteRange asked = Checks.range(tables, ask.offset(), ask.length());
        if (asked.start() >= file.sizeBytes()) {
            return Decision.answer(
                    new Reply.ReadPlan(OptionalLong.empty(), List.of(), file.sizeBytes()));
        }
        ByteRange range = new ByteRange(asked.start(), Math.min(asked.end(), file.sizeBytes()));
        ByteRange blocks = range.alignOutward(tables.blockSize());
        Work work = file.changeOf(blocks);
        if (work != null) {
            return Decision.awaitWork(List.of(), work.id());
        }
        Decision wait = clearWriters(tables, file, ask, blocks);
        if (wait == null) {
            wait = Relocation.ahead(tables, file, ask, blocks);
        }
        return wait != null ? wait : plan(tables, file, range, blocks);
    }

    private static Decision plan(
            VolumeTables tables, FileNode file, ByteRange range, ByteRange blocks) {
        List<Extent> extents =
                file.extents().slice(range).stream().map(MapForRead::visible).toList();
        if (extents.stream().noneMatch(Extent::hasAddress)) {
            return Decision.answer(
                    new Reply.ReadPlan(OptionalLong.empty(), extents, file.sizeBytes()));
        }
        Work reading =
                new Work(
                        tables.nextVolatileWork(),
                        file.id(),
                        blocks,
                        false,
                        List.of(),
                        List.of(),
                        new Continuation.Nothing());
        return Decision.answer(
                List.of(new Fact.WorkIntended(reading)),
                new Reply.ReadPlan(OptionalLong.of(reading.id()), extents, file.sizeBytes()));
    }

    /** Nobody else may be storing into what is committed; null if nobody is. */
    private static @Nullable Decision clearWriters(
            VolumeTables tables, FileNode file, Read ask, ByteRange blocks) {
        List<Held> writers =
                Grants.ofOthers(tables, file, ask.origin().client(), blocks).stream()
                        .flatMap(h -> InTheWay.of(tables, file, h, GrantKind.READ).stream())
                        .filter(h -> isCommitted(file, h.range()))
                        .toList();
        Optional<ClientId> lapsed = Grants.lapsedHolder(writers);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        List<ByteRange> ahead =
                Waiting.allAhead(tables, file, ask, blocks, false).stream()
                        .filter(range -> isCommitted(file, range))
                        .toList();
        if (!writers.isEmpty() || !ahead.isEmpty()) {
            throw new Conflict(file, blocks, false, Grants.notBehind(writers, ahead, blocks));
        }
        return null;
    }

    private static boolean isCommitted(FileNode file, ByteRange range) {
        return file.extents().mapped(range).stream()
                .anyMatch(e -> e.state() == ExtentState.WRITTEN);
    }

    /** How many bytes one Read or Write may carry. */
    static void checkLength(VolumeTables tables, int length, String what) {
        if (length < 1) {
            throw new Refusal(Reason.INVALID_ARGUMENT, "a " + what + " is of at least one byte");
        }
        if (length > tables.limits().ioBytes()) {
            throw new Refusal(
                    Reason.TOO_LARGE,
                    "a "
                            + what
                            + " of "
                            + length
                            + " bytes: the most at a time are "
                            + tables.limits().ioBytes());
        }
    }
}
