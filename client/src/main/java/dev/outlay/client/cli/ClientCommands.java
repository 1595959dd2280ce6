package dev.outlay.client.cli;

import java.util.List;
import java.util.Map;

/** The client's commands, for a command line to take in. */
public final class ClientCommands {

    private ClientCommands() {}

    /** The commands about devices that ask a server, to stand beside those that do not. */
    public static Map<String, Object> ofDevice() {
        return Map.of("add", new DeviceAddCommand(), "retire", new DeviceRetireCommand());
    }

    /** A fresh picocli command object of each, in the order of the help. */
    public static List<Object> all() {
        return List.of(
                new VolumeCommands(),
                new NameCommands.Create(),
                new NameCommands.Mkdir(),
                new NameCommands.Ls(),
                new NameCommands.Stat(),
                new NameCommands.Mv(),
                new NameCommands.Rm(),
                new PutCommand(),
                new GetCommand(),
                new CatCommand(),
                new MapCommand(),
                new SpaceCommands.Truncate(),
                new SpaceCommands.Allocate(),
                new SpaceCommands.Punch(),
                new CloneCommands.Clone(),
                new CloneCommands.Snapshot(),
                new LayoutGet(),
                new LayoutCommit(),
                new LayoutReturn(),
                new LayoutList(),
                new SessionCommands(),
                new HolderCommands.Clients(),
                new HolderCommands.Layouts(),
                new HolderCommands.Recall(),
                new HolderCommands.Revoke(),
                new QuarantineCommands(),
                new HistoryCommands(),
                new FenceAgentCommand());
    }
}
