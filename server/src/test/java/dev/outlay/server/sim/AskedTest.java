package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.EndCause;
import dev.outlay.server.sim.Picture.ClientView;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.v1.ChildName;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reason;
import dev.outlay.v1.RenameRequest;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * How long a commit without an answer counts as one that may be done, and which file a request may
 * take away.
 */
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
    void untilItIsRefused() {
        asked.heard(CLIENT, commit);
        assertEquals(1, asked.commits(FILE).size());
        asked.said(CLIENT, commit, refused(Reason.REASON_READ_ONLY));
        asked.heard(CLIENT, commit);
        asked.stateReadBack();
        asked.heard(CLIENT, commit);
        assertEquals(0, asked.commits(FILE).size(), "no late copy is done once there is room");
    }

    /** The device is named in another life, so that it is refused (seed 2350). */
    @Test
    void notIfItWasMadeUp() {
        asked.heard(CLIENT, commit);
        assertTrue(asked.isCommitted(FILE, 0, 0, CLIENT));
        asked.said(CLIENT, commit, refused(Reason.REASON_READ_ONLY));
        Request.Builder stray = commit.toBuilder();
        stray.getCommitBlocksBuilder().getOperationBuilder().setOperationId(1L << 40);
        asked.heard(CLIENT, stray.build());
        assertFalse(asked.isCommitted(FILE, 0, 0, CLIENT));
    }

    @Test
    void longerIfItIsTriedAnew() {
        asked.heard(CLIENT, commit);
        asked.said(CLIENT, commit, refused(Reason.REASON_TRY_LATER));
        assertEquals(1, asked.commits(FILE).size());
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

    /** Two renames done in one batch, of which only the last name shows. */
    @Test
    void aFileMayBeReplacedUnderTheNameThatItHasJustGot() {
        asked.heard(CLIENT, rename(1, "a", "b"));
        assertFalse(asked.removes(named("a")), "it has another name, and that is all");
        asked.heard(CLIENT, rename(2, "c", "b"));
        assertTrue(asked.removes(named("a")));
        assertFalse(asked.removes(named("d")));
    }

    private static Request rename(long operation, String from, String to) {
        return Request.newBuilder()
                .setRename(
                        RenameRequest.newBuilder()
                                .setOperation(
                                        OperationHeader.newBuilder().setOperationId(operation))
                                .setFrom(ChildName.newBuilder().setName(from))
                                .setTo(ChildName.newBuilder().setName(to)))
                .build();
    }

    private static FileView named(String name) {
        return new FileView(
                FILE,
                name,
                0,
                false,
                false,
                false,
                1,
                1,
                0,
                new int[0],
                new boolean[0],
                new boolean[0],
                new int[0],
                false,
                Map.of());
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
