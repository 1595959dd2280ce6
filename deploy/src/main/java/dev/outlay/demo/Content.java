package dev.outlay.demo;

import dev.outlay.core.text.Amounts;
import dev.outlay.core.value.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * What bytes have to be, piece after piece without gaps, and the comparison with what was read.
 *
 * @param pieces by rising offset; each begins where the one before ends
 */
record Content(List<Piece> pieces) {

    private static final int CHUNK_BYTES = 1 << 20;

    /** A range all of one ink. */
    record Piece(ByteRange range, Ink ink) {}

    /**
     * How what was read differs.
     *
     * @param bytes that were read
     * @param wrong bytes that no commit explains, missing and surplus ones included
     * @param wrongByInk whose the wrong ones are, where they are anybody's
     * @param firstWrong where the first one is; -1 without any
     */
    record Outcome(long bytes, long wrong, Map<Ink, Long> wrongByInk, long firstWrong) {

        boolean isRight() {
            return wrong == 0;
        }

        /** What is wrong, in one clause. */
        String problem() {
            StringJoiner whose = new StringJoiner(", ", " (", ")").setEmptyValue("");
            wrongByInk.forEach((ink, count) -> whose.add(count + " of them " + ink.words()));
            return wrong + " bytes are wrong, the first at offset " + firstWrong + whose;
        }
    }

    Content {
        pieces = List.copyOf(pieces);
        for (int i = 1; i < pieces.size(); i++) {
            if (pieces.get(i).range().start() != pieces.get(i - 1).range().end()) {
                throw new IllegalArgumentException("a gap or an overlap before " + pieces.get(i));
            }
        }
    }

    static Content of(Piece... pieces) {
        return new Content(List.of(pieces));
    }

    /** What it consists of, for a person. */
    String inWords() {
        StringJoiner words = new StringJoiner(", ");
        for (Piece piece : pieces) {
            words.add(Amounts.bytes(piece.range().length()) + " of " + piece.ink().words());
        }
        return words + ", and nothing else";
    }

    /** Reads to the end and compares every byte. */
    Outcome compare(InputStream read) throws IOException {
        Count count = new Count();
        for (Piece piece : pieces) {
            long at = piece.range().start();
            while (at < piece.range().end()) {
                int wanted = (int) Math.min(CHUNK_BYTES, piece.range().end() - at);
                byte[] chunk = read.readNBytes(wanted);
                count.chunk(piece.ink(), at, chunk);
                if (chunk.length < wanted) {
                    count.missing(at + chunk.length, end() - at - chunk.length);
                    return count.outcome();
                }
                at += wanted;
            }
        }
        count.surplus(end(), read);
        return count.outcome();
    }

    private long end() {
        return pieces.getLast().range().end();
    }

    /** One comparison under way. */
    private static final class Count {

        private final Map<Ink, Long> byInk = new EnumMap<>(Ink.class);
        private long bytes;
        private long wrong;
        private long first = -1;

        void chunk(Ink expected, long offset, byte[] chunk) {
            bytes += chunk.length;
            byte[] right = expected.bytes(offset, chunk.length);
            int at = Arrays.mismatch(right, chunk);
            if (at < 0) {
                return;
            }
            note(offset + at, 0);
            for (; at < chunk.length; at++) {
                if (chunk[at] != right[at]) {
                    wrong++;
                    whose(chunk[at]);
                }
            }
        }

        void missing(long offset, long length) {
            note(offset, length);
        }

        void surplus(long offset, InputStream read) throws IOException {
            byte[] more = read.readNBytes(CHUNK_BYTES);
            if (more.length > 0) {
                bytes += more.length;
                note(offset, more.length);
            }
        }

        private void note(long offset, long length) {
            wrong += length;
            first = first < 0 ? offset : first;
        }

        private void whose(byte value) {
            for (Ink ink : Ink.values()) {
                if (ink.has(value)) {
                    byInk.merge(ink, 1L, Long::sum);
                }
            }
        }

        Outcome outcome() {
            return new Outcome(bytes, wrong, byInk, first);
        }
    }
}
