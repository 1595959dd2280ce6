package dev.outlay.demo;

import dev.outlay.core.value.ByteRange;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A range of bytes as a line of cells, each of the kind that most of its bytes are.
 *
 * @param length bytes that the line stands for
 * @param marks what is not {@link Kind#HOLE}; disjoint
 */
record Picture(long length, List<Mark> marks) {

    /** What a byte can be; later ones win where two are equally many. */
    enum Kind {
        HOLE('·', '.', "nothing"),
        UNWRITTEN('░', 'u', "unwritten"),
        WRITTEN('█', '#', "written"),
        QUARANTINED('╳', 'x', "quarantined");

        private final char sign;
        private final char plainSign;
        private final String words;

        Kind(char sign, char plainSign, String words) {
            this.sign = sign;
            this.plainSign = plainSign;
            this.words = words;
        }

        /**
         * The cell's character.
         *
         * @param plain for an output that knows ASCII only
         */
        char sign(boolean plain) {
            return plain ? plainSign : sign;
        }

        String words() {
            return words;
        }
    }

    /** A range of one kind. */
    record Mark(ByteRange range, Kind kind) {}

    Picture {
        marks = List.copyOf(marks);
    }

    /** The kinds of the cells, from left to right. */
    List<Kind> cells(int width) {
        List<Kind> cells = new ArrayList<>(width);
        for (int cell = 0; cell < width; cell++) {
            cells.add(kind(length * cell / width, length * (cell + 1) / width));
        }
        return cells;
    }

    private Kind kind(long start, long end) {
        Map<Kind, Long> bytes = new EnumMap<>(Kind.class);
        bytes.put(Kind.HOLE, end - start);
        for (Mark mark : marks) {
            long common = Math.min(end, mark.range().end()) - Math.max(start, mark.range().start());
            if (common > 0) {
                bytes.merge(mark.kind(), common, Long::sum);
                bytes.merge(Kind.HOLE, -common, Long::sum);
            }
        }
        long most = 0;
        Kind winner = Kind.HOLE;
        for (Map.Entry<Kind, Long> entry : bytes.entrySet()) {
            if (entry.getValue() >= most) {
                most = entry.getValue();
                winner = entry.getKey();
            }
        }
        return winner;
    }
}
