package dev.outlay.client.session;

import com.google.protobuf.ByteString;
import dev.outlay.v1.AcknowledgeRecallResponse;
import dev.outlay.v1.AttachSessionResponse;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.EndClientResponse;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.Notice;
import dev.outlay.v1.OpenSessionResponse;
import dev.outlay.v1.Reason;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Recall;
import dev.outlay.v1.RenewResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a server, as a client sees them: one client, one stream at a time. What the
 * requests mean is left to {@link #answer}.
 */
public abstract class FakeServer implements SimTransport.Peer {

    public static final int LEASE_MILLIS = 10_000;
    public static final ByteString SECRET = ByteString.copyFrom(new byte[16]);
    public static final ByteString SERVER_ID = ByteString.copyFrom(new byte[16]);

    private final List<Request> seen = new ArrayList<>();
    private long serverIncarnation = 1;
    private boolean renewing = true;
    private boolean silent;
    private Reason refusal = Reason.REASON_UNSPECIFIED;
    private Consumer<Runnable> delay = Runnable::run;
    private SimTransport.@Nullable Wire wire;
    private final List<Recall> recalls = new ArrayList<>();
    private int mapsHeldBack;
    private final List<Notice> along = new ArrayList<>();
    private Reply.BodyCase heldBack = Reply.BodyCase.BODY_NOT_SET;
    private final List<Runnable> letGo = new ArrayList<>();

    // ---- what a test does to it

    /** The server starts anew. */
    public void restart() {
        serverIncarnation++;
    }

    /** Whether answers renew the lease. */
    public void renewing(boolean does) {
        renewing = does;
    }

    /** Whether nothing is answered at all. */
    public void silent(boolean is) {
        silent = is;
    }

    /** Refuses attaching and renewing for this reason. */
    public void refuse(Reason reason) {
        refusal = reason;
    }

    /** Each reply is handed to {@code by}, which runs it now or later. */
    public void delayReplies(Consumer<Runnable> by) {
        delay = by;
    }

    /** Says something unasked, if there is a stream. */
    public void tell(Notice notice) {
        if (wire != null) {
            wire.answer(ServerMessage.newBuilder().addNotices(notice).build());
        }
    }

    /** Answers of this kind are kept back until {@link #letGo}. */
    public void holdBack(Reply.BodyCase kind) {
        heldBack = kind;
    }

    public void letGo() {
        heldBack = Reply.BodyCase.BODY_NOT_SET;
        List.copyOf(letGo).forEach(Runnable::run);
        letGo.clear();
    }

    /** Says something unasked in one message with the next answer to a MapBlocks. */
    public void tellWithMap(Notice notice) {
        along.add(notice);
    }

    /** Recalls, and tells of it with every renewal until it is taken out of {@link #recalls}. */
    public void recall(Recall recall) {
        recalls.removeIf(known -> known.getRecallId() == recall.getRecallId());
        recalls.add(recall);
        tell(Notice.newBuilder().setRecall(recall).build());
    }

    public List<Recall> recalls() {
        return recalls;
    }

    /** Whether the answer to a MapBlocks has not been let go yet. */
    protected boolean isMapHeldBack() {
        return mapsHeldBack > 0;
    }

    /** All requests that have arrived, in order. */
    public List<Request> seen() {
        return seen;
    }

    public List<Request> seen(Request.BodyCase body) {
        return seen.stream().filter(r -> r.getBodyCase() == body).toList();
    }

    // ---- what it answers

    /** The answer to a request that is not about the session; empty: none, for now. */
    protected abstract Optional<Reply.Builder> answer(Request request);

    /** What becomes of restated layouts: all of them stand, unless overridden. */
    protected ReattachResponse reattach(ReattachRequest request) {
        ReattachResponse.Builder answer =
                ReattachResponse.newBuilder().setLeaseMillis(LEASE_MILLIS);
        for (ReattachRequest.Volume volume : request.getVolumesList()) {
            ReattachResponse.VolumeResult.Builder result =
                    ReattachResponse.VolumeResult.newBuilder().setVolume(volume.getVolume());
            volume.getLayoutsList()
                    .forEach(
                            layout ->
                                    result.addLayouts(
                                            ReattachResponse.LayoutResult.newBuilder()
                                                    .setFileId(layout.getFileId())
                                                    .setLayout(layout)));
            answer.addVolumes(result);
        }
        return answer.build();
    }

    @Override
    public final void message(SimTransport.Wire wire, ClientMessage message) {
        this.wire = wire;
        for (Request request : message.getRequestsList()) {
            seen.add(request);
            if (!silent) {
                reply(request)
                        .ifPresent(
                                reply ->
                                        send(
                                                wire,
                                                reply.setMessageId(request.getMessageId())
                                                        .setLeaseRenewed(renewing)
                                                        .build()));
            }
            if (request.hasAttachSession()) {
                List.copyOf(recalls).forEach(this::recall);
            }
        }
    }

    private void send(SimTransport.Wire to, Reply reply) {
        ServerMessage.Builder answer = ServerMessage.newBuilder().addReplies(reply);
        if (reply.hasMapBlocks()) {
            answer.addAllNotices(along);
            along.clear();
        }
        ServerMessage message = answer.build();
        if (reply.getBodyCase() == heldBack) {
            letGo.add(() -> to.answer(message));
        } else if (reply.hasOpenSession() || reply.hasAttachSession() || reply.hasReattach()) {
            to.answer(message);
        } else {
            mapsHeldBack += reply.hasMapBlocks() ? 1 : 0;
            delay.accept(
                    () -> {
                        mapsHeldBack -= reply.hasMapBlocks() ? 1 : 0;
                        to.answer(message);
                    });
        }
    }

    private Optional<Reply.Builder> reply(Request request) {
        Reply.Builder reply = Reply.newBuilder();
        boolean refused = refusal != Reason.REASON_UNSPECIFIED;
        return switch (request.getBodyCase()) {
            case OPEN_SESSION ->
                    Optional.of(
                            reply.setOpenSession(
                                    OpenSessionResponse.newBuilder()
                                            .setClientId(7)
                                            .setSecret(SECRET)
                                            .setLeaseMillis(LEASE_MILLIS)
                                            .setServerId(SERVER_ID)
                                            .setServerIncarnation(serverIncarnation)
                                            .setLimits(limits())));
            case ATTACH_SESSION ->
                    Optional.of(
                            refused
                                    ? error(refusal, 0)
                                    : reply.setAttachSession(
                                            AttachSessionResponse.newBuilder()
                                                    .setLeaseMillis(LEASE_MILLIS)
                                                    .setServerId(SERVER_ID)
                                                    .setServerIncarnation(serverIncarnation)
                                                    .setLimits(limits())));
            case RENEW ->
                    Optional.of(
                            refused
                                    ? error(refusal, 0)
                                    : reply.setRenew(
                                            RenewResponse.newBuilder()
                                                    .setLeaseMillis(LEASE_MILLIS)
                                                    .setServerIncarnation(serverIncarnation)
                                                    .addAllRecalls(recalls)));
            case ACKNOWLEDGE_RECALL ->
                    Optional.of(
                            reply.setAcknowledgeRecall(
                                    AcknowledgeRecallResponse.getDefaultInstance()));
            case REATTACH -> Optional.of(reply.setReattach(reattach(request.getReattach())));
            case END_CLIENT ->
                    Optional.of(reply.setEndClient(EndClientResponse.getDefaultInstance()));
            default -> answer(request);
        };
    }

    /** The limits told to the client. */
    protected SessionLimits limits() {
        return SessionLimits.newBuilder()
                .setOutstandingOperations(16)
                .setExtentsPerReply(8)
                .setRangesPerCommit(4)
                .setEntriesPerList(100)
                .setLayoutsPerReattach(100)
                .setMessageBytes(1 << 20)
                .build();
    }

    public static Reply.Builder error(Reason reason, int retryAfterMillis) {
        return Reply.newBuilder()
                .setError(
                        ErrorDetail.newBuilder()
                                .setReason(reason)
                                .setMessage("refused: " + reason)
                                .setWhatToDo("see the test")
                                .setRetryAfterMillis(retryAfterMillis));
    }
}
