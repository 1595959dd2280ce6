package dev.outlay.core.codec;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.reply.Reply.ReturnedLayout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.ProcessIdentity;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/** One of everything that is written to the journal, by the name of its golden file. */
final class Samples {

    private static final FileId FILE = new FileId(300);
    private static final ClientId CLIENT = new ClientId(0x8123456789abcdefL);
    private static final LayoutId LAYOUT = new LayoutId(0x1122334455667788L, -2);
    private static final ByteRange RANGE = new ByteRange(4096, 12288);
    private static final Extent WRITTEN =
            new Extent(4096, 8192, ExtentState.WRITTEN, 1, 1 << 20, Extent.AT_RISK);
    private static final Extent UNWRITTEN =
            new Extent(12288, 4096, ExtentState.UNWRITTEN, 0, 8192, Extent.KEPT);
    private static final FileAttributes ATTRIBUTES = attributes(Optional.of(FileId.ROOT));
    private static final List<ReturnedLayout> RETURNED =
            List.of(
                    new ReturnedLayout(FILE, Optional.of(new Stateid(LAYOUT, -1)), List.of(RANGE)),
                    new ReturnedLayout(new FileId(2), Optional.empty(), List.of()));

    private Samples() {}

    private static FileAttributes attributes(Optional<FileId> parent) {
        return new FileAttributes(
                FILE, FileKind.FILE, 9999, 7, 12, 0644, "owner", 1, 2, 3, 4, 8192, parent, "näme");
    }

    static Map<String, Reply.Kept> replies() {
        Map<String, Reply.Kept> samples = new LinkedHashMap<>();
        samples.put(
                "mapped",
                new Reply.Mapped(
                        Optional.of(new Stateid(LAYOUT, 5)),
                        List.of(
                                new LayoutRange(RANGE, GrantKind.RW),
                                new LayoutRange(
                                        new ByteRange(12288, 16384), GrantKind.READ_MAPPED)),
                        List.of(
                                WRITTEN,
                                UNWRITTEN.withoutAddress(),
                                Extent.hole(new ByteRange(16384, 20480))),
                        12,
                        20480,
                        9999));
        samples.put(
                "mapped-nothing",
                new Reply.Mapped(Optional.empty(), List.of(), List.of(), 0, 0, 0));
        samples.put("committed", new Reply.Committed(OptionalLong.of(9999), ATTRIBUTES));
        samples.put("committed-same-size", new Reply.Committed(OptionalLong.empty(), ATTRIBUTES));
        samples.put(
                "committed-removing",
                new Reply.Committed(OptionalLong.empty(), attributes(Optional.empty())));
        samples.put("returned", new Reply.Returned(RETURNED));
        samples.put("filechanged", new Reply.FileChanged(ATTRIBUTES, RETURNED));
        samples.put(
                "filechanged-flags",
                new Reply.FileChanged(
                        new FileAttributes(
                                FILE,
                                FileKind.FILE,
                                9999,
                                7,
                                12,
                                0644,
                                "owner",
                                1,
                                2,
                                3,
                                4,
                                8192,
                                Optional.of(FileId.ROOT),
                                "snap",
                                FileAttributes.READ_ONLY),
                        List.of()));
        samples.put("failure", new Failure(Reason.STALE_FILE, "file 300 has been removed", 50));
        return samples;
    }

    static Map<String, Fact> facts() {
        Map<String, Fact> samples = new LinkedHashMap<>();
        VolumeSettings settings =
                new VolumeSettings(
                        new UUID(1, 2),
                        "volume",
                        4096,
                        Durability.DEVICE_FLUSHED,
                        1_700_000_000_000L);
        samples.put("volumecreated", new Fact.VolumeCreated(settings));
        samples.put(
                "deviceadded",
                new Fact.DeviceAdded(
                        new VolumeDevice(
                                1, new UUID(3, 4), 7, 1 << 30, 4096, 1 << 20, "/dev/x", true)));
        samples.put("deviceretiring", new Fact.DeviceRetiring(300));
        samples.put("deviceretired", new Fact.DeviceRetired(300));
        samples.put("devicereleased", new Fact.DeviceReleased(300));
        samples.put(
                "clientjoined",
                new Fact.ClientJoined(
                        new ClientRecord(CLIENT, "principal", "owner", -3, -4, 5, 30_000, 10_000)));
        samples.put(
                "clientjoined-process",
                new Fact.ClientJoined(
                        new ClientRecord(
                                CLIENT,
                                "principal",
                                "owner",
                                -3,
                                -4,
                                5,
                                30_000,
                                10_000,
                                Optional.of(
                                        new ProcessIdentity(
                                                "host-7", "b00t", 4026531836L, 4711, 99_000)))));
        samples.put("clientended", new Fact.ClientEnded(CLIENT, EndCause.SUPERSEDED));
        samples.put("clientforgotten", new Fact.ClientForgotten(CLIENT));
        samples.put(
                "filecreated",
                new Fact.FileCreated(
                        FILE, FileId.ROOT, "näme", FileKind.DIRECTORY, 0755, "owner", -1));
        samples.put("filerenamed", new Fact.FileRenamed(FILE, new FileId(2), "other", 77));
        samples.put("fileunlinked", new Fact.FileUnlinked(FILE, 77));
        samples.put("fileforgotten", new Fact.FileForgotten(FILE));
        samples.put("attributesset", new Fact.AttributesSet(FILE, 9999, 0600, "you", 1, 2, -3));
        samples.put(
                "extentsallocated",
                new Fact.ExtentsAllocated(FILE, List.of(UNWRITTEN), CLIENT.value()));
        samples.put(
                "extentsconverted",
                new Fact.ExtentsConverted(
                        FILE, List.of(RANGE), ExtentState.WRITTEN, 0, CLIENT.value()));
        samples.put("extentsfreed", new Fact.ExtentsFreed(FILE, ByteRange.from(4096), 0));
        samples.put("uncommittedfreed", new Fact.UncommittedFreed(FILE, RANGE, 7));
        samples.put(
                "extentsquarantined", new Fact.ExtentsQuarantined(FILE, List.of(RANGE), CLIENT));
        samples.put("extentsatrisk", new Fact.ExtentsAtRisk(FILE, List.of(RANGE), CLIENT));
        samples.put(
                "layoutgranted",
                new Fact.LayoutGranted(
                        CLIENT, FILE, LAYOUT, -1, List.of(new LayoutRange(RANGE, GrantKind.RW))));
        samples.put(
                "layoutreturned", new Fact.LayoutReturned(CLIENT, FILE, 6, List.of(RANGE), true));
        samples.put(
                "copiesallocated",
                new Fact.CopiesAllocated(FILE, List.of(UNWRITTEN.withFlags(0)), CLIENT.value()));
        samples.put("copiesfreed", new Fact.CopiesFreed(FILE, List.of(RANGE)));
        samples.put("copiesquarantined", new Fact.CopiesQuarantined(FILE, List.of(RANGE), CLIENT));
        samples.put(
                "extentsswapped", new Fact.ExtentsSwapped(FILE, List.of(RANGE), CLIENT.value()));
        samples.put("extentsretained", new Fact.ExtentsRetained(FILE, List.of(RANGE), CLIENT));
        samples.put(
                "extentscloned",
                new Fact.ExtentsCloned(FILE, RANGE, new FileId(301), 8192, CLIENT.value()));
        samples.put("flagsset", new Fact.FlagsSet(FILE, FileAttributes.READ_ONLY));
        samples.put(
                "layoutgranted-atomic",
                new Fact.LayoutGranted(
                        CLIENT,
                        FILE,
                        LAYOUT,
                        -1,
                        List.of(new LayoutRange(RANGE, GrantKind.RW_ATOMIC))));
        replies()
                .forEach(
                        (name, reply) ->
                                samples.put(
                                        "answered-" + name,
                                        new Fact.Answered(CLIENT, 9, 4, reply, true)));
        works().forEach((name, work) -> samples.put(name, new Fact.WorkIntended(work)));
        samples.put("clientproven", new Fact.ClientProven(CLIENT, Proof.FENCE_DRIVER));
        samples.put("extentsproven", new Fact.ExtentsProven(FILE, List.of(RANGE), CLIENT));
        samples.put(
                "extentsreplaced",
                new Fact.ExtentsReplaced(
                        FILE,
                        List.of(new Extent(4096, 8192, ExtentState.WRITTEN, 1, 1 << 20, 0)),
                        CLIENT.value()));
        samples.put("workcompleted", new Fact.WorkCompleted(3, true));
        return samples;
    }

    private static Map<String, Work> works() {
        Origin origin = new Origin(CLIENT, 9, 4);
        Reply.Returned returned = new Reply.Returned(RETURNED);
        List<DeviceRange> zero = List.of(new DeviceRange(1, 4196, 3996));
        Map<String, Work> works = new LinkedHashMap<>();
        works.put("workintended", new Work(3, FILE, RANGE, zero, new Continuation.Nothing()));
        works.put(
                "workintended-resize",
                new Work(3, FILE, RANGE, zero, new Continuation.Resize(origin, 4196, returned)));
        works.put(
                "workintended-punch",
                new Work(3, FILE, RANGE, zero, new Continuation.Punch(origin, RANGE, returned)));
        works.put(
                "workintended-clone",
                new Work(
                        3,
                        FILE,
                        RANGE,
                        zero,
                        new Continuation.Clone(
                                origin, new FileId(301), RANGE, 8192, true, returned)));
        return works;
    }
}
