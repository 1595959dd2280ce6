package dev.outlay.core.exhaustive;

import dev.outlay.core.command.Command;
import dev.outlay.core.exhaustive.ClientProcess.Status;
import dev.outlay.core.exhaustive.ClientProcess.View;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Recall;
import java.util.Arrays;
import java.util.List;

/** What happens to hosts and to the processes of clients on them. */
final class Hosts {

    private final World world;

    Hosts(World world) {
        this.world = world;
    }

    void step(Step step) {
        ClientProcess process = world.processes[step.host()];
        switch (step.kind()) {
            case CRASH -> crash(process, step.at());
            case STOP -> process.status = Status.STOPPED;
            case RESUME -> resume(process);
            case EXPIRE -> expire(process);
            case PROVE -> prove(process);
            default -> throw new IllegalStateException("nothing that happens to a host: " + step);
        }
    }

    private void crash(ClientProcess process, int lost) {
        List<Integer> dirty = world.memory.dirtyOf(process.host);
        for (int i = 0; i < dirty.size(); i++) {
            if ((lost & 1 << i) != 0) {
                int at = dirty.get(i);
                world.memory.lose(at);
                int block = world.fileBlock(at / Memory.LINES);
                if (block >= 0) {
                    world.expected.may(
                            block * Memory.LINES + at % Memory.LINES, world.memory.seen[at]);
                }
            }
        }
        world.memory.flush(process.host);
        process.status = Status.DEAD;
        process.suspended = true;
    }

    private void resume(ClientProcess process) {
        if (process.status == Status.DEAD) {
            new Answers(world).restart(process);
            return;
        }
        for (int block = 0; block < Expected.BLOCKS; block++) {
            View view = process.views[block];
            if (view != null && view.isWriter()) {
                new Clients(world).store(process, block);
            }
        }
        process.status = Status.RUNNING;
        process.suspended = process.leaseOver;
    }

    /** The lease, and the longest I/O, run out; by the client's own clock before. */
    private void expire(ClientProcess process) {
        List<ClientId> lingering = former(process);
        if (!lingering.isEmpty()) {
            lingering.forEach(id -> world.run(new Command.LapseClient(id)));
            world.goOn();
            return;
        }
        process.leaseOver = true;
        process.suspended |= process.isRunning();
        if (!process.attached) {
            if (Arrays.stream(world.processes).allMatch(p -> p.attached || p.leaseOver)) {
                world.run(new Command.EndGrace());
                Arrays.stream(world.processes).forEach(p -> p.attached = true);
            }
        } else {
            ClientEntry entry = world.volume.tables().client(process.id());
            if (entry != null) {
                for (Recall recall : List.copyOf(entry.recalls())) {
                    world.run(new Command.RecallDue(process.id(), recall.id(), recall.pieces(), 0));
                }
            }
            world.run(new Command.LapseClient(process.id()));
        }
        world.goOn();
    }

    /** Whatever was on this host before what runs there now has certainly ended, and is flushed. */
    private void prove(ClientProcess process) {
        world.memory.flush(process.host);
        for (ClientId id : former(process)) {
            world.run(new Command.ProveClient(id, Proof.FENCE_DRIVER));
        }
        world.goOn();
    }

    /** Clients that have ended and are not, or not any more, a process on this host. */
    List<ClientId> former(ClientProcess process) {
        return world.volume.tables().clients().stream()
                .filter(c -> c.ended().filter(cause -> cause != EndCause.OWN_WORD).isPresent())
                .filter(c -> c.record().owner().equals(World.NAMES[process.host]))
                .map(c -> c.record().id())
                .filter(id -> !id.equals(process.id()) || process.status == Status.DEAD)
                .toList();
    }
}
