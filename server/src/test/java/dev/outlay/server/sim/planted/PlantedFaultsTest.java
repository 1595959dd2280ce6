package dev.outlay.server.sim.planted;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.server.sim.planted.Hunt.Finding;
import dev.outlay.server.sim.planted.PlantedFault.Edit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * "The checker is checked": each planted fault is found by the simulator, which finds nothing in
 * the product without them. {@code -Doutlay.faults.only=NAME} looks for one, {@code
 * -Doutlay.faults.seeds=N} in other than its own number of seeds, {@code
 * -Doutlay.faults.write=true} keeps the table in {@code docs/planted-faults.md}.
 */
class PlantedFaultsTest {

    private static final String ONLY = System.getProperty("outlay.faults.only", "");
    private static final int SEEDS = Integer.getInteger("outlay.faults.seeds", 0);
    private static final boolean WRITE = Boolean.getBoolean("outlay.faults.write");
    private static final int CONTROL_SEEDS = 30;
    private static final int CONTROL_SEEDS_OF_STOPPED_READERS = 20;

    @Test
    void everyPlantedFaultIsFound() {
        List<PlantedFault> faults =
                ONLY.isEmpty() ? PlantedFault.all() : List.of(PlantedFault.named(ONLY));
        Map<PlantedFault, Optional<Finding>> results =
                PlantedFaultsMain.hunt(faults, SEEDS, !WRITE, !ONLY.isEmpty(), System.out);
        if (WRITE && ONLY.isEmpty()) {
            FaultTable.write(results);
        }
        assertEquals(
                List.of(),
                results.entrySet().stream()
                        .filter(e -> e.getValue().isEmpty())
                        .map(e -> e.getKey().name())
                        .toList(),
                "the simulator does not see these faults any more");
    }

    @Test
    void nothingIsFoundWithoutAFault() {
        Optional<Finding> found = Hunt.ofTheProduct(CONTROL_SEEDS, false);
        assertEquals(Optional.empty(), found, "the product as it is breaks an invariant");
        Optional<Finding> stopped = Hunt.ofTheProduct(CONTROL_SEEDS_OF_STOPPED_READERS, true);
        assertEquals(
                Optional.empty(),
                stopped,
                "the product as it is breaks an invariant where clients are stopped in reads");
    }

    @Test
    void everyPlantedFaultHasItsRowInTheDocument() {
        assertEquals(
                List.of(),
                FaultTable.missing(PlantedFault.all()),
                "docs/planted-faults.md lacks these; write it with -Doutlay.faults.write=true");
    }

    @Test
    void aFaultWhoseTextIsGoneSaysSo() {
        PlantedFault gone =
                new PlantedFault(
                        "gone",
                        "I1",
                        "client/src/main/java/dev/outlay/client/FileWrites.java",
                        "nothing",
                        1,
                        false,
                        List.of(new Edit("this was never there", "")));
        String message =
                assertThrows(IllegalStateException.class, gone::patchedSource).getMessage();
        assertTrue(
                String.valueOf(message).contains("the fault gone finds nothing to replace"),
                message);
        PlantedFault vague =
                new PlantedFault(
                        "vague",
                        "I1",
                        gone.file(),
                        "nothing",
                        1,
                        false,
                        List.of(new Edit("return", "")));
        message = assertThrows(IllegalStateException.class, vague::patchedSource).getMessage();
        assertTrue(String.valueOf(message).contains("in more than one place"), message);
    }
}
