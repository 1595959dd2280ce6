package dev.outlay.demo;

import dev.outlay.client.AdminClient;
import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientDetails;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.client.ProvenVolume;
import dev.outlay.client.QuarantineEntry;
import dev.outlay.client.VolumeCheck;
import dev.outlay.client.VolumeSpec;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Reason;
import dev.outlay.demo.Picture.Kind;
import dev.outlay.process.Child;
import dev.outlay.process.ServerProcess;
import dev.outlay.process.Stage;
import dev.outlay.process.StepFailed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The demonstration from beginning to end. Each step acts, compares what has to be with what is,
 * and stops the story where they differ. One thread.
 */
final class Story {

    /** The name of its log. */
    static final String SERVER = "server";

    private static final int LEASE_MILLIS = 2_000;
    private static final int MAX_IO_MILLIS = 500;
    private static final int DEADLINE_MILLIS = 20_000;

    private final Stage stage;
    private final Narrator narrator;

    private long bytesRead;
    private long staleBytes;
    private long operations;
    private long trafficBytes;

    Story(Stage stage, Narrator narrator) {
        this.stage = stage;
        this.narrator = narrator;
    }

    /** Tells it. */
    void tell() throws IOException, StepFailed, InterruptedException {
        narrator.step("A device full of what its former owner left");
        DeviceFile device = makeDevice();
        ServerProcess server = startServer(device);
        makeFile(server);

        narrator.step("Writer A stores, and falls asleep before it commits");
        Child sleeper = writer("writer-a", server, Ink.A, Setting.STORED, false);
        WriterReport a = storeAndSleep(sleeper, device);
        Snapshot before = look(server);

        narrator.step("Reader B reads the file");
        readZeros(server);

        narrator.step("A is revoked, and writer C is served at once");
        revoke(server);
        writeAndCommit(server, device, a);
        Snapshot after = look(server);

        narrator.step("A wakes up, stores on, and commits");
        storeLate(server, device, sleeper, a);

        narrator.step("The server is killed and started again");
        restart(server);

        narrator.step("A is dead at last, and its blocks are free");
        sleeper.kill();
        confirm(server, a);

        narrator.step("The file and the device, before C and after");
        show(before, after, a);
        operations = server.operations();
        trafficBytes = server.trafficBytes();
    }

    long bytesRead() {
        return bytesRead;
    }

    /** Bytes read that no commit explains. */
    long staleBytes() {
        return staleBytes;
    }

    /** Operations that the server answered. */
    long operations() {
        return operations;
    }

    /** Bytes that went through the server, both ways. */
    long trafficBytes() {
        return trafficBytes;
    }

    // ---- 1

    private DeviceFile makeDevice() throws IOException {
        DeviceFile device = DeviceFile.make(stage.file("device"));
        narrator.done(
                "made a plain file of "
                        + Amounts.bytes(DeviceFile.SIZE_BYTES)
                        + ", every byte 0xCD, and formatted it as a device: nothing but its label"
                        + " was overwritten");
        return device;
    }

    private ServerProcess startServer(DeviceFile device)
            throws IOException, StepFailed, InterruptedException {
        ServerProcess server =
                ServerProcess.start(
                        stage,
                        SERVER,
                        "journal.segment-size = 4MiB\nlease.default = " + LEASE_MILLIS + "ms\n");
        try (AdminClient admin = admin(server)) {
            admin.createVolume(
                    new VolumeSpec(
                            Setting.VOLUME,
                            List.of(VolumeSpec.Slice.whole(device.path().toString())),
                            DeviceFile.BLOCK_BYTES,
                            Optional.empty()));
        }
        narrator.done(
                "started a server (process "
                        + server.pid()
                        + ", leases of "
                        + Amounts.millis(LEASE_MILLIS)
                        + ") and made a volume on that device");
        return server;
    }

    private void makeFile(ServerProcess server) throws IOException {
        try (LayoutClient client = client(server);
                BlockFile file =
                        client.open(
                                Setting.VOLUME,
                                Setting.FILE,
                                StandardOpenOption.CREATE_NEW,
                                StandardOpenOption.WRITE)) {
            ByteRange earlier = Setting.EARLIER;
            byte[] bytes = Ink.EARLIER.bytes(earlier.start(), Math.toIntExact(earlier.length()));
            file.write(ByteBuffer.wrap(bytes), earlier.start());
            file.commit();
            file.truncate(Setting.FILE_BYTES);
        }
        narrator.done(
                "made a file of "
                        + Amounts.bytes(Setting.FILE_BYTES)
                        + ": the first "
                        + Amounts.bytes(Setting.EARLIER.length())
                        + " written and committed, the rest a hole");
    }

    // ---- 2

    private WriterReport storeAndSleep(Child writer, DeviceFile device)
            throws IOException, StepFailed, InterruptedException {
        WriterReport a = WriterReport.hear(writer, "writer-a");
        check(
                a.isFresh() && a.bytes() == Setting.RANGE.length(),
                "A was not granted the whole range on fresh blocks, but " + a.extents());
        narrator.done(
                "A (process "
                        + writer.pid()
                        + ") asked where to write "
                        + Amounts.bytes(Setting.RANGE.length())
                        + " of the hole, and was granted fresh blocks, unwritten");
        checkHolds(device, a, Setting.ABANDONED);
        narrator.done(
                "A stored "
                        + Amounts.bytes(Setting.STORED.length())
                        + " straight on the device: its bytes are there, and the rest of its blocks"
                        + " is still 0xCD");
        writer.sleep();
        narrator.done("stopped A with SIGSTOP; it has committed nothing, and answers nobody");
        narrator.proves(
                "bytes go to the device without the server, and their writer may stop there.");
        return a;
    }

    // ---- 3

    private void readZeros(ServerProcess server)
            throws IOException, StepFailed, InterruptedException {
        read(server, "reader-b1", Setting.ZEROS);
        narrator.done("B (outlay cat) read all of it: " + Setting.ZEROS.inWords());
        narrator.proves(
                "what was stored but not committed is in nobody's file: neither A's bytes nor"
                        + " the former owner's can be read.");
    }

    // ---- 4

    private void revoke(ServerProcess server) throws IOException, StepFailed {
        try (AdminClient admin = admin(server)) {
            admin.revoke(clientA(admin).client());
        }
        narrator.done("an operator revoked A (outlay revoke), since it answers no recall");
    }

    private void writeAndCommit(ServerProcess server, DeviceFile device, WriterReport a)
            throws IOException, StepFailed, InterruptedException {
        Child writer = writer("writer-c", server, Ink.C, Setting.RANGE, true);
        WriterReport c = WriterReport.hear(writer, "writer-c");
        check(
                c.isFresh() && c.bytes() == Setting.RANGE.length(),
                "C was not granted the whole range on fresh blocks, but " + c.extents());
        check(
                c.waitedMillis() < LEASE_MILLIS,
                "C waited " + Amounts.millis(c.waitedMillis()) + ", a lease or more");
        narrator.done(
                "C (process "
                        + writer.pid()
                        + ") asked where to write the same range, and was served after "
                        + Amounts.millis(c.waitedMillis())
                        + ": it waited neither for A's lease nor for a proof of its death");
        check(!c.sharesBlocksWith(a), "C was granted blocks in which A may still store");
        long quarantined = quarantinedBytes(server);
        check(
                quarantined == a.bytes(),
                quarantined + " bytes are in quarantine, not the " + a.bytes() + " granted to A");
        narrator.done(
                "C's blocks are others than A's: those, "
                        + Amounts.bytes(quarantined)
                        + ", are in quarantine, for A will wake up and store in them");
        writer.succeed();
        read(server, "reader-b2", Setting.COMMITTED);
        narrator.done("C stored and committed, and B read " + Setting.COMMITTED.inWords());
        checkHolds(device, a, Setting.ABANDONED);
        narrator.proves("the file goes on at once without its sleeping writer.");
    }

    // ---- 5

    private void storeLate(ServerProcess server, DeviceFile device, Child sleeper, WriterReport a)
            throws IOException, StepFailed, InterruptedException {
        sleeper.wake();
        sleeper.say(WriterReport.STORE_LATE);
        sleeper.hears(WriterReport.STORED);
        checkHolds(device, a, Setting.STORED_LATE);
        narrator.done(
                "woke A with SIGCONT, and had it store all of "
                        + Amounts.bytes(a.bytes())
                        + ", as a processor does that stood still in the middle of a store: its"
                        + " bytes are on the device");
        String reason = sleeper.hears(WriterReport.REFUSED);
        check(reason.equals(Reason.FENCED.name()), "A's commit was answered " + reason);
        narrator.done("A's commit was refused: " + reason);
        read(server, "reader-b3", Setting.COMMITTED);
        narrator.done("B read it all again: " + Setting.COMMITTED.inWords());
        checkSound(server);
        narrator.proves(
                "what a writer does that comes back too late reaches nobody: its blocks are"
                        + " nobody's.");
    }

    // ---- 6

    private void restart(ServerProcess server)
            throws IOException, StepFailed, InterruptedException {
        long before = server.pid();
        server.crashAndRestart();
        narrator.done(
                "killed the server (process "
                        + before
                        + ") with SIGKILL and started it again (process "
                        + server.pid()
                        + ") on its journal");
        read(server, "reader-b4", Setting.COMMITTED);
        narrator.done("B read it all again: " + Setting.COMMITTED.inWords());
        narrator.proves(
                "what was committed is durable, and what was not stays unread, also by a server"
                        + " that has just crashed.");
    }

    // ---- 7

    private void confirm(ServerProcess server, WriterReport a)
            throws IOException, StepFailed, InterruptedException {
        check(
                quarantinedBytes(server) == a.bytes(),
                "the restarted server does not hold A's blocks in quarantine");
        long freed = 0;
        try (AdminClient admin = admin(server)) {
            List<QuarantineEntry> entries = admin.listQuarantine(Setting.VOLUME, 0);
            check(entries.size() == 1, "in quarantine are " + entries);
            server.awaitEndOfGrace(admin, Setting.VOLUME);
            for (ProvenVolume proven : admin.confirmEnded(entries.getFirst().clientId())) {
                freed += proven.freedBytes();
            }
        }
        check(freed == a.bytes(), freed + " bytes are free again, not the " + a.bytes());
        check(quarantinedBytes(server) == 0, "blocks are left in quarantine");
        checkSound(server);
        narrator.done(
                "killed A, and the operator said so (outlay quarantine confirm): "
                        + Amounts.bytes(freed)
                        + " are free again, and the volume is sound");
        narrator.proves("blocks are handed out again on a proof, never on a guess.");
    }

    // ---- 8

    private void show(Snapshot before, Snapshot after, WriterReport a) {
        narrator.picture("file    before", before.file());
        narrator.picture("        after", after.file());
        narrator.picture("device  before", before.device(a.places(), Kind.UNWRITTEN));
        narrator.picture("        after", after.device(a.places(), Kind.QUARANTINED));
        narrator.legend();
    }

    // ---- what steps are made of

    private Child writer(
            String name, ServerProcess server, Ink ink, ByteRange stores, boolean commits)
            throws IOException {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "demo-writer",
                                "--server=" + server.address(),
                                "--volume=" + Setting.VOLUME,
                                "--file=" + Setting.FILE,
                                "--ink=" + ink,
                                "--offset=" + Setting.RANGE.start(),
                                "--length=" + Setting.RANGE.length(),
                                "--store=" + stores.length(),
                                "--max-io-millis=" + MAX_IO_MILLIS));
        if (commits) {
            arguments.add("--commit");
        }
        return Child.heard(stage, name, arguments);
    }

    /** Has another process read the whole file, and compares every byte. */
    private void read(ServerProcess server, String name, Content expected)
            throws IOException, StepFailed, InterruptedException {
        Path copy = stage.file(name + ".bytes");
        String file = Setting.VOLUME + ":" + Setting.FILE;
        Child.writingTo(copy, stage, name, List.of("cat", "--server=" + server.address(), file))
                .succeed();
        try (InputStream in = Files.newInputStream(copy)) {
            Content.Outcome outcome = expected.compare(in);
            bytesRead += outcome.bytes();
            staleBytes += outcome.wrong();
            check(outcome.isRight(), "B read what nobody committed: " + outcome.problem());
        }
    }

    private static ClientDetails clientA(AdminClient admin) throws OutlayException, StepFailed {
        return admin.listClients().stream()
                .filter(client -> client.owner().equals(WriterCommand.owner(Ink.A)))
                .findFirst()
                .orElseThrow(() -> new StepFailed("the server does not know A"));
    }

    /** Looks past the server at the blocks that A was granted. */
    private static void checkHolds(DeviceFile device, WriterReport a, Content content)
            throws IOException, StepFailed {
        Content.Outcome outcome = content.compare(device.peek(a.places()));
        check(outcome.isRight(), "A's blocks do not hold what A stored: " + outcome.problem());
    }

    private static long quarantinedBytes(ServerProcess server) throws OutlayException {
        try (AdminClient admin = admin(server)) {
            return admin.showVolume(Setting.VOLUME).status().space().quarantined();
        }
    }

    private static void checkSound(ServerProcess server) throws OutlayException, StepFailed {
        try (AdminClient admin = admin(server)) {
            VolumeCheck found = admin.checkVolume(Setting.VOLUME, 1);
            check(found.findings().isEmpty(), "the volume is not sound: " + found.findings());
        }
    }

    private static Snapshot look(ServerProcess server) throws IOException {
        try (LayoutClient client = client(server)) {
            return Snapshot.take(client, Setting.VOLUME, Setting.FILE);
        }
    }

    private static AdminClient admin(ServerProcess server) throws OutlayException {
        return AdminClient.connect(server.address(), DEADLINE_MILLIS);
    }

    private static LayoutClient client(ServerProcess server) throws OutlayException {
        return LayoutClient.connect(
                ClientOptions.to(server.address(), "demo")
                        .withMaxIoMillis(MAX_IO_MILLIS)
                        .withDeadlineMillis(DEADLINE_MILLIS));
    }

    private static void check(boolean holds, String problem) throws StepFailed {
        if (!holds) {
            throw new StepFailed(problem);
        }
    }
}
