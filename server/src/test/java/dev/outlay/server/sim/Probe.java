package dev.outlay.server.sim;

/**
 * Rare branches that random runs must reach: a batch of fifty seeds or more that has not met one of
 * them has shown less than it seems to, and fails with its name.
 */
enum Probe {
    ANSWERED_AGAIN("An operation was answered a second time (I12)."),
    AT_RISK_SERVED(
            "Bytes that a revoked writer could still change were read in place, for want of space."),
    BATCH_OVERTAKEN("A batch was decided while the one before it was being forced."),
    BLOCK_LEFT_A_DEVICE(
            "A written block was copied elsewhere because its device is to leave the volume."),
    BLOCK_RELOCATED(
            "A written block that a revoked writer could still store to was copied elsewhere."),
    CHECKPOINT_FAILED("What had changed could not be written to the checkpoint."),
    CHECKPOINT_LOADED("A server started from a checkpoint and the journal behind it."),
    CHECKPOINT_LOST("A crash took away a part of the checkpoint that was not flushed."),
    CHECKPOINT_REPLACED("All rows were written anew, after some could not be written."),
    CLIENT_KILLED_UNCOMMITTED(
            "A client's process was killed after it had stored and before it had committed."),
    CLOCK_JUMPED("The server's wall clock jumped while it ran."),
    COMMITTED_AGAIN("Nothing but written blocks was committed to a file (I13)."),
    COMMITTED_AHEAD("A commit that went on by itself was done, and all that it covers was seen."),
    COMMIT_ANSWERED_AGAIN(
            "A commit came once more after a restart, and the answer kept was given again."),
    COMMIT_NOT_GRANTED("A commit named what its client had not been granted (I3)."),
    COMMIT_OF_ANOTHER_LIFE_REFUSED(
            "A commit named a device in another life than the volume means, and was refused (I23)."),
    COMMIT_OF_ITS_EPOCH("A commit was compared with the map of the epoch in its answer (I24)."),
    COMMIT_OF_MANY_BLOCKS("Several blocks became written by one commit (I6)."),
    CONFLICTING_GRANT("A grant followed one that it does not bear (I9)."),
    DEVICE_ADDED("A device joined the volume while clients worked."),
    DEVICE_BACK_IN_ANOTHER_LIFE(
            "A device that had left was formatted anew and joined again, under another index."),
    DEVICE_NOT_THERE("A client found no device under its path."),
    DEVICE_RECALLED("A client was asked for all that it holds on a device that is to leave."),
    DEVICE_RELEASED("The label of a device that had left was made nobody's."),
    DEVICE_RETIRED(
            "A device left the volume, after all that lay on it had moved or was free (I23)."),
    DEVICE_RETURNED("A client gave back all that it held on a device."),
    DISK_READ_BACK("The journal's disk was read back as a crash would have left it (I5)."),
    END_PROVEN("The end of a client was proven, and what it held left the quarantine."),
    EXTENTS_OF_SEVERAL_DEVICES("One answer named blocks of several devices."),
    EXTENTS_READ_AGAIN("Extents that had left memory came back from the checkpoint."),
    EXTENT_OF_ONE_MOMENT("An extent in an answer was compared with the map of its epoch (I17)."),
    GRACE_REFUSED("A request was refused because clients may still restate what they held."),
    HELD_OVER_A_CRASH(
            "The server crashed, and what clients had been told was looked for after it (I5)."),
    JOURNAL_REBUILT("The journal failed, and the state was built again from what was forced."),
    JOURNAL_TORN("A server that started found the journal's last batch torn, and cut it."),
    LAPSED_RENEWED("A lease ran out, nobody wanted what was held, and it was renewed whole."),
    LATE_STORE("A revoked client stored to a block that is in quarantine in its name."),
    LEASE_OVER("A client lapsed or expired (I20)."),
    MAPPING_LOADED("An application loaded from a mapping that nobody checks."),
    MAPPING_RECALLED("What an application had mapped by hand was recalled."),
    MAY_BE_RESTATED("In grace a client had yet to restate what it had held for reading (I22)."),
    NO_SPACE_REFUSED("A request was refused because nothing is free and nothing can be had."),
    OTHER_DEVICE_FOUND(
            "A client found another device under the path of the one that the server means."),
    PUNCH_RECALLED("A punch waited until others had given back what it takes."),
    READ_ONLY_REFUSED("A request was refused because the journal had failed or was full."),
    REATTACH_REFUSED("A client restated what it does not hold any more."),
    REATTACH_RESTATED("A client restated what it holds, and goes on."),
    RECALLED("A client was asked to give something back."),
    RECALLED_AGAIN("A recall was told a second time (I13)."),
    RECALL_ENDED("What was recalled had come back (I18)."),
    REPLY_LOST("A request was answered, the answer was lost, and the request came once more."),
    RETIRE_OF_THE_LAST("A device was to leave that is the only one left, and that was refused."),
    RETIRE_WITHOUT_ROOM(
            "A device was to leave whose blocks have no room elsewhere, and that was refused."),
    RETIRING_OVER_A_CRASH(
            "The server crashed while a device was being emptied, and went on with it."),
    RETIRING_WAITS_FOR_A_PROOF(
            "Nothing kept a device but blocks that a revoked client may still store to."),
    RETIRING_WHILE_WRITTEN("A client held blocks RW on a device that was being emptied."),
    RETIRING_WITHOUT_ROOM("The other devices filled up while a device was being emptied."),
    RETURNED_AGAIN("A client returned what it did not hold (I13)."),
    REVOKED_OVERDUE("A client that did not answer a recall in time was revoked."),
    SERVER_READ("A client read through the server (3.6)."),
    SERVER_STORE_FAILED("The server's own store to the device failed half-way."),
    SERVER_WROTE("A client wrote through the server, and was answered (3.6)."),
    SESSION_LOST("A client found its session dead and began a new one."),
    SOUGHT("A client asked where data or a hole begins (3.6)."),
    SPACE_TAKEN_BACK("A request found no space, waited for what others gave back, and got it."),
    STOPPED_IN_ACCESS("A client was stopped for long in the middle of a store or a load."),
    STRAY_COMMIT("A client asked to commit what another one holds."),
    STRAY_COPY("A request came a second time, long after the first."),
    STRAY_OF_ANOTHER_LIFE("A client asked to commit a block of a device in another life of it."),
    STRAY_OF_A_DEVICE_GONE(
            "A client asked to commit a block by the name that it had on a device which has left."),
    STRAY_RECLAIM("A client claimed to have held before the restart what another one holds."),
    SWAP_AFTER_RESTART(
            "Blocks took the place of committed ones that were granted before a start of the server."),
    SWAP_OF_MANY_BLOCKS("Several committed blocks were replaced by one commit (3.1)."),
    SWAP_WAITED("A commit waited until readers had given back what it replaces (3.1)."),
    TRUNCATE_RECALLED("A truncate waited until others had given back what it takes."),
    VOLUME_UNAVAILABLE("A server started, and a device of its volume was not there."),
    WRITE_GATHERED("A small write of a row was kept, to be stored with the next ones."),
    ZEROED_GRANTED(
            "A writer was told that a block which nobody has committed is written, with zeros (1).");

    private final String meaning;

    Probe(String meaning) {
        this.meaning = meaning;
    }

    String meaning() {
        return meaning;
    }
}
