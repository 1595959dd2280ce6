package dev.outlay.core;

import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.op.Decision;
import dev.outlay.core.op.Operations;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.space.NotInMemoryException;
import dev.outlay.core.space.ResidentPages;
import dev.outlay.core.state.Row;
import dev.outlay.core.state.StateImage;
import dev.outlay.core.state.StateRows;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.state.WaitingRoom;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The layout state of one volume: {@link #decide} says what shall happen and changes nothing,
 * {@link #apply} is the only mutator and cannot refuse. {@link #execute} is both in turn until the
 * command has an answer or waits.
 *
 * <p>Everything that is not deterministic arrives in the command. The same facts in the same order
 * give the same durable state, byte for byte ({@link #image}). One thread owns it; nothing here
 * blocks, reads a clock, or does I/O.
 */
public final class VolumeState {

    /** Steps one command may take; more means that deciding does not end. */
    private static final int MAX_STEPS = 1_000_000;

    private final VolumeTables tables;

    private VolumeState(VolumeTables tables) {
        this.tables = tables;
    }

    /**
     * A volume of which nothing is known yet: the facts of its journal, or of its creation, are
     * applied next.
     */
    public static VolumeState empty(Limits limits) {
        return new VolumeState(new VolumeTables(limits));
    }

    /** The volume as {@link #image} captured it. */
    public static VolumeState restore(Limits limits, byte[] image) {
        return new VolumeState(StateImage.decode(limits, image));
    }

    /** The volume whose rows have been loaded, as {@link #takeRows} told them. */
    public static VolumeState of(StateRows.Loader rows) {
        return new VolumeState(rows.tables());
    }

    /** The first facts of a new volume. */
    public static List<Fact> creation(VolumeSettings settings, List<VolumeDevice> devices) {
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact.VolumeCreated(settings));
        devices.forEach(device -> facts.add(new Fact.DeviceAdded(device)));
        return facts;
    }

    /**
     * What a command came to.
     *
     * @param facts applied, in order; the durable ones belong into one journal record
     * @param reply to be given once they are durable; absent while the command waits for device
     *     work
     * @param notices to be told once they are durable
     * @param awaitedWork the work it waits for: execute the command again once that is complete
     * @param awaitedTurn the ticket it waits with: execute the command again once that is ready
     */
    public record Execution(
            List<Fact> facts,
            List<Notice> notices,
            Optional<Reply> reply,
            OptionalLong awaitedWork,
            OptionalLong awaitedTurn) {}

    /** Decides and applies until the command is answered or waits. */
    public Execution execute(Command command) {
        List<Fact> facts = List.of();
        List<Notice> notices = List.of();
        Command next = command;
        for (int step = 0; step < MAX_STEPS; step++) {
            Decision decision = decide(next);
            for (Fact fact : decision.facts()) {
                apply(fact);
            }
            facts = joined(facts, decision.facts());
            notices = joined(notices, decision.notices());
            switch (decision.outcome()) {
                case Decision.Outcome.Answer answer -> {
                    return new Execution(
                            facts,
                            notices,
                            Optional.of(answer.reply()),
                            OptionalLong.empty(),
                            OptionalLong.empty());
                }
                case Decision.Outcome.AwaitWork wait -> {
                    return new Execution(
                            facts,
                            notices,
                            Optional.empty(),
                            OptionalLong.of(wait.work()),
                            OptionalLong.empty());
                }
                case Decision.Outcome.AwaitTurn wait -> {
                    return new Execution(
                            facts,
                            notices,
                            Optional.empty(),
                            OptionalLong.empty(),
                            OptionalLong.of(wait.ticket()));
                }
                case Decision.Outcome.Then then -> next = then.next();
            }
        }
        throw new IllegalStateException("deciding " + command + " does not end");
    }

    private static <T> List<T> joined(List<T> before, List<T> more) {
        if (before.isEmpty()) {
            return more;
        }
        if (more.isEmpty()) {
            return before;
        }
        List<T> all = new ArrayList<>(before.size() + more.size());
        all.addAll(before);
        all.addAll(more);
        return all;
    }

    /**
     * As {@link #decide}, of what is in memory alone; null if that does not suffice. Never waits
     * for a disk.
     */
    public @Nullable Decision decideInMemory(Command command) {
        ResidentPages resident = tables.resident();
        if (resident == null) {
            return decide(command);
        }
        resident.fetch(false);
        try {
            return decide(command);
        } catch (NotInMemoryException e) {
            return null;
        } finally {
            resident.fetch(true);
        }
    }

    /** What shall happen; changes nothing. */
    public Decision decide(Command command) {
        return Operations.decide(tables, command);
    }

    /** Makes a fact so. */
    public void apply(Fact fact) {
        tables.apply(fact);
    }

    /**
     * Who may go on since this was asked last: commands that wait with these tickets are to be
     * executed again, in this order.
     */
    public WaitingRoom.Ready takeReady() {
        return tables.takeReady();
    }

    /** The tables, to look at. */
    public VolumeTables tables() {
        return tables;
    }

    /** The durable state as bytes: equal states give equal bytes. */
    public byte[] image() {
        return StateImage.encode(tables);
    }

    // ---- saving what changes

    /** From now on changes are noted, so that {@link #takeRows} can tell them. */
    public void noteChanges() {
        tables.noteChanges();
    }

    /** How many facts there are to tell of. */
    public int changes() {
        return tables.changes();
    }

    /**
     * What has changed of the durable state since this was asked last, or since {@link
     * #noteChanges}: the rows of a volume that is loaded from them are those that were told.
     */
    public List<Row> takeRows() {
        return tables.takeRows();
    }

    /**
     * All of the durable state, in place of whatever was told before; but extents that are not in
     * memory are left as they were told. Changes are noted from then on.
     */
    public List<Row> takeAllRows() {
        return tables.takeAllRows();
    }

    // ---- what is in memory

    /** How many extents are in memory, about; 0 where all of them always are. */
    public long residentExtents() {
        ResidentPages resident = tables.resident();
        return resident == null ? 0 : resident.extents();
    }

    /** The number of the last taking of changes, for {@link #saved}. */
    public int taken() {
        ResidentPages resident = tables.resident();
        return resident == null ? 0 : resident.taken();
    }

    /** What was taken up to this number is durable: extents in it may leave memory. */
    public void saved(int taken) {
        ResidentPages resident = tables.resident();
        if (resident != null) {
            resident.durable(taken);
        }
    }

    /**
     * Lets extents leave memory until so many are left at most, as far as they may.
     *
     * @param steps how many pages of them are looked at, about
     */
    public void shrink(long mostExtents, int steps) {
        ResidentPages resident = tables.resident();
        if (resident != null) {
            resident.shrink(mostExtents, steps);
        }
    }
}
