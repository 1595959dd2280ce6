package dev.outlay.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outlay.client.ClientOptions;
import dev.outlay.client.CommitRequest;
import dev.outlay.client.DeviceEntry;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.MapRequest;
import dev.outlay.client.MappedBlocks;
import dev.outlay.client.OutlayException;
import dev.outlay.client.VolumeDevices;
import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceOptions;
import dev.outlay.client.device.Devices;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Reason;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code outlay demo-writer}, a process of the demonstration: maps a range for RW, stores in it
 * directly on the device, and either commits or waits to be told to store late and without a look
 * at its lease, as a processor does that stood still in the middle of a store. Up to there it goes
 * by the protocol step by step, as {@link dev.outlay.client.BlockFile} does inside.
 */
@Command(name = "demo-writer", hidden = true, header = "A writer of the demonstration.")
public final class WriterCommand implements Callable<Integer> {

    private static final int CHUNK_BYTES = 1 << 20;
    private static final int DEADLINE_MILLIS = 60_000;

    @Option(names = "--server", required = true)
    private String server = "";

    @Option(names = "--volume", required = true)
    private String volume = "";

    @Option(names = "--file", required = true)
    private String path = "";

    @Option(names = "--ink", required = true)
    private Ink ink = Ink.ZERO;

    @Option(names = "--offset", required = true)
    private long offset;

    @Option(names = "--length", required = true)
    private long length;

    @Option(names = "--store", required = true)
    private long storeBytes;

    @Option(names = "--max-io-millis", required = true)
    private int maxIoMillis;

    @Option(names = "--commit")
    private boolean commit;

    private final PrintStream out = System.out;
    private List<Extent> granted = List.of();
    private @Nullable VolumeDevices granting;

    /** Under which name a writer goes. */
    static String owner(Ink ink) {
        return "writer-" + ink;
    }

    @Override
    public Integer call() throws IOException {
        ClientOptions options =
                ClientOptions.to(server, owner(ink))
                        .withMaxIoMillis(maxIoMillis)
                        .withDeadlineMillis(DEADLINE_MILLIS);
        try (LayoutClient client = LayoutClient.connect(options)) {
            CommitRequest late = write(client);
            if (!commit) {
                obey(client, late);
            }
        }
        return 0;
    }

    /** Maps, stores and, if it is to, commits; returns a commit of all that was granted. */
    private CommitRequest write(LayoutClient client) throws IOException {
        FileAttributes file = client.lookup(volume, path);
        long asked = System.nanoTime();
        MappedBlocks mapped =
                client.mapBlocks(
                        volume,
                        MapRequest.of(file.file(), offset, length, IoMode.RW, Optional.empty()));
        long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - asked);
        new WriterReport(mapped.extents(), waited).lines().forEach(out::println);
        out.flush();

        VolumeDevices devices = client.devices(volume);
        List<Extent> stored = cut(mapped.extents(), new ByteRange(offset, offset + storeBytes));
        Durability durability = store(() -> checkLease(client), devices, stored);
        out.println(WriterReport.STORED);
        out.flush();
        if (commit) {
            client.commitBlocks(volume, commitRequest(file, mapped, devices, stored, durability));
        }
        granted = mapped.extents();
        granting = devices;
        return commitRequest(file, mapped, devices, mapped.extents(), durability);
    }

    /** What it is told on its standard input; the end of its parent ends it as well. */
    private void obey(LayoutClient client, CommitRequest late) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.equals(WriterReport.STORE_LATE)) {
                store(() -> {}, Objects.requireNonNull(granting), granted);
                out.println(WriterReport.STORED);
                try {
                    client.commitBlocks(volume, late);
                    out.println(WriterReport.COMMITTED);
                } catch (OutlayException e) {
                    out.println(WriterReport.REFUSED + " " + reason(e));
                }
                out.flush();
            }
        }
    }

    private static String reason(OutlayException refusal) {
        return refusal.reason().map(Reason::name).orElse("without a reason");
    }

    /** What is asked before each store. */
    @FunctionalInterface
    private interface Guard {
        void check() throws IOException;
    }

    /** The parts of extents that lie in a range. */
    private static List<Extent> cut(List<Extent> extents, ByteRange range) {
        return extents.stream()
                .filter(extent -> extent.range().overlaps(range))
                .map(extent -> extent.slice(range))
                .toList();
    }

    /** Stores and flushes; says how durable that is. */
    private Durability store(Guard guard, VolumeDevices devices, List<Extent> extents)
            throws IOException {
        Durability weakest = Durability.SYNC_MAPPED;
        for (Extent extent : extents) {
            DeviceEntry entry = entry(devices, extent.device());
            DeviceOptions options =
                    DeviceOptions.atLeast(devices.least())
                            .expecting(entry.uuid(), entry.incarnation());
            try (Device device = Devices.open(Path.of(entry.pathHint()), options)) {
                for (long done = 0; done < extent.length(); done += CHUNK_BYTES) {
                    int bytes = (int) Math.min(CHUNK_BYTES, extent.length() - done);
                    guard.check();
                    device.write(
                            extent.deviceOffset() + done,
                            MemorySegment.ofArray(ink.bytes(extent.fileOffset() + done, bytes)));
                }
                Durability reached = device.flush(extent.deviceOffset(), extent.length());
                weakest = reached.atLeast(weakest) ? weakest : reached;
            }
        }
        return weakest;
    }

    private static DeviceEntry entry(VolumeDevices devices, int index) {
        return devices.devices().stream()
                .filter(entry -> entry.index() == index)
                .findFirst()
                .orElseThrow();
    }

    /** A store past the lease could land on blocks that are somebody else's by then. */
    private static void checkLease(LayoutClient client) throws IOException {
        if (client.session().leaseLeftMillis() <= 0) {
            throw new IOException("the lease is over - run the demonstration again");
        }
    }

    private CommitRequest commitRequest(
            FileAttributes file,
            MappedBlocks mapped,
            VolumeDevices devices,
            List<Extent> stored,
            Durability durability) {
        List<CommitRequest.Range> ranges = new ArrayList<>();
        Map<Integer, Long> incarnations = new HashMap<>();
        for (Extent extent : stored) {
            ranges.add(
                    new CommitRequest.Range(
                            extent.fileOffset(),
                            extent.length(),
                            extent.device(),
                            extent.deviceOffset()));
            incarnations.put(extent.device(), entry(devices, extent.device()).incarnation());
        }
        return new CommitRequest(
                file.file(),
                mapped.stateid().orElseThrow(),
                ranges,
                mapped.mapEpoch(),
                durability,
                OptionalLong.of(stored.getLast().end() - 1),
                OptionalLong.empty(),
                incarnations);
    }
}
