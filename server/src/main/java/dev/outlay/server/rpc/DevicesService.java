package dev.outlay.server.rpc;

import dev.outlay.v1.DevicesGrpc;
import dev.outlay.v1.GetDevicesRequest;
import dev.outlay.v1.GetDevicesResponse;
import io.grpc.stub.StreamObserver;

/** Devices, call by call. */
final class DevicesService extends DevicesGrpc.DevicesImplBase {
    private final UnaryCalls calls;
    private final Operations operations;

    DevicesService(UnaryCalls calls, Operations operations) {
        this.calls = calls;
        this.operations = operations;
    }

    @Override
    public void getDevices(GetDevicesRequest request, StreamObserver<GetDevicesResponse> answer) {
        calls.query(
                "GetDevices",
                request.hasSession(),
                request.getSession(),
                answer,
                caller -> operations.getDevices(caller, request).on(caller.loop()));
    }
}
