package dev.outlay.client;

import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import java.util.Optional;

/**
 * What the server needs back from this client.
 *
 * @param stateid of the layout, its seqid raised by this recall; only with ranges of a file
 * @param changed nothing more may be stored or committed by layout
 */
public record ToldRecall(
        String volume, long recall, RecallScope scope, Optional<Stateid> stateid, boolean changed) {

    /** Whether both ask for the same, told at different moments. */
    boolean asksTheSame(ToldRecall other) {
        return volume.equals(other.volume)
                && recall == other.recall
                && scope.equals(other.scope)
                && changed == other.changed;
    }

    /** Whether it concerns a file; 0: any. */
    boolean concerns(String ofVolume, long file) {
        return volume.equals(ofVolume)
                && switch (scope) {
                    case RecallScope.Ranges ranges -> file == 0 || ranges.file().value() == file;
                    case RecallScope.Device _, RecallScope.Volume _ -> true;
                };
    }
}
