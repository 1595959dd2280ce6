package dev.outlay.client.cli;

import dev.outlay.client.HeldLayout;
import dev.outlay.client.LayoutClient;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.text.Table;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** What the session holds. */
@Command(
        name = "layout-list",
        header = "Lists the layouts that this session holds on a volume.",
        footerHeading = "%nExamples:%n",
        footer = {"  outlay layout-list data:/", "  outlay layout-list data:/log --json"})
final class LayoutList extends NameCommands.OnName {

    @Override
    ExitCode run(LayoutClient client) throws IOException {
        List<HeldLayout> layouts =
                name().isRoot()
                        ? client.listLayouts(volume())
                        : LayoutGet.held(
                                        client,
                                        volume(),
                                        client.lookup(volume(), name().path()).file())
                                .stream()
                                .toList();
        if (output().isJson()) {
            output().json(layouts.stream().map(LayoutList::json).toList());
            return ExitCode.OK;
        }
        Table table = new Table(">FILE", "STATEID", "RANGES");
        for (HeldLayout layout : layouts) {
            table.row(layout.file(), layout.stateid(), Facts.ranges(layout.ranges()));
        }
        output().table(table);
        return ExitCode.OK;
    }

    private static Map<String, Object> json(HeldLayout layout) {
        return Output.object(
                "file", layout.file().value(),
                "stateid", layout.stateid().toString(),
                "ranges", layout.ranges().stream().map(Facts::range).toList());
    }
}
