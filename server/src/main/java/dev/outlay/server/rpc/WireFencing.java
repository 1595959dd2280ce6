package dev.outlay.server.rpc;

import dev.outlay.core.command.Command.ListQuarantine;
import dev.outlay.core.command.Command.QuarantineCursor;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.QuarantinedClient;
import dev.outlay.core.reply.Reply.QuarantinedRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.ProcessIdentity;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.server.fence.FenceTarget;
import dev.outlay.v1.ClientState;
import dev.outlay.v1.ConfirmClientEndedResponse;
import dev.outlay.v1.FenceOrder;
import dev.outlay.v1.FencePolicy;
import dev.outlay.v1.ListQuarantineRequest;
import dev.outlay.v1.ListQuarantineResponse;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Values of quarantine and fencing as messages, and untrusted messages as values. */
final class WireFencing {

    /** What may be given to a program as an argument, and be typed by an operator. */
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]*");

    private WireFencing() {}

    // ---- policy

    static VolumeSettings.FencePolicy policy(String field, FencePolicy policy) {
        return switch (policy) {
            case FENCE_POLICY_UNSPECIFIED, FENCE_POLICY_STRICT -> VolumeSettings.FencePolicy.STRICT;
            case FENCE_POLICY_TIMED -> VolumeSettings.FencePolicy.TIMED;
            case UNRECOGNIZED ->
                    throw RequestRefused.invalid(field + " is not known: it is STRICT or TIMED");
        };
    }

    static FencePolicy toWire(VolumeSettings.FencePolicy policy) {
        return switch (policy) {
            case STRICT -> FencePolicy.FENCE_POLICY_STRICT;
            case TIMED -> FencePolicy.FENCE_POLICY_TIMED;
        };
    }

    // ---- processes

    static ProcessIdentity process(String field, dev.outlay.v1.ProcessIdentity process) {
        String host = host(field + ".host", process.getHost());
        String boot =
                Fields.textOrEmpty(
                        field + ".boot_id", process.getBootId(), ProcessIdentity.MAX_TEXT_BYTES);
        return new ProcessIdentity(
                host,
                boot,
                Fields.unsigned(field + ".pid_namespace", process.getPidNamespace()),
                Fields.atLeastOne(field + ".pid", process.getPid()),
                Fields.unsigned(field + ".start_ticks", process.getStartTicks()));
    }

    static String host(String field, String host) {
        Fields.text(field, host, ProcessIdentity.MAX_TEXT_BYTES);
        if (!HOST.matcher(host).matches()) {
            throw RequestRefused.invalid(
                    field
                            + " is not the name of a host: letters, digits, '.', ':', '_' and '-',"
                            + " beginning with a letter or a digit");
        }
        return host;
    }

    private static dev.outlay.v1.ProcessIdentity toWire(ProcessIdentity process) {
        return dev.outlay.v1.ProcessIdentity.newBuilder()
                .setHost(process.host())
                .setBootId(process.bootId())
                .setPidNamespace(process.pidNamespace())
                .setPid(process.pid())
                .setStartTicks(process.startTicks())
                .build();
    }

    // ---- orders

    static FenceOrder order(long orderId, FenceTarget target, long timeoutMillis) {
        FenceOrder.Builder order =
                FenceOrder.newBuilder()
                        .setOrderId(orderId)
                        .setClientId(target.client().id().value())
                        .setOwner(target.client().owner())
                        .setTimeoutMillis((int) timeoutMillis);
        target.client().process().ifPresent(process -> order.setProcess(toWire(process)));
        for (FenceTarget.Device device : target.devices()) {
            order.addDevices(
                    FenceOrder.Device.newBuilder()
                            .setUuid(
                                    Fields.id(
                                            device.uuid().getMostSignificantBits(),
                                            device.uuid().getLeastSignificantBits()))
                            .setPathHint(device.path()));
        }
        return order.build();
    }

    // ---- quarantine

    static ListQuarantine listQuarantine(ListQuarantineRequest request, int limit) {
        Optional<QuarantineCursor> after = Optional.empty();
        if (request.hasAfter()) {
            after =
                    Optional.of(
                            new QuarantineCursor(
                                    client("after.client_id", request.getAfter().getClientId()),
                                    Fields.device("after.device", request.getAfter().getDevice()),
                                    Fields.unsigned(
                                            "after.offset", request.getAfter().getOffset())));
        }
        return new ListQuarantine(
                request.getClientId() == 0
                        ? Optional.empty()
                        : Optional.of(new ClientId(request.getClientId())),
                after,
                Fields.page(request.getMaxRanges(), limit));
    }

    static ClientId client(String field, long id) {
        if (id == 0) {
            throw RequestRefused.invalid(field + " is missing or 0");
        }
        return new ClientId(id);
    }

    /**
     * @param fenceState how far the fencing of a client has come
     */
    static ListQuarantineResponse quarantined(Reply reply, Function<ClientId, String> fenceState) {
        Reply.Quarantined list = WireReplies.expect(Reply.Quarantined.class, reply);
        ListQuarantineResponse.Builder wire = ListQuarantineResponse.newBuilder();
        for (QuarantinedClient client : list.clients()) {
            dev.outlay.v1.QuarantinedClient.Builder one =
                    dev.outlay.v1.QuarantinedClient.newBuilder()
                            .setClientId(client.record().id().value())
                            .setOwner(client.record().owner())
                            .setIncarnation(client.record().incarnation())
                            .setEnded(ended(client.ended()))
                            .setQuarantinedBytes(client.quarantinedBytes())
                            .setAtRiskBytes(client.atRiskBytes())
                            .setFenceState(fenceState.apply(client.record().id()));
            client.record().process().ifPresent(process -> one.setProcess(toWire(process)));
            for (QuarantinedRange range : client.ranges()) {
                one.addRanges(
                        dev.outlay.v1.QuarantinedRange.newBuilder()
                                .setDevice(range.range().device())
                                .setOffset(range.range().start())
                                .setLength(range.range().length())
                                .setMapped(range.mapped())
                                .setHolders(range.holders()));
            }
            wire.addClients(one);
        }
        if (list.more()) {
            QuarantinedClient last = list.clients().getLast();
            QuarantinedRange range = last.ranges().getLast();
            wire.setNextAfter(
                    dev.outlay.v1.QuarantineCursor.newBuilder()
                            .setClientId(last.record().id().value())
                            .setDevice(range.range().device())
                            .setOffset(range.range().start()));
        }
        return wire.build();
    }

    private static ClientState ended(EndCause cause) {
        return switch (cause) {
            case OWN_WORD -> ClientState.CLIENT_STATE_ENDED;
            case SUPERSEDED -> ClientState.CLIENT_STATE_SUPERSEDED;
            case EXPIRED -> ClientState.CLIENT_STATE_EXPIRED;
            case REVOKED -> ClientState.CLIENT_STATE_REVOKED;
        };
    }

    /** What the volumes said to an operator's word, by their names. */
    static ConfirmClientEndedResponse confirmed(ClientId client, Map<String, Reply> replies) {
        ConfirmClientEndedResponse.Builder wire = ConfirmClientEndedResponse.newBuilder();
        Optional<Reply.Failure> refused = Optional.empty();
        for (Map.Entry<String, Reply> each : replies.entrySet()) {
            var result = ConfirmClientEndedResponse.Result.newBuilder().setVolume(each.getKey());
            if (each.getValue() instanceof Reply.Proven proven) {
                wire.addVolumes(
                        result.setFreedBytes(proven.freedBytes()).setSafeBytes(proven.safeBytes()));
            } else if (!(each.getValue() instanceof Reply.Failure failure)) {
                wire.addVolumes(result);
            } else if (failure.reason() != Reason.NOT_FOUND && refused.isEmpty()) {
                refused = Optional.of(failure);
            }
        }
        if (refused.isPresent()) {
            throw RequestRefused.of(refused.get());
        }
        if (wire.getVolumesCount() == 0) {
            throw new RequestRefused(
                    Reason.NOT_FOUND,
                    "no volume has anything in quarantine because of client " + client);
        }
        return wire.build();
    }
}
