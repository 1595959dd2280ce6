package dev.outlay.core.exhaustive;

import dev.outlay.core.exhaustive.ClientProcess.Known;
import dev.outlay.core.exhaustive.ClientProcess.View;
import dev.outlay.core.exhaustive.World.Ask;
import dev.outlay.core.exhaustive.World.Pending;
import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.Quarantine;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Waiter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What of a world decides how it goes on, as 128 bits: worlds with equal keys are explored once.
 *
 * <p>Left out are numbers that only tell things apart (ids, tickets, epochs, seqids, times),
 * answers kept for retries, which nobody sends here, and what lies in blocks that are no file's,
 * but for whether it is zero. Tags count by the order in which they are met. Of two worlds that
 * differ in nothing but the names of the two clients, one is explored.
 */
record Key(long high, long low) {

    static Key of(World world) {
        Key one = new Writer(world, 0, 1).write();
        Key other = new Writer(world, 1, 0).write();
        return one.high < other.high || (one.high == other.high && one.low < other.low)
                ? one
                : other;
    }

    private static final class Writer {
        private final World world;
        private final VolumeTables tables;
        private final FileNode file;
        private final int[] hosts;
        private final Map<Long, Integer> roles = new HashMap<>();
        private final Map<Integer, Integer> tags = new HashMap<>();
        private long high = 0x9E3779B97F4A7C15L;
        private long low = 0xC2B2AE3D27D4EB4FL;

        Writer(World world, int first, int second) {
            this.world = world;
            this.tables = world.volume.tables();
            this.file = Objects.requireNonNull(tables.file(world.file));
            this.hosts = new int[] {first, second, World.OBSERVER};
        }

        Key write() {
            put(world.crashes);
            tags.put(0, 0);
            tags.put(Memory.STALE, 1);
            expected();
            for (int place = 0; place < hosts.length; place++) {
                roles.put(world.processes[hosts[place]].client, place);
            }
            for (int host : hosts) {
                clientsOf(host);
            }
            for (int host : hosts) {
                process(world.processes[host]);
            }
            put(tables.isInGrace() ? 1 : 0);
            space();
            works();
            waiting();
            memory();
            return new Key(high, low);
        }

        private void put(long value) {
            long mixed = (value + 0x165667B19E3779F9L) * 0xFF51AFD7ED558CCDL;
            mixed ^= mixed >>> 32;
            high = Long.rotateLeft(high ^ mixed, 27) * 0x3C79AC492BA7B653L + 0x1C69B3F74AC4AE35L;
            low = (Long.rotateLeft(low + mixed, 31) ^ high) * 0x9FB21C651E98DF25L;
        }

        private static long code(Enum<?> value) {
            return (long) value.name().hashCode() << 8;
        }

        private void tag(int tag) {
            Integer known = tags.get(tag);
            if (known == null) {
                known = tags.size();
                tags.put(tag, known);
            }
            put(known);
        }

        private void tags(int @Nullable [] all) {
            put(all == null ? -1 : all.length);
            if (all != null) {
                for (int tag : all) {
                    tag(tag);
                }
            }
        }

        private void range(ByteRange range) {
            put(range.start());
            put(range.end());
        }

        private void role(long client) {
            put(Objects.requireNonNullElse(roles.get(client), 99));
        }

        private void expected() {
            put(world.expected.size);
            for (int[] values : world.expected.values) {
                tags(values);
            }
            for (boolean written : world.expected.written) {
                put(written ? 1 : 0);
            }
        }

        // ---- clients

        private void clientsOf(int host) {
            for (ClientEntry client : tables.clients()) {
                if (client.record().owner().equals(World.NAMES[host])) {
                    long id = client.record().id().value();
                    roles.putIfAbsent(id, 10 + roles.size());
                    role(id);
                    put(client.ended().map(Writer::code).orElse(-1L));
                    put((client.isLapsed() ? 2 : 0) + (client.isReattached() ? 1 : 0));
                    client.recalls()
                            .forEach(
                                    recall -> {
                                        put(recall.scope().hashCode());
                                        put(
                                                (recall.acknowledged() ? 1 : 0)
                                                        + (recall.overdue() ? 2 : 0)
                                                        + (recall.changed() ? 4 : 0));
                                    });
                    Layout layout = file.layoutOf(client.record().id());
                    put(layout == null ? 0 : 1);
                    if (layout != null) {
                        layout.ranges()
                                .forEach(
                                        r -> {
                                            range(r.range());
                                            put(code(r.kind()));
                                        });
                    }
                }
            }
        }

        private void process(ClientProcess process) {
            put(code(process.status));
            put(
                    (process.attached ? 1 : 0)
                            + (process.leaseOver ? 2 : 0)
                            + (process.suspended ? 4 : 0)
                            + (process.stateid == null ? 8 : 0));
            views(process.views);
            for (int block = 0; block < Expected.BLOCKS; block++) {
                Known known = process.known[block];
                put(known == null ? -1 : known.block());
                if (known != null) {
                    put(file.changes().changedAfter(World.range(block), known.epoch()) ? 1 : 0);
                }
            }
            ClientProcess.Former former = process.former;
            put(former == null ? 0 : 1);
            if (former != null) {
                role(former.client());
                for (View view : former.views()) {
                    put(view == null || !view.isWriter() ? -1 : view.block());
                }
            }
        }

        private void views(@Nullable View[] views) {
            for (int block = 0; block < views.length; block++) {
                View view = views[block];
                put(view == null ? 0 : view.isWriter() ? 2 : 1);
                if (view != null) {
                    put(view.block());
                    // What is committed is not filled again.
                    tags(world.expected.written[block] ? null : view.filled());
                }
            }
        }

        // ---- the volume

        private void space() {
            file.extents()
                    .forEach(
                            extent -> {
                                put(extent.fileOffset());
                                put(extent.length());
                                put(code(extent.state()));
                                put(extent.deviceOffset());
                                put(extent.flags());
                            });
            put(-1);
            for (Quarantine.Entry entry : tables.quarantine().entries()) {
                put(entry.range().start());
                put(entry.range().length());
                put(entry.held().mapped() ? 1 : 0);
                entry.held().holders().forEach(holder -> role(holder.value()));
            }
            put(-1);
        }

        private void works() {
            for (Work work : tables.works()) {
                put(work.durable() ? 1 : 0);
                range(work.blocked());
                work.tasks().forEach(task -> put(task.hashCode()));
                work.fresh().forEach(extent -> put(extent.deviceOffset()));
                Ask effect = world.effects.get(work.id());
                put(effect == null ? -1 : code(effect.kind()) + effect.at());
                // Whether somebody waits for the answer to what it is done for.
                for (int i = 0; i < world.pending.size(); i++) {
                    put(world.pending.get(i).ask() == effect ? i : -1);
                }
            }
        }

        private void waiting() {
            for (Waiter waiter : tables.waiting().on(world.file)) {
                role(waiter.origin().client().value());
                range(waiter.range());
                put(
                        (waiter.exclusive() ? 1 : 0)
                                + (waiter.forSpace() ? 2 : 0)
                                + (waiter.overtakes() ? 4 : 0));
            }
            put(-1);
            List<Long> works = world.works().stream().map(Work::id).toList();
            for (Pending pending : world.pending) {
                role(pending.client());
                put(code(pending.ask().kind()) + pending.ask().at());
                tags(pending.ask().stored());
                put(works.indexOf(pending.work()));
            }
            put(-1);
        }

        private void memory() {
            Set<Long> ours = new TreeSet<>();
            file.extents().forEach(e -> blocks(e.deviceOffset(), e.length(), ours));
            for (Work work : tables.works()) {
                work.fresh().forEach(e -> blocks(e.deviceOffset(), e.length(), ours));
                for (Task task : work.tasks()) {
                    if (task instanceof Task.Copy copy) {
                        blocks(copy.from().start(), copy.from().length(), ours);
                    }
                }
            }
            Memory memory = world.memory;
            for (int at = 0; at < memory.seen.length; at++) {
                if (ours.contains((long) at / Memory.LINES)) {
                    tag(memory.seen[at]);
                    put(memory.isDirty(at) ? placeOf(memory.dirty[at]) : -1);
                    if (memory.isDirty(at)) {
                        tag(memory.durable[at]);
                    }
                } else {
                    put(memory.seen[at] == 0 ? 0 : 1);
                }
            }
        }

        private int placeOf(int host) {
            for (int place = 0; place < hosts.length; place++) {
                if (hosts[place] == host) {
                    return place;
                }
            }
            return -2;
        }

        private static void blocks(long start, long length, Set<Long> into) {
            for (long at = start; at < start + length; at += Memory.BLOCK) {
                into.add(at / Memory.BLOCK);
            }
        }
    }
}
