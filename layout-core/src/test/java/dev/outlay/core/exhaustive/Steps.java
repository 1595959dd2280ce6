package dev.outlay.core.exhaustive;

import dev.outlay.core.exhaustive.ClientProcess.Status;
import dev.outlay.core.exhaustive.ClientProcess.View;
import dev.outlay.core.exhaustive.Step.Fate;
import dev.outlay.core.exhaustive.Step.Kind;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** The steps that may come next; those that would do nothing are left out. */
final class Steps {

    private static final int[] PUNCHES = {0, 1, 2};

    private final World world;
    private final boolean mayCrash;
    private final List<Step> all = new ArrayList<>();

    private Steps(World world, int crashes) {
        this.world = world;
        this.mayCrash = world.crashes < crashes;
    }

    /** Steps that cost nothing of the length: device work ends, the server crashes. */
    static List<Step> free(World world, int crashes) {
        Steps steps = new Steps(world, crashes);
        for (int i = 0; i < world.works().size(); i++) {
            steps.add(Kind.WORK, World.SERVER, i);
            if (steps.mayCrash) {
                steps.all.add(new Step(Kind.WORK, World.SERVER, i).with(Fate.LOST));
            }
        }
        if (steps.mayCrash) {
            steps.add(Kind.CRASH_ALL, World.SERVER, 0);
        }
        return steps.all;
    }

    /** All others, each request with every fate. */
    static List<Step> of(World world, int crashes) {
        Steps steps = new Steps(world, crashes);
        for (int host = 0; host < World.HOSTS; host++) {
            steps.ofHost(world.processes[host]);
        }
        boolean held =
                !Objects.requireNonNull(world.volume.tables().file(world.file)).layouts().isEmpty();
        if (held) {
            steps.add(Kind.RECALL, 0, 0);
        }
        return steps.all;
    }

    private void add(Kind kind, int host, int at) {
        all.add(new Step(kind, host, at));
    }

    /** A request that is lost leaves nothing but what its client did before it sent it. */
    private void request(Kind kind, int host, int at) {
        Step step = new Step(kind, host, at);
        all.add(step);
        if (mayCrash && kind != Kind.MAP_READ) {
            all.add(step.with(Fate.UNANSWERED));
            if (kind != Kind.MAP_RW) {
                all.add(step.with(Fate.LOST));
            }
        }
    }

    private void ofHost(ClientProcess process) {
        int host = process.host;
        boolean former = !new Hosts(world).former(process).isEmpty();
        if (process.status != Status.RUNNING) {
            add(Kind.RESUME, host, 0);
        }
        if (!process.leaseOver || former) {
            add(Kind.EXPIRE, host, 0);
        }
        if (former) {
            add(Kind.PROVE, host, 0);
        }
        boolean holds = Arrays.stream(process.views).anyMatch(Objects::nonNull) || asks(host);
        if (process.status != Status.DEAD && holds) {
            for (int lost = 0; lost < 1 << world.memory.dirtyOf(host).size(); lost++) {
                add(Kind.CRASH, host, lost);
            }
        }
        if (process.isRunning()) {
            if (holds) {
                add(Kind.STOP, host, 0);
            }
            if (!world.memory.dirtyOf(host).isEmpty()) {
                add(Kind.FLUSH, host, 0);
            }
            requests(process);
        }
    }

    private boolean asks(int host) {
        return world.pending.stream().anyMatch(p -> p.host() == host);
    }

    private boolean asks(int host, Kind kind, int at) {
        return world.pending.stream()
                .anyMatch(p -> p.host() == host && p.ask().kind() == kind && p.ask().at() == at);
    }

    private void requests(ClientProcess process) {
        int host = process.host;
        FileNode file = Objects.requireNonNull(world.volume.tables().file(world.file));
        Layout layout = file.layoutOf(process.id());
        ClientEntry entry = world.volume.tables().client(process.id());
        boolean recalled = entry != null && !entry.recalls().isEmpty();
        for (int block = 0; block < Expected.BLOCKS; block++) {
            View view = process.views[block];
            boolean writer = view != null && view.isWriter();
            if (view == null && !asks(host, Kind.MAP_READ, block)) {
                request(Kind.MAP_READ, host, block);
            }
            if (!writer && !asks(host, Kind.MAP_RW, block)) {
                request(Kind.MAP_RW, host, block);
            }
            if (writer && !process.suspended) {
                add(Kind.STORE, host, block);
            }
            if (new Clients(world).canName(process, block) && !asks(host, Kind.COMMIT, block)) {
                request(Kind.COMMIT, host, block);
            }
            ClientProcess.Former before = process.former;
            View then = before == null ? null : before.views()[block];
            if (then != null && then.isWriter()) {
                add(Kind.LATE_COMMIT, host, block);
            }
            if (layout != null && !layout.within(World.range(block)).isEmpty()) {
                request(Kind.RETURN, host, block);
            }
        }
        if (recalled) {
            request(Kind.ANSWER, host, 0);
        }
        for (int size = 0; size < Step.SIZES.length; size++) {
            if (Step.SIZES[size] != world.expected.size && !asks(host, Kind.TRUNCATE, size)) {
                request(Kind.TRUNCATE, host, size);
            }
        }
        for (int punch : PUNCHES) {
            if (!asks(host, Kind.PUNCH, punch)) {
                request(Kind.PUNCH, host, punch);
            }
        }
    }
}
