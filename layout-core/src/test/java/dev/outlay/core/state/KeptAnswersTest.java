package dev.outlay.core.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.Reason;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Against a sorted map. */
class KeptAnswersTest {

    @Test
    void whateverComesAndGoesItHoldsWhatASortedMapHolds() {
        for (long seed = 1; seed <= 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            KeptAnswers kept = new KeptAnswers();
            NavigableMap<Long, Reply.Kept> model = new TreeMap<>();
            long newest = random.nextLong(3);
            for (int step = 0; step < 300; step++) {
                switch (random.nextInt(8)) {
                    case 0 -> {
                        long through = newest - random.nextLong(20);
                        kept.removeThrough(through);
                        model.headMap(through, true).clear();
                    }
                    case 1 -> {
                        // One that was overtaken, or is answered anew.
                        long id = newest - random.nextLong(30);
                        kept.put(id, answer(seed * step));
                        model.put(id, answer(seed * step));
                    }
                    case 2 -> newest += random.nextLong(10);
                    case 3 -> {
                        if (random.nextInt(20) == 0) {
                            kept.clear();
                            model.clear();
                        }
                    }
                    default -> {
                        newest++;
                        kept.put(newest, answer(step));
                        model.put(newest, answer(step));
                    }
                }
                check(model, kept, newest - random.nextLong(40), "seed " + seed + " step " + step);
            }
        }
    }

    private static void check(
            NavigableMap<Long, Reply.Kept> model, KeptAnswers kept, long id, String where) {
        assertEquals(model.size(), kept.size(), where);
        assertEquals(model.isEmpty(), kept.isEmpty(), where);
        assertEquals(model.get(id), kept.get(id), where);
        assertEquals(model.tailMap(id, false).size(), kept.after(id), where);
        NavigableMap<Long, Reply.Kept> listed = new TreeMap<>();
        kept.forEach(
                (key, reply) -> {
                    assertEquals(listed.size(), listed.headMap(key).size(), where);
                    listed.put(key, reply);
                });
        assertEquals(model, listed, where);
    }

    @Test
    void theGreatestIdHasNoneAfterIt() {
        KeptAnswers kept = new KeptAnswers();
        assertEquals(0, kept.after(Long.MAX_VALUE));
        assertNull(kept.get(Long.MAX_VALUE));
        kept.put(Long.MAX_VALUE, answer(1));
        assertEquals(0, kept.after(Long.MAX_VALUE));
        assertEquals(1, kept.after(Long.MAX_VALUE - 1));
        assertEquals(answer(1), kept.get(Long.MAX_VALUE));
    }

    private static Reply.Kept answer(long number) {
        return new Reply.Failure(Reason.NOT_FOUND, "no " + number, 0);
    }
}
