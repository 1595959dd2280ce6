package dev.outlay.server.sim;

import dev.outlay.v1.Notice;
import dev.outlay.v1.Reply;
import dev.outlay.v1.ServerMessage;

/** Sees from outside which rare branches a run has reached. */
final class Reached {

    private final World world;

    Reached(World world) {
        this.world = world;
    }

    void said(ServerMessage message) {
        for (Notice notice : message.getNoticesList()) {
            if (notice.hasRecall()) {
                world.reach(Probe.RECALLED);
            }
        }
        for (Reply reply : message.getRepliesList()) {
            if (reply.hasError()) {
                refused(reply);
            }
        }
    }

    private void refused(Reply reply) {
        switch (reply.getError().getReason()) {
            case REASON_GRACE -> world.reach(Probe.GRACE_REFUSED);
            case REASON_READ_ONLY -> world.reach(Probe.READ_ONLY_REFUSED);
            default -> {}
        }
    }
}
