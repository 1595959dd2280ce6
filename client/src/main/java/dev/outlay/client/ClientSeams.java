package dev.outlay.client;

import dev.outlay.client.device.Devices;
import dev.outlay.client.session.BootClock;
import dev.outlay.client.session.MonotonicClock;
import dev.outlay.client.session.Scheduler;
import dev.outlay.client.session.SystemScheduler;
import dev.outlay.client.session.Transport;
import java.security.SecureRandom;
import java.util.random.RandomGenerator;

/**
 * Everything by which a client touches the world. With doubles here one thread drives any number of
 * clients from a seed.
 *
 * @param clock of leases and deadlines
 * @param scheduler timers and waiting; ended with the client
 * @param random for the incarnation, which must not be guessed, and for jitter
 * @param transport to the server; ended with the client
 */
public record ClientSeams(
        MonotonicClock clock,
        Scheduler scheduler,
        RandomGenerator random,
        Transport transport,
        DeviceOpener devices) {

    /** The system's own, connected to a server, but for how devices are opened. */
    public static ClientSeams to(String server, DeviceOpener devices) throws OutlayException {
        ClientSeams system = system(GrpcTransport.to(server));
        return new ClientSeams(
                system.clock, system.scheduler, system.random, system.transport, devices);
    }

    /** The system's own, with a transport. */
    static ClientSeams system(Transport transport) {
        return new ClientSeams(
                BootClock.system(),
                new SystemScheduler(),
                new SecureRandom(),
                transport,
                Devices::open);
    }
}
