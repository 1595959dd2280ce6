package dev.outlay.core.value;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class DurabilityTest {

    @Test
    void theOrderIsTheOneOfStrength() {
        List<Durability> weakestFirst =
                List.of(
                        Durability.VISIBLE,
                        Durability.FORCED,
                        Durability.DEVICE_FLUSHED,
                        Durability.SYNC_MAPPED);
        for (int i = 0; i < weakestFirst.size(); i++) {
            for (int j = 0; j < weakestFirst.size(); j++) {
                assertEquals(i >= j, weakestFirst.get(i).atLeast(weakestFirst.get(j)));
            }
        }
    }
}
