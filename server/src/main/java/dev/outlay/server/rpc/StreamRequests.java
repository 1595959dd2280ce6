package dev.outlay.server.rpc;

import dev.outlay.core.value.Reason;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.Request.BodyCase;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** Which operation a request on a stream asks for, and where its answer goes in the reply. */
final class StreamRequests {
    private static final Map<BodyCase, String> NAMES = names();

    private final Operations operations;

    StreamRequests(Operations operations) {
        this.operations = operations;
    }

    /**
     * A request under way, and where its answer goes.
     *
     * @param place puts the answer into the reply
     */
    record Asked<R>(Underway<?, R> underway, BiConsumer<Reply.Builder, R> place) {

        boolean isDone() {
            return underway.isDone();
        }

        CompletableFuture<?> outcome() {
            return underway.outcome();
        }

        /**
         * Once it is done: puts its answer into {@code reply}, or throws what {@link ErrorMapping}
         * understands.
         */
        void answer(Reply.Builder reply) {
            place.accept(reply, underway.answer());
        }

        static Asked<Reply> failed(RuntimeException why) {
            return new Asked<>(Underway.failed(why), (_, _) -> {});
        }
    }

    /** Begins what the request asks for. */
    Asked<?> begin(Caller caller, Request request) {
        return switch (request.getBodyCase()) {
            case RENEW ->
                    new Asked<>(
                            operations.renew(caller, request.getRenew()), Reply.Builder::setRenew);
            case REATTACH ->
                    new Asked<>(
                            operations.reattach(caller, request.getReattach()),
                            Reply.Builder::setReattach);
            case END_CLIENT ->
                    new Asked<>(
                            operations.endClient(caller, request.getEndClient()),
                            Reply.Builder::setEndClient);
            case ACKNOWLEDGE_RECALL ->
                    new Asked<>(
                            operations.acknowledgeRecall(caller, request.getAcknowledgeRecall()),
                            Reply.Builder::setAcknowledgeRecall);
            case MAP_BLOCKS ->
                    new Asked<>(
                            operations.mapBlocks(caller, request.getMapBlocks()),
                            Reply.Builder::setMapBlocks);
            case COMMIT_BLOCKS ->
                    new Asked<>(
                            operations.commitBlocks(caller, request.getCommitBlocks()),
                            Reply.Builder::setCommitBlocks);
            case RETURN_LAYOUT ->
                    new Asked<>(
                            operations.returnLayout(caller, request.getReturnLayout()),
                            Reply.Builder::setReturnLayout);
            case LIST_LAYOUTS ->
                    new Asked<>(
                            operations.listLayouts(caller, request.getListLayouts()),
                            Reply.Builder::setListLayouts);
            case CREATE ->
                    new Asked<>(
                            operations.create(caller, request.getCreate()),
                            Reply.Builder::setCreate);
            case LOOKUP ->
                    new Asked<>(
                            operations.lookup(caller, request.getLookup()),
                            Reply.Builder::setLookup);
            case GET_ATTRIBUTES ->
                    new Asked<>(
                            operations.getAttributes(caller, request.getGetAttributes()),
                            Reply.Builder::setGetAttributes);
            case SET_ATTRIBUTES ->
                    new Asked<>(
                            operations.setAttributes(caller, request.getSetAttributes()),
                            Reply.Builder::setSetAttributes);
            case LIST ->
                    new Asked<>(operations.list(caller, request.getList()), Reply.Builder::setList);
            case RENAME ->
                    new Asked<>(
                            operations.rename(caller, request.getRename()),
                            Reply.Builder::setRename);
            case REMOVE ->
                    new Asked<>(
                            operations.remove(caller, request.getRemove()),
                            Reply.Builder::setRemove);
            case TRUNCATE ->
                    new Asked<>(
                            operations.truncate(caller, request.getTruncate()),
                            Reply.Builder::setTruncate);
            case ALLOCATE ->
                    new Asked<>(
                            operations.allocate(caller, request.getAllocate()),
                            Reply.Builder::setAllocate);
            case DEALLOCATE ->
                    new Asked<>(
                            operations.deallocate(caller, request.getDeallocate()),
                            Reply.Builder::setDeallocate);
            case CLONE ->
                    new Asked<>(
                            operations.clone(caller, request.getClone()), Reply.Builder::setClone);
            case SEEK ->
                    new Asked<>(operations.seek(caller, request.getSeek()), Reply.Builder::setSeek);
            case READ ->
                    new Asked<>(operations.read(caller, request.getRead()), Reply.Builder::setRead);
            case WRITE ->
                    new Asked<>(
                            operations.write(caller, request.getWrite()), Reply.Builder::setWrite);
            case LIST_EXTENTS ->
                    new Asked<>(
                            operations.listExtents(caller, request.getListExtents()),
                            Reply.Builder::setListExtents);
            case GET_DEVICES ->
                    new Asked<>(
                            operations.getDevices(caller, request.getGetDevices()),
                            Reply.Builder::setGetDevices);
            case OPEN_SESSION, ATTACH_SESSION ->
                    Asked.failed(
                            RequestRefused.invalid(
                                    "this stream has a session already; open another stream"));
            case BODY_NOT_SET ->
                    Asked.failed(
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
