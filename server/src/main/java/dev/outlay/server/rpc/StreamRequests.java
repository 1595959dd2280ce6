package dev.outlay.server.rpc;

import dev.outlay.core.value.Reason;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.Request.BodyCase;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Which operation a request on a stream asks for, and where its answer goes in the reply. */
final class StreamRequests {
    private static final Map<BodyCase, String> NAMES = names();

    private final Operations operations;

    StreamRequests(Operations operations) {
        this.operations = operations;
    }

    /** The reply without its message id; completes as {@link Operations} does. */
    CompletableFuture<Reply.Builder> answer(Caller caller, Request request) {
        Reply.Builder reply = Reply.newBuilder();
        return switch (request.getBodyCase()) {
            case RENEW -> operations.renew(caller, request.getRenew()).thenApply(reply::setRenew);
            case REATTACH ->
                    operations
                            .reattach(caller, request.getReattach())
                            .thenApply(reply::setReattach);
            case END_CLIENT ->
                    operations
                            .endClient(caller, request.getEndClient())
                            .thenApply(reply::setEndClient);
            case ACKNOWLEDGE_RECALL ->
                    operations
                            .acknowledgeRecall(caller, request.getAcknowledgeRecall())
                            .thenApply(reply::setAcknowledgeRecall);
            case MAP_BLOCKS ->
                    operations
                            .mapBlocks(caller, request.getMapBlocks())
                            .thenApply(reply::setMapBlocks);
            case COMMIT_BLOCKS ->
                    operations
                            .commitBlocks(caller, request.getCommitBlocks())
                            .thenApply(reply::setCommitBlocks);
            case RETURN_LAYOUT ->
                    operations
                            .returnLayout(caller, request.getReturnLayout())
                            .thenApply(reply::setReturnLayout);
            case LIST_LAYOUTS ->
                    operations
                            .listLayouts(caller, request.getListLayouts())
                            .thenApply(reply::setListLayouts);
            case CREATE ->
                    operations.create(caller, request.getCreate()).thenApply(reply::setCreate);
            case LOOKUP ->
                    operations.lookup(caller, request.getLookup()).thenApply(reply::setLookup);
            case GET_ATTRIBUTES ->
                    operations
                            .getAttributes(caller, request.getGetAttributes())
                            .thenApply(reply::setGetAttributes);
            case SET_ATTRIBUTES ->
                    operations
                            .setAttributes(caller, request.getSetAttributes())
                            .thenApply(reply::setSetAttributes);
            case LIST -> operations.list(caller, request.getList()).thenApply(reply::setList);
            case RENAME ->
                    operations.rename(caller, request.getRename()).thenApply(reply::setRename);
            case REMOVE ->
                    operations.remove(caller, request.getRemove()).thenApply(reply::setRemove);
            case TRUNCATE ->
                    operations
                            .truncate(caller, request.getTruncate())
                            .thenApply(reply::setTruncate);
            case ALLOCATE ->
                    operations
                            .allocate(caller, request.getAllocate())
                            .thenApply(reply::setAllocate);
            case DEALLOCATE ->
                    operations
                            .deallocate(caller, request.getDeallocate())
                            .thenApply(reply::setDeallocate);
            case CLONE -> operations.clone(caller, request.getClone()).thenApply(reply::setClone);
            case SEEK -> operations.seek(caller, request.getSeek()).thenApply(reply::setSeek);
            case READ -> operations.read(caller, request.getRead()).thenApply(reply::setRead);
            case WRITE -> operations.write(caller, request.getWrite()).thenApply(reply::setWrite);
            case LIST_EXTENTS ->
                    operations
                            .listExtents(caller, request.getListExtents())
                            .thenApply(reply::setListExtents);
            case GET_DEVICES ->
                    operations
                            .getDevices(caller, request.getGetDevices())
                            .thenApply(reply::setGetDevices);
            case OPEN_SESSION, ATTACH_SESSION ->
                    CompletableFuture.failedFuture(
                            RequestRefused.invalid(
                                    "this stream has a session already; open another stream"));
            case BODY_NOT_SET ->
                    CompletableFuture.failedFuture(
                            new RequestRefused(
                                    Reason.UNSUPPORTED,
                                    "the request has no body, or one that this server does not"
                                            + " know"));
        };
    }

    /** The name of the operation as in the API, for meters. */
    static String name(Request request) {
        return NAMES.getOrDefault(request.getBodyCase(), "Unknown");
    }

    private static Map<BodyCase, String> names() {
        Map<BodyCase, String> names = new EnumMap<>(BodyCase.class);
        for (var field : Request.getDescriptor().getOneofs().getFirst().getFields()) {
            String type = field.getMessageType().getName();
            names.put(
                    BodyCase.forNumber(field.getNumber()),
                    type.substring(0, type.length() - "Request".length()));
        }
        return names;
    }
}
