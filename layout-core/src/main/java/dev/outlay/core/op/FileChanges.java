package dev.outlay.core.op;

import dev.outlay.core.command.Command.AnswerWithFile;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Origin;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/** What operations that change a file have in common: its new attributes, and the answer. */
final class FileChanges {

    private FileChanges() {}

    /** The file has this size now, and has just been changed. */
    static Fact.AttributesSet resized(FileNode file, long size, long nowMillis) {
        return resized(file, size, nowMillis, nowMillis);
    }

    /** The same, but its bytes were changed some other time. */
    static Fact.AttributesSet resized(
            FileNode file, long size, long modifiedMillis, long nowMillis) {
        return new Fact.AttributesSet(
                file.id(),
                size,
                file.mode(),
                file.owner(),
                Math.max(file.modifiedMillis(), modifiedMillis),
                Math.max(file.changedMillis(), nowMillis),
                file.accessedMillis());
    }

    /** The last step: answer with the file as the facts have left it. */
    static AnswerWithFile answer(Origin origin, FileId file, List<Reply.ReturnedLayout> returned) {
        return new AnswerWithFile(origin, file, false, OptionalLong.empty(), returned);
    }

    /** The last step itself. */
    static Decision decide(VolumeTables tables, AnswerWithFile ask) {
        FileNode file = Objects.requireNonNull(tables.file(ask.file()));
        Reply.Kept reply =
                ask.committed()
                        ? new Reply.Committed(ask.newSize(), file.attributes())
                        : new Reply.FileChanged(file.attributes(), ask.returned());
        Fact answered =
                new Fact.Answered(
                        ask.origin().client(),
                        ask.origin().operationId(),
                        ask.origin().answeredThrough(),
                        reply,
                        true);
        return Decision.answer(List.of(answered), reply);
    }
}
