package dev.outlay.server.tool;

import java.util.List;

/** The server's commands, for a command line to take in. */
public final class ToolCommands {

    private ToolCommands() {}

    /** A fresh picocli command object of each, in the order of the help. */
    public static List<Object> all() {
        return List.of(
                new ServeCommand(),
                new FormatCommand(),
                new DeviceCommand(),
                new FsckCommand(),
                new JournalCommand());
    }
}
