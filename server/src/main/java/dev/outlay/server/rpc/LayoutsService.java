package dev.outlay.server.rpc;

import dev.outlay.core.value.Reason;
import dev.outlay.server.engine.SessionException;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.LayoutsGrpc;
import dev.outlay.v1.ListLayoutsRequest;
import dev.outlay.v1.ListLayoutsResponse;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.ReturnLayoutResponse;
import io.grpc.stub.StreamObserver;

/** Layouts, call by call. */
final class LayoutsService extends LayoutsGrpc.LayoutsImplBase {
    private final UnaryCalls calls;
    private final Operations operations;

    LayoutsService(UnaryCalls calls, Operations operations) {
        this.calls = calls;
        this.operations = operations;
    }

    @Override
    public void mapBlocks(MapBlocksRequest request, StreamObserver<MapBlocksResponse> answer) {
        calls.ofClient(
                "MapBlocks",
                request.getSession(),
                answer,
                caller -> operations.mapBlocks(caller, request).on(caller.loop()));
    }

    /** To reclaim without a session is to come after grace. */
    private static SessionException tooLate(SessionException refused) {
        return refused.reason() == Reason.EXPIRED
                ? new SessionException(Reason.NO_GRACE, String.valueOf(refused.getMessage()))
                : refused;
    }

    @Override
    public void commitBlocks(
            CommitBlocksRequest request, StreamObserver<CommitBlocksResponse> answer) {
        calls.ofClient(
                "CommitBlocks",
                request.getSession(),
                answer,
                request.getReclaim() ? LayoutsService::tooLate : refused -> refused,
                caller -> operations.commitBlocks(caller, request).on(caller.loop()));
    }

    @Override
    public void returnLayout(
            ReturnLayoutRequest request, StreamObserver<ReturnLayoutResponse> answer) {
        calls.ofClient(
                "ReturnLayout",
                request.getSession(),
                answer,
                caller -> operations.returnLayout(caller, request).on(caller.loop()));
    }

    @Override
    public void listLayouts(
            ListLayoutsRequest request, StreamObserver<ListLayoutsResponse> answer) {
        calls.ofClient(
                "ListLayouts",
                request.getSession(),
                answer,
                caller -> operations.listLayouts(caller, request).on(caller.loop()));
    }
}
