package dev.outlay.core.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeSettings;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Every enum constant has a place in the format, and keeps it: the list here is never reordered.
 */
class EnumPlacesTest {

    @Test
    void placesAreFixed() {
        check(
                List.of(FileKind.FILE, FileKind.DIRECTORY),
                FileKind.values(),
                ValueCodec::fileKind,
                ValueCodec::fileKind);
        check(
                List.of(ExtentState.HOLE, ExtentState.UNWRITTEN, ExtentState.WRITTEN),
                ExtentState.values(),
                ValueCodec::extentState,
                ValueCodec::extentState);
        check(
                List.of(GrantKind.READ, GrantKind.READ_MAPPED, GrantKind.RW, GrantKind.RW_ATOMIC),
                GrantKind.values(),
                ValueCodec::grantKind,
                ValueCodec::grantKind);
        check(
                List.of(EndCause.OWN_WORD, EndCause.SUPERSEDED, EndCause.EXPIRED, EndCause.REVOKED),
                EndCause.values(),
                FactCodec::cause,
                FactCodec::cause);
        check(
                List.of(Proof.OWN_WORD, Proof.OPERATOR, Proof.FENCE_DRIVER, Proof.TIME),
                Proof.values(),
                FactCodec::proof,
                FactCodec::proof);
    }

    private static <E extends Enum<E>> void check(
            List<E> places,
            E[] all,
            BiConsumer<ByteWriter, E> write,
            Function<ByteReader, E> read) {
        assertEquals(
                places.size(), all.length, () -> "no place for one of " + Arrays.toString(all));
        for (int i = 0; i < places.size(); i++) {
            ByteWriter out = new ByteWriter();
            write.accept(out, places.get(i));
            assertEquals(i, out.toByteArray()[0]);
            assertEquals(places.get(i), read.apply(new ByteReader(out.toByteArray())));
        }
        byte[] next = {(byte) places.size()};
        assertThrows(CorruptDataException.class, () -> read.apply(new ByteReader(next)));
    }

    @Test
    void everyDurabilityIsRead() {
        for (Durability durability : Durability.values()) {
            VolumeSettings settings = new VolumeSettings(new UUID(0, 0), "", 4096, durability, 0);
            ByteWriter out = new ByteWriter();
            ValueCodec.settings(out, settings);
            assertEquals(settings, ValueCodec.settings(new ByteReader(out.toByteArray())));
        }
    }

    @Test
    void everyReasonIsRead() {
        for (Reason reason : Reason.values()) {
            Failure failure = Failure.of(reason, "why");
            ByteWriter out = new ByteWriter();
            ReplyCodec.write(out, failure);
            assertEquals(failure, ReplyCodec.read(new ByteReader(out.toByteArray())));
        }
    }
}
