package dev.outlay.server.sim;

import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Requests put into a stream between its client and the server. Ids of messages rise on a stream,
 * so those behind an inserted one are moved up, and the answers are moved back; what was inserted
 * is answered to nobody.
 */
final class Insertions {

    private final NavigableSet<Long> inserted = new TreeSet<>();
    private long last;

    /** A message of the client as the server gets it. */
    ClientMessage up(ClientMessage message) {
        ClientMessage.Builder moved = message.toBuilder();
        for (Request.Builder request : moved.getRequestsBuilderList()) {
            request.setMessageId(request.getMessageId() + inserted.size());
            last = request.getMessageId();
        }
        return moved.build();
    }

    /** One more request, behind the last message of the client. */
    ClientMessage insert(Request.Builder request) {
        inserted.add(++last);
        return ClientMessage.newBuilder().addRequests(request.setMessageId(last)).build();
    }

    /** A message of the server as the client gets it. */
    ServerMessage down(ServerMessage message) {
        if (inserted.isEmpty()) {
            return message;
        }
        List<Reply> replies = new ArrayList<>();
        for (Reply reply : message.getRepliesList()) {
            long id = reply.getMessageId();
            if (!inserted.contains(id)) {
                replies.add(
                        reply.toBuilder()
                                .setMessageId(id - inserted.headSet(id, false).size())
                                .build());
            }
        }
        return message.toBuilder().clearReplies().addAllReplies(replies).build();
    }
}
