package dev.outlay.core.op;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ClientId;
import java.util.ArrayList;
import java.util.List;

/** Lets a removed file go, blocks and inode, once nothing refers to it any more. */
final class Removal {

    private Removal() {}

    /** ReapRemoved: all removed files that nobody holds. */
    static Decision decide(VolumeTables tables) {
        List<Fact> facts = new ArrayList<>();
        for (FileNode file : tables.files()) {
            if (file.isRemoving() && file.layouts().isEmpty() && isDue(tables, file)) {
                facts.addAll(facts(file, 0));
            }
        }
        return Decision.answer(facts, new Reply.Done());
    }

    /**
     * What follows when {@code leaving} has given back what it held, {@code leavesWhole} if that
     * was its whole layout: nothing, unless it was the last that held a removed file.
     */
    static List<Fact> after(
            VolumeTables tables, FileNode file, ClientId leaving, boolean leavesWhole) {
        boolean held =
                file.layouts().stream().anyMatch(l -> !(leavesWhole && l.client().equals(leaving)));
        return file.isRemoving() && !held && isDue(tables, file)
                ? facts(file, leaving.value())
                : List.of();
    }

    /**
     * Whether neither device work nor a reader that may still restate its grant needs the blocks.
     */
    static boolean isDue(VolumeTables tables, FileNode file) {
        return !tables.isInGrace() && file.workOn(Grants.wholeFile()) == null;
    }

    /** What follows when the work that is being completed was the last on this file. */
    static List<Fact> afterWork(VolumeTables tables, FileNode file) {
        boolean last = file.works() == 1;
        return last && file.isRemoving() && file.layouts().isEmpty() && !tables.isInGrace()
                ? facts(file, 0)
                : List.of();
    }

    /** The blocks are free, or in quarantine if they are at risk; the inode is gone. */
    static List<Fact> facts(FileNode file, long by) {
        List<Fact> facts = new ArrayList<>();
        if (!file.extents().isEmpty()) {
            facts.add(new Fact.ExtentsFreed(file.id(), Grants.wholeFile(), by));
        }
        facts.add(new Fact.FileForgotten(file.id()));
        return facts;
    }
}
