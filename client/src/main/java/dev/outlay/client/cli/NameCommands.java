package dev.outlay.client.cli;

import dev.outlay.client.DirectoryEntry;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.text.Table;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands about names: create, mkdir, ls, stat, mv, rm. */
final class NameCommands {

    private static final String EXAMPLES = "%nExamples:%n";

    private NameCommands() {}

    /** A command about one name. */
    abstract static class OnName extends SessionCommand {

        @Parameters(
                paramLabel = "VOLUME:/PATH",
                converter = VolumePath.Converter.class,
                description = "The file or directory, such as data:/dir/file.")
        private VolumePath name = new VolumePath("", "/");

        final VolumePath name() {
            return name;
        }

        @Override
        final String volume() {
            return name.volume();
        }

        @Override
        final Object subject() {
            return name;
        }

        /** Prints attributes: as JSON, or one line that tells what was done. */
        final void done(FileAttributes file, String line) {
            if (output().isJson()) {
                output().json(Facts.attributes(volume(), file));
            } else {
                output().line(line);
            }
        }
    }

    @Command(
            name = "create",
            header = "Makes an empty file.",
            footerHeading = EXAMPLES,
            footer = {"  outlay create data:/log", "  outlay create data:/secret --mode 600"})
    static final class Create extends OnName {

        @Option(
                names = "--mode",
                paramLabel = "OCTAL",
                defaultValue = "644",
                converter = Converters.Mode.class,
                description = "Permission bits. Default: 644.")
        private int mode;

        @Option(
                names = "--concurrent",
                description =
                        "Readers and writers share what is committed; the application orders its"
                                + " own bytes.")
        private boolean concurrent;

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            FileAttributes file =
                    concurrent
                            ? client.createConcurrent(volume(), name().path(), mode)
                            : client.create(volume(), name().path(), mode);
            done(file, "created " + name() + " (file " + file.file() + ")");
            return ExitCode.OK;
        }
    }

    @Command(
            name = "mkdir",
            header = "Makes an empty directory.",
            footerHeading = EXAMPLES,
            footer = "  outlay mkdir data:/dir")
    static final class Mkdir extends OnName {

        @Option(
                names = "--mode",
                paramLabel = "OCTAL",
                defaultValue = "755",
                converter = Converters.Mode.class,
                description = "Permission bits. Default: 755.")
        private int mode;

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            FileAttributes file = client.createDirectory(volume(), name().path(), mode);
            done(file, "created directory " + name() + " (file " + file.file() + ")");
            return ExitCode.OK;
        }
    }

    @Command(
            name = "ls",
            header = "Lists a directory by name, or shows one file.",
            footerHeading = EXAMPLES,
            footer = {"  outlay ls data:/", "  outlay ls data:/dir --json"})
    static final class Ls extends OnName {

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            List<DirectoryEntry> entries = entries(client);
            if (output().isJson()) {
                output().json(
                                entries.stream()
                                        .map(
                                                entry ->
                                                        Output.object(
                                                                "name", entry.name(),
                                                                "file", entry.file().value(),
                                                                "kind", Facts.word(entry.kind()),
                                                                "sizeBytes", entry.sizeBytes()))
                                        .toList());
                return ExitCode.OK;
            }
            Table table = new Table("KIND", ">SIZE", ">FILE", "NAME");
            for (DirectoryEntry entry : entries) {
                boolean directory = entry.kind() == FileKind.DIRECTORY;
                table.row(
                        Facts.word(entry.kind()),
                        directory ? "-" : Amounts.bytes(entry.sizeBytes()),
                        entry.file(),
                        directory ? entry.name() + "/" : entry.name());
            }
            output().table(table);
            return ExitCode.OK;
        }

        private List<DirectoryEntry> entries(LayoutClient client) throws IOException {
            try {
                return client.list(volume(), name().path());
            } catch (OutlayException e) {
                if (!e.is(Reason.NOT_DIRECTORY)) {
                    throw e;
                }
                FileAttributes file = client.lookup(volume(), name().path());
                return List.of(
                        new DirectoryEntry(
                                name().name(), file.file(), file.kind(), file.sizeBytes()));
            }
        }
    }

    @Command(
            name = "stat",
            header = "Shows what is known of a file or directory.",
            footerHeading = EXAMPLES,
            footer = {"  outlay stat data:/dir/file", "  outlay stat data:/ --json"})
    static final class Stat extends OnName {

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            FileAttributes file = client.lookup(volume(), name().path());
            if (output().isJson()) {
                output().json(Facts.attributes(volume(), file));
                return ExitCode.OK;
            }
            output().table(
                            new Table("", "")
                                    .row("name", name())
                                    .row("kind", Facts.word(file.kind()))
                                    .row("file", file.file())
                                    .row("size", Facts.size(file.sizeBytes()))
                                    .row("allocated", Facts.size(file.allocatedBytes()))
                                    .row("mode", Integer.toOctalString(file.mode()))
                                    .row("owner", file.owner())
                                    .row("flags", flags(file))
                                    .row("change counter", file.changeCounter())
                                    .row("map epoch", file.mapEpoch())
                                    .row("created", Facts.time(file.createdMillis()))
                                    .row("modified", Facts.time(file.modifiedMillis()))
                                    .row("changed", Facts.time(file.changedMillis()))
                                    .row("accessed", Facts.time(file.accessedMillis())));
            return ExitCode.OK;
        }
    }

    @Command(
            name = "mv",
            header = "Moves a name within its volume.",
            description =
                    "What stands at the destination is removed. Into a directory, the name is kept.",
            footerHeading = EXAMPLES,
            footer = {"  outlay mv data:/a data:/b", "  outlay mv data:/a data:/dir"})
    static final class Mv extends SessionCommand {

        @Parameters(
                index = "0",
                paramLabel = "FROM",
                converter = VolumePath.Converter.class,
                description = "The name now, such as data:/a.")
        private VolumePath from = new VolumePath("", "/");

        @Parameters(
                index = "1",
                paramLabel = "TO",
                converter = VolumePath.Converter.class,
                description = "The new name on the same volume, or a directory.")
        private VolumePath to = new VolumePath("", "/");

        @Override
        String volume() {
            return from.volume();
        }

        @Override
        Object subject() {
            return from + " to " + to;
        }

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            if (!from.volume().equals(to.volume())) {
                throw wrongUsage(
                        from
                                + " cannot move to another volume; copy it with 'outlay get' and 'outlay put'");
            }
            VolumePath target = target(client, from, to);
            FileAttributes file = client.rename(volume(), from.path(), target.path());
            if (output().isJson()) {
                output().json(Facts.attributes(volume(), file));
            } else {
                output().line("moved " + from + " to " + target);
            }
            return ExitCode.OK;
        }
    }

    private static String flags(FileAttributes file) {
        List<String> flags = new ArrayList<>();
        if (file.has(FileAttributes.CONCURRENT)) {
            flags.add("concurrent");
        }
        if (file.has(FileAttributes.READ_ONLY)) {
            flags.add("read-only");
        }
        return flags.isEmpty() ? "none" : String.join(", ", flags);
    }

    /** A directory as the destination means the same name in it, unless it is a directory moved. */
    static VolumePath target(LayoutClient client, VolumePath from, VolumePath to)
            throws OutlayException {
        try {
            boolean directory = client.lookup(to.volume(), to.path()).kind() == FileKind.DIRECTORY;
            return directory && !from.equals(to) ? to.child(from.name()) : to;
        } catch (OutlayException e) {
            if (e.is(Reason.NOT_FOUND)) {
                return to;
            }
            throw e;
        }
    }

    @Command(
            name = "rm",
            header = "Removes files and empty directories.",
            footerHeading = EXAMPLES,
            footer = {"  outlay rm data:/a data:/b", "  outlay rm data:/dir"})
    static final class Rm extends SessionCommand {

        @Parameters(
                arity = "1..*",
                paramLabel = "VOLUME:/PATH",
                converter = VolumePath.Converter.class,
                description = "What is to go, all on one volume.")
        private List<VolumePath> names = new ArrayList<>();

        private Object subject = "";

        @Override
        String volume() {
            return names.getFirst().volume();
        }

        @Override
        Object subject() {
            return subject;
        }

        @Override
        ExitCode run(LayoutClient client) throws IOException, CommandFailure {
            for (VolumePath name : names) {
                if (!name.volume().equals(volume())) {
                    throw wrongUsage(name + " is on another volume than " + names.getFirst());
                }
            }
            List<String> removed = new ArrayList<>();
            for (VolumePath name : names) {
                subject = name;
                client.remove(volume(), name.path());
                holding(name, false);
                removed.add(name.toString());
                if (!output().isJson()) {
                    output().line("removed " + name);
                }
            }
            if (output().isJson()) {
                output().json(Output.object("removed", removed));
            }
            return ExitCode.OK;
        }
    }
}
