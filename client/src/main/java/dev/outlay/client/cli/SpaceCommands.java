package dev.outlay.client.cli;

import dev.outlay.client.LayoutClient;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileAttributes;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands about a file's space: truncate, allocate, punch. */
final class SpaceCommands {

    private static final String EXAMPLES = "%nExamples:%n";

    private SpaceCommands() {}

    @Command(
            name = "truncate",
            header = "Sets a file's size.",
            description =
                    "Bytes past it are gone; bytes up to it that were never written read as zeros.",
            footerHeading = EXAMPLES,
            footer = {"  outlay truncate data:/log 0", "  outlay truncate data:/image 10GiB"})
    static final class Truncate extends NameCommands.OnName {

        @Parameters(
                index = "1",
                paramLabel = "SIZE",
                converter = Converters.Size.class,
                description = "The new size, in bytes or with a unit.")
        private long size;

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            FileAttributes file = client.truncate(volume(), name().path(), size);
            done(file, name() + " has " + Facts.size(file.sizeBytes()));
            return ExitCode.OK;
        }
    }

    /** A command about a range of a file. */
    abstract static class OnRange extends NameCommands.OnName {

        @Option(
                names = "--range",
                required = true,
                paramLabel = "OFF+LEN",
                converter = RangeSpec.Converter.class,
                description = "The bytes of the file, such as 0+64KiB.")
        private RangeSpec range = new RangeSpec(new ByteRange(0, 1), Optional.empty());

        final ByteRange range() {
            if (range.address().isPresent()) {
                throw wrongUsage("--range here is OFFSET+LENGTH, without a device");
            }
            return range.range();
        }
    }

    @Command(
            name = "allocate",
            header = "Gives the holes of a range blocks that stay.",
            description = "They read as zeros until written. The range is in whole blocks.",
            footerHeading = EXAMPLES,
            footer = "  outlay allocate data:/log --range 0+1GiB")
    static final class Allocate extends OnRange {

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            FileAttributes file =
                    client.allocate(volume(), name().path(), range().start(), range().length());
            done(file, name() + " occupies " + Facts.size(file.allocatedBytes()));
            return ExitCode.OK;
        }
    }

    @Command(
            name = "punch",
            header = "Makes a range zeros, and frees its whole blocks.",
            description = "The size stays.",
            footerHeading = EXAMPLES,
            footer = "  outlay punch data:/log --range 1MiB+64KiB")
    static final class Punch extends OnRange {

        @Override
        ExitCode run(LayoutClient client) throws IOException {
            FileAttributes file =
                    client.deallocate(volume(), name().path(), range().start(), range().length());
            done(file, name() + " occupies " + Facts.size(file.allocatedBytes()));
            return ExitCode.OK;
        }
    }
}
