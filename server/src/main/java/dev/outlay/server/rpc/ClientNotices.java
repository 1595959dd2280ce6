package dev.outlay.server.rpc;

import dev.outlay.core.command.Command;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.value.ClientId;
import dev.outlay.server.engine.Session;
import dev.outlay.server.engine.VolumeEngine;
import dev.outlay.server.engine.VolumeLookup;
import dev.outlay.v1.Recall;
import java.util.List;
import java.util.Optional;

/**
 * What volumes have to say to clients, on its way to their streams. Where a client has no stream a
 * notice is dropped: recalls are told again with each renewal, and when a stream begins. Any
 * thread.
 */
final class ClientNotices implements VolumeEngine.Listener {

    private final VolumeLookup volumes;
    private final SessionStreams streams;
    private final int recallMillis;

    /**
     * @param recallMillis time given to answer a recall
     */
    ClientNotices(VolumeLookup volumes, SessionStreams streams, int recallMillis) {
        this.volumes = volumes;
        this.streams = streams;
        this.recallMillis = recallMillis;
    }

    @Override
    public void told(VolumeEngine volume, Notice notice) {
        switch (notice) {
            case Notice.ToClient told ->
                    streams.find(told.client())
                            .ifPresent(
                                    stream ->
                                            stream.tell(
                                                    WireNotices.toWire(
                                                            volume.name(), told, recallMillis)));
            case Notice.ToServer _ -> {
                // Others hear that.
            }
        }
    }

    @Override
    public void renewals(VolumeEngine volume, ClientId client, boolean allowed) {
        // The sessions count the leases.
    }

    /** Asks a client to return what it needs least; false if it has no stream. */
    boolean shed(VolumeEngine volume, ClientId client, int keepLayouts) {
        Optional<SessionStream> stream = streams.find(client);
        stream.ifPresent(
                to ->
                        to.tell(
                                WireNotices.toWire(
                                        volume.name(),
                                        new Notice.ShedLoad(client, keepLayouts),
                                        recallMillis)));
        return stream.isPresent();
    }

    boolean isStreaming(ClientId client) {
        return streams.find(client).isPresent();
    }

    /** What a client has been asked to give back and has not; by volume, the oldest first. */
    List<Recall> outstanding(Session session) {
        return session.joinedVolumes().stream()
                .flatMap(name -> volumes.find(name).stream())
                .flatMap(
                        volume ->
                                volume.openRecalls(session.id()).stream()
                                        .map(
                                                sent ->
                                                        WireNotices.recall(
                                                                volume.name(), sent, recallMillis)))
                .toList();
    }

    /** Tells all recalls that are outstanding once more. */
    void tellAgain(Session session, SessionStream stream) {
        outstanding(session)
                .forEach(
                        recall ->
                                stream.tell(
                                        dev.outlay.v1.Notice.newBuilder()
                                                .setRecall(recall)
                                                .build()));
    }

    /** The stream of a client is gone: nobody is there to be answered by what waits. */
    void cancelWaits(Session session) {
        for (String name : session.joinedVolumes()) {
            volumes.find(name)
                    .ifPresent(
                            volume -> {
                                var _ = volume.submit(new Command.CancelWaits(session.id()));
                            });
        }
    }
}
