package dev.outlay.client.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** The client's commands, for a command line to take in. */
public final class ClientCommands {

    private ClientCommands() {}

    /** The commands about devices that ask a server, to stand beside those that do not. */
    public static Map<String, Object> ofDevice() {
        return Map.of("add", new DeviceAddCommand(), "retire", new DeviceRetireCommand());
    }

    /**
     * What makes a fresh picocli command object of each, by its name and in the order of the help.
     */
    public static Map<String, Supplier<Object>> byName() {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("volume", VolumeCommands::new);
        commands.put("create", NameCommands.Create::new);
        commands.put("mkdir", NameCommands.Mkdir::new);
        commands.put("ls", NameCommands.Ls::new);
        commands.put("stat", NameCommands.Stat::new);
        commands.put("mv", NameCommands.Mv::new);
        commands.put("rm", NameCommands.Rm::new);
        commands.put("put", PutCommand::new);
        commands.put("get", GetCommand::new);
        commands.put("cat", CatCommand::new);
        commands.put("map", MapCommand::new);
        commands.put("truncate", SpaceCommands.Truncate::new);
        commands.put("allocate", SpaceCommands.Allocate::new);
        commands.put("punch", SpaceCommands.Punch::new);
        commands.put("clone", CloneCommands.Clone::new);
        commands.put("snapshot", CloneCommands.Snapshot::new);
        commands.put("layout-get", LayoutGet::new);
        commands.put("layout-commit", LayoutCommit::new);
        commands.put("layout-return", LayoutReturn::new);
        commands.put("layout-list", LayoutList::new);
        commands.put("session", SessionCommands::new);
        commands.put("clients", HolderCommands.Clients::new);
        commands.put("layouts", HolderCommands.Layouts::new);
        commands.put("recall", HolderCommands.Recall::new);
        commands.put("revoke", HolderCommands.Revoke::new);
        commands.put("quarantine", QuarantineCommands::new);
        commands.put("history", HistoryCommands::new);
        commands.put("fence-agent", FenceAgentCommand::new);
        return commands;
    }
}
