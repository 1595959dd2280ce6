package dev.outlay.server.tool;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** The server's commands, for a command line to take in. */
public final class ToolCommands {

    private ToolCommands() {}

    /**
     * What makes a fresh picocli command object of each, by its name and in the order of the help.
     */
    public static Map<String, Supplier<Object>> byName() {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("serve", ServeCommand::new);
        commands.put("format", FormatCommand::new);
        commands.put("device", DeviceCommand::new);
        commands.put("fsck", FsckCommand::new);
        commands.put("journal", JournalCommand::new);
        return commands;
    }
}
