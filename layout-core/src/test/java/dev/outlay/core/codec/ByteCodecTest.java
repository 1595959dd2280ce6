package dev.outlay.core.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ByteCodecTest {

    private static final int MAX = 1_000;

    @Test
    void writesTheseVeryBytes() {
        ByteWriter writer = new ByteWriter(0);
        writer.writeByte(0xAB);
        writer.writeBoolean(true);
        writer.writeInt(0x01020304);
        writer.writeLong(0x0102030405060708L);
        writer.writeVar(0);
        writer.writeVar(300);
        writer.writeVar(Long.MAX_VALUE);
        writer.writeString("été");
        writer.writeBytes(new byte[] {1, 2});
        assertEquals(
                "ab"
                        + "01"
                        + "04030201"
                        + "0807060504030201"
                        + "00"
                        + "ac02"
                        + "ffffffffffffffff7f"
                        + "05c3a974c3a9"
                        + "020102",
                HexFormat.of().formatHex(writer.toByteArray()));
        assertEquals(writer.toByteArray().length, writer.size());
    }

    @Test
    void readsBackWhatWasWrittenAndRefusesEveryPrefixOfIt() {
        Seeds.each(5, ByteCodecTest::roundTrips);
    }

    @Test
    void junkIsReadOrRefusedButNeverBreaksTheReader() {
        Seeds.each(5, ByteCodecTest::readJunk);
    }

    @Test
    void varNumbersHaveOneEncoding() {
        refuses("8000", ByteReader::readVar, "longer than it needs");
        refuses("ffffffffffffffffff01", ByteReader::readVar, "63 bits");
        refuses("ffffffffffffffffff", ByteReader::readVar, "63 bits");
        refuses("ff", ByteReader::readVar, "ends with the data");
        refuses("", ByteReader::readVar, "ends with the data");
    }

    @Test
    void lengthsAreCheckedBeforeAnythingIsAllocated() {
        // Two GiB announced, two bytes there.
        refuses("ffffffff070000", r -> r.readBytes(Integer.MAX_VALUE), "but 2 bytes are left");
        refuses("ffffffff070000", r -> r.readString(Integer.MAX_VALUE), "but 2 bytes are left");
        refuses("ffffffff070000", r -> r.readCount(Integer.MAX_VALUE), "but 2 bytes are left");
        refuses("ffffffffffffffff7f", r -> r.readCount(9), "above the limit of 9");
        refuses("03414243", r -> r.readString(2), "above the limit of 2");
    }

    @Test
    void badValuesAreNamedWithTheirOffset() {
        refuses("02", ByteReader::readBoolean, "boolean is 2");
        refuses("01ff", r -> r.readString(9), "not UTF-8");
        refuses("010203", ByteReader::readInt, "int needs 4 bytes, but 3 are left");
        ByteReader reader = new ByteReader(new byte[] {9, 9, 1, 2, 3, 9}, 2, 3);
        assertEquals(1, reader.readByte());
        CorruptDataException e = assertThrows(CorruptDataException.class, reader::expectEnd);
        assertEquals("2 bytes follow the last value (at offset 1)", e.getMessage());
        assertEquals(1, reader.position());
        assertEquals(2, reader.remaining());
    }

    @Test
    void writerRefusesWhatCannotBeReadBack() {
        ByteWriter writer = new ByteWriter();
        assertThrows(IllegalArgumentException.class, () -> writer.writeVar(-1));
        assertThrows(IllegalArgumentException.class, () -> writer.writeByte(256));
        assertThrows(IllegalArgumentException.class, () -> writer.writeByte(-129));
        assertThrows(IllegalArgumentException.class, () -> writer.writeString("\uD800"));
        assertEquals(0, writer.size());
    }

    @Test
    void bytesGoFromTheLeastToTheMostThatFit() {
        ByteWriter writer = new ByteWriter();
        writer.writeByte(Byte.MIN_VALUE);
        writer.writeByte(255);
        assertArrayEquals(new byte[] {Byte.MIN_VALUE, -1}, writer.toByteArray());
    }

    private static void roundTrips(SplittableRandom random) {
        for (int i = 0; i < 2_000; i++) {
            ByteWriter writer = new ByteWriter(random.nextInt(3));
            List<Consumer<ByteReader>> reads = new ArrayList<>();
            int values = 1 + random.nextInt(12);
            for (int v = 0; v < values; v++) {
                reads.add(writeOne(writer, random));
            }
            byte[] bytes = writer.toByteArray();
            ByteReader reader = new ByteReader(bytes);
            reads.forEach(read -> read.accept(reader));
            assertTrue(reader.atEnd());
            reader.expectEnd();
            int cut = random.nextInt(bytes.length);
            byte[] padded = Arrays.copyOf(bytes, cut + 50);
            ByteReader shortReader = new ByteReader(padded, 0, cut);
            assertThrows(
                    CorruptDataException.class,
                    () -> reads.forEach(read -> read.accept(shortReader)));
            assertTrue(shortReader.position() <= cut);
        }
    }

    /** Writes a random value; the answer reads it back and compares. */
    private static Consumer<ByteReader> writeOne(ByteWriter writer, SplittableRandom random) {
        long number = random.nextLong() >>> random.nextInt(64);
        return switch (random.nextInt(7)) {
            case 0 -> {
                writer.writeByte((byte) number);
                yield reader -> assertEquals(number & 0xFF, reader.readByte());
            }
            case 1 -> {
                writer.writeBoolean(number % 2 == 0);
                yield reader -> assertEquals(number % 2 == 0, reader.readBoolean());
            }
            case 2 -> {
                writer.writeInt((int) number);
                yield reader -> assertEquals((int) number, reader.readInt());
            }
            case 3 -> {
                writer.writeLong(number);
                yield reader -> assertEquals(number, reader.readLong());
            }
            case 4 -> {
                writer.writeVar(number & Long.MAX_VALUE);
                yield reader -> assertEquals(number & Long.MAX_VALUE, reader.readVar());
            }
            case 5 -> {
                StringBuilder text = new StringBuilder();
                for (int i = random.nextInt(80); i > 0; i--) {
                    text.appendCodePoint(new int[] {'a', 'é', '€', 0x1F600, 0xFFFD}[i % 5]);
                }
                writer.writeString(text.toString());
                yield reader -> assertEquals(text.toString(), reader.readString(MAX));
            }
            default -> {
                byte[] bytes = new byte[random.nextInt(200)];
                random.nextBytes(bytes);
                writer.writeBytes(bytes);
                yield reader -> assertArrayEquals(bytes, reader.readBytes(MAX));
            }
        };
    }

    private static void readJunk(SplittableRandom random) {
        List<Function<ByteReader, Object>> reads =
                List.of(
                        ByteReader::readByte,
                        ByteReader::readBoolean,
                        ByteReader::readInt,
                        ByteReader::readLong,
                        ByteReader::readVar,
                        reader -> reader.readCount(MAX),
                        reader -> reader.readBytes(MAX),
                        reader -> reader.readString(MAX));
        for (int i = 0; i < 20_000; i++) {
            byte[] junk = new byte[random.nextInt(40)];
            random.nextBytes(junk);
            ByteReader reader = new ByteReader(junk);
            while (!reader.atEnd()) {
                int before = reader.position();
                try {
                    Object value = reads.get(random.nextInt(reads.size())).apply(reader);
                    assertFalse(value instanceof Long number && number > Long.MAX_VALUE - 1);
                    assertTrue(reader.position() > before);
                } catch (CorruptDataException e) {
                    assertEquals(before, reader.position(), "a refused value is not consumed");
                    break;
                }
            }
        }
    }

    private static void refuses(String hex, Function<ByteReader, Object> read, String why) {
        ByteReader reader = new ByteReader(HexFormat.of().parseHex(hex));
        CorruptDataException e = assertThrows(CorruptDataException.class, () -> read.apply(reader));
        assertTrue(e.toString().contains(why), e.toString());
        assertTrue(e.toString().endsWith("(at offset 0)"), e.toString());
        assertEquals(0, reader.position());
        assertEquals(hex.length() / 2, reader.remaining());
        assertEquals(hex, HexFormat.of().formatHex(HexFormat.of().parseHex(hex)));
    }
}
