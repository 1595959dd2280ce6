package dev.outlay.core.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.Golden;
import dev.outlay.core.Seeds;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The bytes of the journal: what they are, and that damage never passes for anything else. */
class FactCodecTest {

    @Test
    void everyFactIsAsItsGoldenFileSays() {
        Samples.facts()
                .forEach(
                        (name, fact) -> {
                            byte[] record = FactCodec.record(List.of(fact));
                            byte[] golden = Golden.of("fact/" + name, record);
                            assertArrayEquals(golden, record, name);
                            assertEquals(List.of(fact), FactCodec.facts(golden), name);
                        });
    }

    @Test
    void everyKeptReplyIsAsItsGoldenFileSays() {
        Samples.replies()
                .forEach(
                        (name, reply) -> {
                            ByteWriter out = new ByteWriter();
                            ReplyCodec.write(out, reply);
                            byte[] golden = Golden.of("reply/" + name, out.toByteArray());
                            assertArrayEquals(golden, out.toByteArray(), name);
                            ByteReader in = new ByteReader(golden);
                            assertEquals(reply, ReplyCodec.read(in), name);
                            in.expectEnd();
                        });
    }

    @Test
    void thereIsASampleOfEveryKind() {
        Set<Class<?>> volatileFacts =
                Set.of(
                        Fact.LeaseLapsed.class,
                        Fact.GraceChanged.class,
                        Fact.ClientReattached.class,
                        Fact.SeqidSeen.class,
                        Fact.RecallBegan.class,
                        Fact.RecallAcknowledged.class,
                        Fact.RecallOverdue.class,
                        Fact.RecallEnded.class,
                        Fact.WaitBegan.class,
                        Fact.WaitMoved.class,
                        Fact.WaitEnded.class,
                        Fact.InterestNoted.class);
        assertEquals(
                Stream.concat(
                                Stream.of(Fact.class.getPermittedSubclasses()),
                                Stream.of(Fact.Copying.class.getPermittedSubclasses()))
                        .filter(kind -> kind != Fact.Copying.class)
                        .filter(kind -> !volatileFacts.contains(kind))
                        .collect(Collectors.toSet()),
                kinds(Samples.facts().values().stream()));
        assertEquals(
                Set.of(Reply.Kept.class.getPermittedSubclasses()),
                kinds(Samples.replies().values().stream()));
        assertEquals(
                Stream.of(Continuation.class.getPermittedSubclasses())
                        .filter(kind -> kind != Continuation.Wrote.class)
                        .filter(kind -> kind != Continuation.Grant.class)
                        .collect(Collectors.toSet()),
                kinds(
                        Samples.facts().values().stream()
                                .filter(f -> f instanceof Fact.WorkIntended)
                                .map(f -> ((Fact.WorkIntended) f).work().then())));
    }

    private static Set<Class<?>> kinds(Stream<?> values) {
        return values.map(Object::getClass).collect(Collectors.toSet());
    }

    @Test
    void aRecordHoldsTheDurableFactsInOrder() {
        List<Fact> facts = new ArrayList<>(Samples.facts().values());
        List<Fact> mixed = new ArrayList<>(facts);
        mixed.add(3, new Fact.GraceChanged(true));
        mixed.add(9, new Fact.SeqidSeen(new ClientId(1), FileId.ROOT, 4));
        assertEquals(facts, FactCodec.facts(FactCodec.record(mixed)));
        assertEquals(0, FactCodec.record(List.of(new Fact.GraceChanged(true))).length);
    }

    @Test
    void aPlainReadBesideAMappedOneIsNotJournaled() {
        LayoutRange mapped = new LayoutRange(new ByteRange(0, 4096), GrantKind.READ_MAPPED);
        LayoutRange plain = new LayoutRange(new ByteRange(4096, 8192), GrantKind.READ);
        Fact.LayoutGranted granted =
                new Fact.LayoutGranted(
                        new ClientId(1),
                        FileId.ROOT,
                        new LayoutId(1, 1),
                        1,
                        List.of(mapped, plain));
        Fact.LayoutGranted read =
                (Fact.LayoutGranted) FactCodec.facts(FactCodec.record(List.of(granted))).getFirst();
        assertEquals(List.of(mapped), read.ranges());
    }

    @Test
    void aJournaledPlainReadIsDamage() {
        LayoutRange mapped = new LayoutRange(new ByteRange(0, 4096), GrantKind.READ_MAPPED);
        byte[] record =
                FactCodec.record(
                        List.of(
                                new Fact.LayoutGranted(
                                        new ClientId(1),
                                        FileId.ROOT,
                                        new LayoutId(1, 1),
                                        1,
                                        List.of(mapped))));
        // The kind is the last byte; plain READ comes right before READ_MAPPED.
        record[record.length - 1]--;
        CorruptDataException refused =
                assertThrows(CorruptDataException.class, () -> FactCodec.facts(record));
        assertTrue(String.valueOf(refused.getMessage()).contains("never journaled"));
    }

    @Test
    void aRecordOfAnotherVersionIsRefusedByName() {
        CorruptDataException refused =
                assertThrows(CorruptDataException.class, () -> FactCodec.facts(new byte[] {9, 1}));
        assertTrue(String.valueOf(refused.getMessage()).contains("version 9"));
    }

    // ---- damage

    @Test
    void aRecordCutAnywhereIsDamageOrAWholeNumberOfFacts() {
        byte[] record = FactCodec.record(List.copyOf(Samples.facts().values()));
        int whole = 0;
        for (int length = 0; length < record.length; length++) {
            try {
                List<Fact> facts = FactCodec.facts(Arrays.copyOf(record, length));
                assertEquals(List.copyOf(Samples.facts().values()).subList(0, facts.size()), facts);
                whole++;
            } catch (CorruptDataException e) {
                assertTrue(e.getMessage() != null);
            }
        }
        assertEquals(Samples.facts().size(), whole);
    }

    @Test
    void flippedBitsNeverThrowAnythingElse() {
        List<byte[]> records =
                Samples.facts().values().stream().map(f -> FactCodec.record(List.of(f))).toList();
        Seeds.each(
                20,
                random -> {
                    for (byte[] record : records) {
                        byte[] damaged = record.clone();
                        for (int i = random.nextInt(4); i >= 0; i--) {
                            int at = random.nextInt(damaged.length);
                            damaged[at] ^= (byte) (1 << random.nextInt(8));
                        }
                        readOrRefuse(damaged);
                    }
                });
    }

    @Test
    void garbageNeverThrowsAnythingElse() {
        Seeds.each(20, FactCodecTest::garbage);
    }

    private static void garbage(SplittableRandom random) {
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[2 + random.nextInt(60)];
            random.nextBytes(bytes);
            bytes[0] = FactCodec.VERSION;
            bytes[1] = (byte) (1 + random.nextInt(32));
            if (random.nextBoolean()) {
                for (int at = 2; at < bytes.length; at++) {
                    bytes[at] &= 0x0f;
                }
            }
            readOrRefuse(bytes);
        }
    }

    /** What is read of damaged bytes is written and read the same again. */
    private static void readOrRefuse(byte[] record) {
        try {
            List<Fact> facts = FactCodec.facts(record);
            assertEquals(facts, FactCodec.facts(FactCodec.record(facts)));
        } catch (CorruptDataException e) {
            assertTrue(e.getMessage() != null);
        }
    }
}
