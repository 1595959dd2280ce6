package dev.outlay.core.state;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of the tables have changed since they were saved last: said here for every fact, and
 * by quarantine, shared blocks and extent maps themselves for what lies in them.
 */
final class ChangedRows {

    final Places quarantine = new Places();
    final Places shared = new Places();
    final Set<ClientId> clients = new LinkedHashSet<>();
    final Set<FileId> files = new LinkedHashSet<>();
    final Set<Long> works = new LinkedHashSet<>();

    /** Files that are gone, as they were last: what was saved of their maps has to go too. */
    final Map<FileId, FileNode> forgotten = new LinkedHashMap<>();

    boolean volume;

    /** In {@link #files}; most often the next one too. */
    private @Nullable FileId lastFile;

    private boolean wanted;
    private int facts;

    /** From now on every change is noted. */
    void begin() {
        wanted = true;
        quarantine.begin();
        shared.begin();
    }

    /** How many facts have changed rows. */
    int facts() {
        return facts;
    }

    void clear() {
        clients.clear();
        files.clear();
        lastFile = null;
        works.clear();
        forgotten.clear();
        volume = false;
        facts = 0;
    }

    /** Notes what {@code fact}, which is about to be applied, changes. */
    void note(VolumeTables tables, Fact fact) {
        if (!wanted || !fact.isDurable()) {
            return;
        }
        facts++;
        switch (fact) {
            case Fact.VolumeCreated _ -> {
                volume = true;
                file(FileId.ROOT);
            }
            case Fact.DeviceAdded _,
                    Fact.DeviceRetiring _,
                    Fact.DeviceRetired _,
                    Fact.DeviceReleased _ ->
                    volume = true;
            case Fact.ClientJoined f -> clients.add(f.client().id());
            case Fact.ClientEnded f -> clients.add(f.client());
            case Fact.ClientForgotten f -> clients.add(f.client());
            case Fact.Answered f -> clients.add(f.client());
            case Fact.FileCreated f -> {
                volume = true;
                file(f.file());
                file(f.parent());
            }
            case Fact.FileRenamed f -> {
                file(f.file());
                file(tables.need(f.file()).parent);
                file(f.newParent());
            }
            case Fact.FileUnlinked f -> {
                file(f.file());
                file(tables.need(f.file()).parent);
            }
            case Fact.FileForgotten f -> {
                files.remove(f.file());
                lastFile = null;
                forgotten.put(f.file(), tables.need(f.file()));
            }
            case Fact.AttributesSet f -> file(f.file());
            case Fact.ExtentsAllocated f -> file(f.file());
            case Fact.ExtentsConverted f -> file(f.file());
            case Fact.ExtentsFreed f -> file(f.file());
            case Fact.UncommittedFreed f -> file(f.file());
            case Fact.ExtentsQuarantined f -> file(f.file());
            case Fact.ExtentsAtRisk f -> file(f.file());
            case Fact.ExtentsProven f -> file(f.file());
            case Fact.ExtentsReplaced f -> file(f.file());
            case Fact.CopiesAllocated f -> file(f.file());
            case Fact.CopiesFreed f -> file(f.file());
            case Fact.CopiesQuarantined f -> file(f.file());
            case Fact.ExtentsSwapped f -> file(f.file());
            case Fact.ExtentsRetained f -> file(f.file());
            case Fact.ExtentsCloned f -> file(f.destination());
            case Fact.FlagsSet f -> file(f.file());
            case Fact.LayoutGranted f -> file(f.file());
            case Fact.LayoutReturned f -> file(f.file());
            case Fact.WorkIntended f -> {
                volume = true;
                works.add(f.work().id());
            }
            case Fact.WorkCompleted f -> works.add(f.work());
            case Fact.ClientProven _ -> {
                // Quarantine knows what it gives up.
            }
            case Fact.LeaseLapsed _,
                    Fact.GraceChanged _,
                    Fact.ClientReattached _,
                    Fact.SeqidSeen _,
                    Fact.RecallBegan _,
                    Fact.RecallAcknowledged _,
                    Fact.RecallOverdue _,
                    Fact.RecallEnded _,
                    Fact.WaitBegan _,
                    Fact.WaitMoved _,
                    Fact.WaitEnded _,
                    Fact.InterestNoted _ ->
                    throw new IllegalStateException("not durable, so in no row: " + fact);
        }
    }

    private void file(FileId id) {
        if (!id.equals(lastFile)) {
            files.add(id);
            lastFile = id;
        }
    }
}
