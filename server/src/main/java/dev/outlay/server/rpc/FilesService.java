package dev.outlay.server.rpc;

import dev.outlay.v1.AllocateRequest;
import dev.outlay.v1.AllocateResponse;
import dev.outlay.v1.CloneRequest;
import dev.outlay.v1.CloneResponse;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.CreateResponse;
import dev.outlay.v1.DeallocateRequest;
import dev.outlay.v1.DeallocateResponse;
import dev.outlay.v1.FilesGrpc;
import dev.outlay.v1.GetAttributesRequest;
import dev.outlay.v1.GetAttributesResponse;
import dev.outlay.v1.ListExtentsRequest;
import dev.outlay.v1.ListExtentsResponse;
import dev.outlay.v1.ListRequest;
import dev.outlay.v1.ListResponse;
import dev.outlay.v1.LookupRequest;
import dev.outlay.v1.LookupResponse;
import dev.outlay.v1.ReadRequest;
import dev.outlay.v1.ReadResponse;
import dev.outlay.v1.RemoveRequest;
import dev.outlay.v1.RemoveResponse;
import dev.outlay.v1.RenameRequest;
import dev.outlay.v1.RenameResponse;
import dev.outlay.v1.SeekRequest;
import dev.outlay.v1.SeekResponse;
import dev.outlay.v1.SetAttributesRequest;
import dev.outlay.v1.SetAttributesResponse;
import dev.outlay.v1.TruncateRequest;
import dev.outlay.v1.TruncateResponse;
import dev.outlay.v1.WriteRequest;
import dev.outlay.v1.WriteResponse;
import io.grpc.stub.StreamObserver;

/** Files, call by call. */
final class FilesService extends FilesGrpc.FilesImplBase {
    private final UnaryCalls calls;
    private final Operations operations;

    FilesService(UnaryCalls calls, Operations operations) {
        this.calls = calls;
        this.operations = operations;
    }

    @Override
    public void create(CreateRequest request, StreamObserver<CreateResponse> answer) {
        calls.ofClient(
                "Create",
                request.getSession(),
                answer,
                caller -> operations.create(caller, request).on(caller.loop()));
    }

    @Override
    public void lookup(LookupRequest request, StreamObserver<LookupResponse> answer) {
        calls.query(
                "Lookup",
                request.hasSession(),
                request.getSession(),
                answer,
                caller -> operations.lookup(caller, request).on(caller.loop()));
    }

    @Override
    public void getAttributes(
            GetAttributesRequest request, StreamObserver<GetAttributesResponse> answer) {
        calls.query(
                "GetAttributes",
                request.hasSession(),
                request.getSession(),
                answer,
                caller -> operations.getAttributes(caller, request).on(caller.loop()));
    }

    @Override
    public void setAttributes(
            SetAttributesRequest request, StreamObserver<SetAttributesResponse> answer) {
        calls.ofClient(
                "SetAttributes",
                request.getSession(),
                answer,
                caller -> operations.setAttributes(caller, request).on(caller.loop()));
    }

    @Override
    public void list(ListRequest request, StreamObserver<ListResponse> answer) {
        calls.query(
                "List",
                request.hasSession(),
                request.getSession(),
                answer,
                caller -> operations.list(caller, request).on(caller.loop()));
    }

    @Override
    public void rename(RenameRequest request, StreamObserver<RenameResponse> answer) {
        calls.ofClient(
                "Rename",
                request.getSession(),
                answer,
                caller -> operations.rename(caller, request).on(caller.loop()));
    }

    @Override
    public void remove(RemoveRequest request, StreamObserver<RemoveResponse> answer) {
        calls.ofClient(
                "Remove",
                request.getSession(),
                answer,
                caller -> operations.remove(caller, request).on(caller.loop()));
    }

    @Override
    public void truncate(TruncateRequest request, StreamObserver<TruncateResponse> answer) {
        calls.ofClient(
                "Truncate",
                request.getSession(),
                answer,
                caller -> operations.truncate(caller, request).on(caller.loop()));
    }

    @Override
    public void allocate(AllocateRequest request, StreamObserver<AllocateResponse> answer) {
        calls.ofClient(
                "Allocate",
                request.getSession(),
                answer,
                caller -> operations.allocate(caller, request).on(caller.loop()));
    }

    @Override
    public void deallocate(DeallocateRequest request, StreamObserver<DeallocateResponse> answer) {
        calls.ofClient(
                "Deallocate",
                request.getSession(),
                answer,
                caller -> operations.deallocate(caller, request).on(caller.loop()));
    }

    @Override
    public void clone(CloneRequest request, StreamObserver<CloneResponse> answer) {
        calls.ofClient(
                "Clone",
                request.getSession(),
                answer,
                caller -> operations.clone(caller, request).on(caller.loop()));
    }

    @Override
    public void seek(SeekRequest request, StreamObserver<SeekResponse> answer) {
        calls.query(
                "Seek",
                request.hasSession(),
                request.getSession(),
                answer,
                caller -> operations.seek(caller, request).on(caller.loop()));
    }

    @Override
    public void read(ReadRequest request, StreamObserver<ReadResponse> answer) {
        calls.ofClient(
                "Read",
                request.getSession(),
                answer,
                caller -> operations.read(caller, request).on(caller.loop()));
    }

    @Override
    public void write(WriteRequest request, StreamObserver<WriteResponse> answer) {
        calls.ofClient(
                "Write",
                request.getSession(),
                answer,
                caller -> operations.write(caller, request).on(caller.loop()));
    }

    @Override
    public void listExtents(
            ListExtentsRequest request, StreamObserver<ListExtentsResponse> answer) {
        calls.query(
                "ListExtents",
                request.hasSession(),
                request.getSession(),
                answer,
                caller -> operations.listExtents(caller, request).on(caller.loop()));
    }
}
