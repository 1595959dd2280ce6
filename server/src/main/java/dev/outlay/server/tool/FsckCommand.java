package dev.outlay.server.tool;

import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.text.Table;
import dev.outlay.server.engine.ServerIdentity;
import dev.outlay.server.journal.JournalLock;
import dev.outlay.server.journal.VolumeLockedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code outlay fsck}: checks a volume whose server is stopped. */
@Command(
        name = "fsck",
        header = "Checks a volume whose server is stopped.",
        description =
                "Explains damage. Reads checkpoint, journal and device labels, replays, and walks what comes out."
                        + " Repairs nothing, changes nothing. Exit code 1 if anything is wrong. For a"
                        + " running server: outlay volume check.",
        footerHeading = ToolCommand.EXAMPLES,
        footer = {
            "  outlay fsck data --data /var/lib/outlay",
            "  outlay fsck data --device-path 0=/mnt/copy-of-disk0 --json"
        })
final class FsckCommand extends ToolCommand implements Callable<Integer> {

    @Mixin private VolumeFolder volume = new VolumeFolder();

    @Option(
            names = "--device-path",
            paramLabel = "INDEX=PATH",
            description = "Where a device is, if not where its server found it. Repeat for more.")
    private Map<Integer, Path> devicePaths = new LinkedHashMap<>();

    @Override
    public Integer call() throws IOException, CommandFailure {
        Path folder = volume.path();
        try (JournalLock _ = JournalLock.acquire(folder)) {
            Inspection inspection = new Inspection(volume.storage(), volume.checkpoints());
            inspection.readState();
            inspection.checkDevices(devicePaths, ServerIdentity.last(volume.dataDirectory()));
            print(inspection);
            return (inspection.findings().isEmpty() ? ExitCode.OK : ExitCode.FAILED).code();
        } catch (VolumeLockedException e) {
            throw new CommandFailure(
                    ExitCode.TRY_LATER,
                    String.valueOf(e.getMessage()),
                    "check it while it runs with 'outlay volume check " + volume.name() + "'");
        }
    }

    private void print(Inspection inspection) {
        if (isJson()) {
            json(document(inspection));
            return;
        }
        Table table =
                new Table("", "")
                        .row("volume", volume.name())
                        .row(
                                "journal",
                                "positions "
                                        + inspection.firstPosition()
                                        + " to "
                                        + inspection.endPosition()
                                        + ", "
                                        + inspection.batches()
                                        + " batches")
                        .row(
                                "checkpoint",
                                inspection.snapshotPosition() == 0
                                        ? "none"
                                        : "position " + inspection.snapshotPosition())
                        .row("facts replayed", inspection.facts());
        inspection.tables().ifPresent(tables -> describe(tables, table));
        table(table);
        inspection.notes().forEach(note -> line("note: " + note));
        inspection.findings().forEach(finding -> line("wrong: " + finding));
        line(
                inspection.findings().isEmpty()
                        ? "volume " + volume.name() + " is sound"
                        : "volume "
                                + volume.name()
                                + " is not sound: "
                                + inspection.findings().size()
                                + (inspection.findings().size() == 1 ? " finding" : " findings"));
    }

    private static void describe(VolumeTables tables, Table table) {
        SpaceUse space = tables.spaceUse();
        table.row("uuid", tables.settings().uuid())
                .row("files", tables.files().size())
                .row("extents", tables.extents())
                .row("clients", tables.clients().size())
                .row("layouts", tables.layouts())
                .row("total", Amounts.bytes(space.total()))
                .row("free", Amounts.bytes(space.free()))
                .row("granted", Amounts.bytes(space.granted()))
                .row("mapped", Amounts.bytes(space.mapped()))
                .row("pending", Amounts.bytes(space.pending()))
                .row("quarantined", Amounts.bytes(space.quarantined()))
                .row("at risk", Amounts.bytes(space.atRisk()));
    }

    private Map<String, Object> document(Inspection inspection) {
        Map<String, Object> document =
                object(
                        "volume", volume.name(),
                        "sound", inspection.findings().isEmpty(),
                        "findings", inspection.findings(),
                        "notes", inspection.notes(),
                        "firstPosition", inspection.firstPosition(),
                        "endPosition", inspection.endPosition(),
                        "snapshotPosition", inspection.snapshotPosition(),
                        "batches", inspection.batches(),
                        "factsReplayed", inspection.facts());
        inspection
                .tables()
                .ifPresent(
                        tables -> {
                            document.put("uuid", tables.settings().uuid().toString());
                            document.put("files", tables.files().size());
                            document.put("extents", tables.extents());
                            document.put("clients", tables.clients().size());
                            document.put("layouts", tables.layouts());
                            document.put("space", FactText.json(tables.spaceUse()));
                        });
        return document;
    }
}
