package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.value.EndCause;
import dev.outlay.server.sim.Picture.ClientView;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How long a commit without an answer counts as one that may be done. */
class AskedTest {

    private static final long CLIENT = 7;
    private static final long FILE = 3;

    private final Asked asked = new Asked(new World(1, false));
    private final Request commit =
            Request.newBuilder()
                    .setCommitBlocks(
                            CommitBlocksRequest.newBuilder()
                                    .setOperation(OperationHeader.newBuilder().setOperationId(1))
                                    .setFileId(FILE)
                                    .addRanges(CommitRange.newBuilder().setLength(SimServer.BLOCK)))
                    .build();

    @Test
    void untilTheStateThatWasReadBackHasBeenCompared() {
        asked.heard(CLIENT, commit);
        asked.noPicture();
        asked.said(CLIENT, commit, refused(Reason.REASON_READ_ONLY));
        assertEquals(1, asked.commits(FILE).size(), "it may be in the journal");
        asked.pictureTaken(picture(Optional.empty()));
        assertEquals(0, asked.commits(FILE).size(), "it is in the picture or in none");
    }

    @Test
    void longerIfACopyOfItIsStillAtTheServer() {
        asked.heard(CLIENT, commit);
        asked.heard(CLIENT, commit);
        asked.noPicture();
        asked.said(CLIENT, commit, refused(Reason.REASON_READ_ONLY));
        asked.pictureTaken(picture(Optional.empty()));
        assertEquals(1, asked.commits(FILE).size(), "the other copy may be done yet");
    }

    @Test
    void untilItsClientHasEnded() {
        asked.heard(CLIENT, commit);
        asked.pictureTaken(picture(Optional.empty()));
        assertEquals(1, asked.commits(FILE).size(), "it may wait for something");
        asked.pictureTaken(picture(Optional.of(EndCause.SUPERSEDED)));
        assertEquals(0, asked.commits(FILE).size(), "from here on it is refused");
        asked.heard(CLIENT, commit);
        asked.pictureTaken(Picture.empty(1));
        assertEquals(0, asked.commits(FILE).size(), "and so when its client is forgotten");
    }

    @Test
    void andAgainWhereItsRefusalIsLostWithTheServer() {
        asked.heard(CLIENT, commit);
        asked.said(CLIENT, commit, refused(Reason.REASON_NO_SPACE));
        asked.heard(CLIENT, commit);
        assertEquals(0, asked.commits(FILE).size(), "it is refused once more");
        asked.serverDied();
        asked.heard(CLIENT, commit);
        assertEquals(1, asked.commits(FILE).size(), "it is tried anew");
    }

    private static Picture picture(Optional<EndCause> ended) {
        Picture empty = Picture.empty(1);
        return new Picture(
                empty.files(),
                empty.blocks(),
                empty.claims(),
                Map.of(CLIENT, new ClientView("c", false, ended)),
                empty.devices(),
                empty.space(),
                false,
                List.of());
    }

    private static Reply refused(Reason reason) {
        return Reply.newBuilder().setError(ErrorDetail.newBuilder().setReason(reason)).build();
    }
}
