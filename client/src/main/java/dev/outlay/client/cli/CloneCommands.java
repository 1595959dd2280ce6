package dev.outlay.client.cli;

import dev.outlay.client.LayoutClient;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.FileAttributes;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that share blocks between files: clone, snapshot. */
final class CloneCommands {

    private static final String EXAMPLES = "%nExamples:%n";

    private CloneCommands() {}

    /** A command about two files of one volume. */
    abstract static class FromTo extends SessionCommand {

        @Parameters(
                index = "0",
                paramLabel = "FROM",
                converter = VolumePath.Converter.class,
                description = "The file whose bytes are shared, such as data:/image.")
        private VolumePath from = new VolumePath("", "/");

        @Parameters(
                index = "1",
                paramLabel = "TO",
                converter = VolumePath.Converter.class,
                description = "The other file, on the same volume.")
        private VolumePath to = new VolumePath("", "/");

        final VolumePath from() {
            return from;
        }

        final VolumePath to() {
            if (!from.volume().equals(to.volume())) {
                throw wrongUsage(
                        from
                                + " cannot share blocks with another volume; copy it with 'outlay"
                                + " get' and 'outlay put'");
            }
            return to;
        }

        @Override
        String volume() {
            return from.volume();
        }

        @Override
        Object subject() {
            return from + " to " + to;
        }

        final void done(FileAttributes file, String line) {
            if (output().isJson()) {
                output().json(Facts.attributes(volume(), file));
            } else {
                output().line(line);
            }
        }
    }

    @Command(
            name = "clone",
            header = "Gives a second file the bytes of the first, without copying.",
            description =
                    "Both share the blocks; whoever is written to next gets its own for what is"
                            + " written. The second file is made if it is not there.",
            footerHeading = EXAMPLES,
            footer = {
                "  outlay clone data:/image data:/copy",
                "  outlay clone data:/image data:/copy --range 0+1MiB --at 4MiB"
            })
    static final class Clone extends FromTo {

        @Option(
                names = "--range",
                paramLabel = "OFF+LEN",
                converter = RangeSpec.Converter.class,
                description = "The bytes of FROM, in whole blocks. Default: all.")
        private @Nullable RangeSpec range;

        @Option(
                names = "--at",
                paramLabel = "OFF",
                converter = Converters.Size.class,
                defaultValue = "0",
                description = "Where in TO they begin, with --range. Default: 0.")
        private long at;

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            RangeSpec part = range;
            if (part == null && at != 0) {
                throw wrongUsage("--at goes with --range");
            }
            if (part != null && part.address().isPresent()) {
                throw wrongUsage("--range here is OFFSET+LENGTH, without a device");
            }
            FileAttributes file =
                    part == null
                            ? client.clone(volume(), from().path(), to().path())
                            : client.clone(volume(), from().path(), part.range(), to().path(), at);
            done(file, "cloned " + from() + " to " + to() + ", " + Facts.size(file.sizeBytes()));
            return ExitCode.OK;
        }
    }

    @Command(
            name = "snapshot",
            header = "Keeps the bytes of a file as they are now, under a new name.",
            description =
                    "Nothing is copied. The new file is read-only for ever; it can be read, cloned,"
                            + " renamed and removed.",
            footerHeading = EXAMPLES,
            footer = "  outlay snapshot data:/image data:/image.monday")
    static final class Snapshot extends FromTo {

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            FileAttributes file = client.snapshot(volume(), from().path(), to().path());
            done(file, "kept " + from() + " as " + to() + ", " + Facts.size(file.sizeBytes()));
            return ExitCode.OK;
        }
    }
}
