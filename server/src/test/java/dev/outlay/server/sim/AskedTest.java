package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import org.junit.jupiter.api.Test;

/** How long a commit that met a failed journal counts as one that may have been done. */
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
        asked.said(CLIENT, commit, readOnly());
        assertEquals(1, asked.commits(FILE).size(), "it may be in the journal");
        asked.pictureTaken();
        assertEquals(0, asked.commits(FILE).size(), "it is in the picture or in none");
    }

    @Test
    void longerIfACopyOfItIsStillAtTheServer() {
        asked.heard(CLIENT, commit);
        asked.heard(CLIENT, commit);
        asked.noPicture();
        asked.said(CLIENT, commit, readOnly());
        asked.pictureTaken();
        assertEquals(1, asked.commits(FILE).size(), "the other copy may be done yet");
    }

    private static Reply readOnly() {
        return Reply.newBuilder()
                .setError(ErrorDetail.newBuilder().setReason(Reason.REASON_READ_ONLY))
                .build();
    }
}
