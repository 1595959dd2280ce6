package dev.outlay.server.sim;

import dev.outlay.server.sim.Script.Fault;
import java.util.List;
import java.util.SplittableRandom;

/** Makes go wrong what the script says, and lets it pass after a while. */
final class Troubles {

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final World world;
    private final SimServer server;
    private final SharedMemory memory;
    private final Contents contents;
    private final Asked asked;
    private final Tally tally;
    private final List<SimClient> clients;
    private final boolean stopsReaders;

    Troubles(
            World world,
            SimServer server,
            SharedMemory memory,
            Contents contents,
            Asked asked,
            Tally tally,
            List<SimClient> clients,
            boolean stopsReaders) {
        this.world = world;
        this.server = server;
        this.memory = memory;
        this.contents = contents;
        this.asked = asked;
        this.tally = tally;
        this.clients = clients;
        this.stopsReaders = stopsReaders;
    }

    void happen(Fault fault) {
        SplittableRandom dice = new SplittableRandom(fault.seed());
        SimClient client = clients.get(fault.client());
        world.tell("trouble: ", fault.trouble(), " ", client.owner());
        world.count("trouble", fault.trouble());
        switch (fault.trouble()) {
            case SERVER_CRASH -> server.crashSoon(1 + dice.nextInt(30));
            case SERVER_HOST_CRASH -> {
                if (server.isUp()) {
                    server.died();
                    world.count("crash", Tally.Crash.SERVER_HOST);
                    hostCrash(SimServer.HOST);
                }
            }
            case JOURNAL_FAILS -> server.failSoon(1 + dice.nextInt(20));
            case JOURNAL_DISK_FULL -> {
                server.diskCapacity(server.diskUsed());
                world.after(
                        dice.nextLong(2_000 * NANOS_PER_MILLI),
                        () -> server.diskCapacity(Long.MAX_VALUE));
            }
            case CLIENT_STOPS -> {
                SimProcess process = client.process();
                long nanos = dice.nextLong(6 * SimServer.LEASE_MILLIS * NANOS_PER_MILLI);
                if (dice.nextBoolean() && !stopsReaders) {
                    process.stop();
                    world.after(nanos, process::goOn);
                } else {
                    process.stopInAccess(nanos);
                }
            }
            case CLIENT_KILLED -> {
                if (killAndRestart(client, dice)) {
                    world.count("crash", Tally.Crash.CLIENT_PROCESS);
                }
            }
            case CLIENT_HOST_CRASH -> {
                int host = client.process().host();
                for (SimClient each : clients) {
                    if (each.process().host() == host) {
                        boolean _ = killAndRestart(each, dice);
                    }
                }
                world.count("crash", Tally.Crash.CLIENT_HOST);
                hostCrash(host);
            }
            case STREAM_CUT -> client.network().drop();
            case PARTITION ->
                    client.network()
                            .partition(dice.nextLong(3 * SimServer.LEASE_MILLIS * NANOS_PER_MILLI));
            case CLOCK_JUMP -> {
                if (server.isUp()) {
                    world.reach(Probe.CLOCK_JUMPED);
                }
                server.jumpWallClock(dice.nextLong(-3_600_000, 3_600_000));
            }
        }
    }

    /** False if there was nothing to kill. */
    private boolean killAndRestart(SimClient client, SplittableRandom dice) {
        if (client.isFinished() || client.process().isDead()) {
            return false;
        }
        tally.died(client.process());
        if (client.hasUncommitted()) {
            world.reach(Probe.CLIENT_KILLED_UNCOMMITTED);
        }
        client.kill();
        world.after(dice.nextLong(2 * SimServer.LEASE_MILLIS * NANOS_PER_MILLI), client::start);
        if (dice.nextBoolean()) {
            world.after(
                    dice.nextLong(5 * SimServer.LEASE_MILLIS * NANOS_PER_MILLI),
                    () -> prove(client));
        }
        return true;
    }

    /** Somebody makes sure that what this client was before stores no more, and says so. */
    void prove(SimClient client) {
        memory.flushAll(client.process().host());
        for (long id : client.past()) {
            if (server.prove(id, () -> proofRefused(id))) {
                world.reach(Probe.END_PROVEN);
                asked.proven(id);
            }
        }
    }

    private void proofRefused(long id) {
        world.count("proof refused");
        asked.notProven(id);
    }

    private void hostCrash(int host) {
        memory.crash(host, world.random());
        contents.storedAnywhere();
    }
}
