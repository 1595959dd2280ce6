package dev.outlay.server.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.outlay.core.VolumeState;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Stateid;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings;
import dev.outlay.core.value.VolumeSettings.Allocation;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import dev.outlay.core.value.VolumeSettings.Placement;
import dev.outlay.fuzz.Target;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.Request;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * What a client sends, from its bytes through decoding and validation to the state machine:
 * whatever it is, it is refused or answered, and the state stays sound and comes back from its
 * journal.
 *
 * <p>Two clients send by turns, by the parity of the message id. An operation id or a stateid of
 * zero stands for the right one, which no fuzzer would find.
 */
public final class ClientRequests {

    private static final int BLOCK = 4096;
    private static final int BLOCKS = 64;
    private static final int REQUESTS_MAX = 64;
    private static final Limits LIMITS = Limits.DEFAULT;
    private static final List<ClientId> CLIENTS = List.of(new ClientId(1), new ClientId(2));

    private final WireCommands wire =
            new WireCommands(
                    LIMITS,
                    InstantSource.fixed(java.time.Instant.ofEpochMilli(1_000_000)),
                    new SplittableRandom(1));
    private final VolumeState state = VolumeState.empty(LIMITS);
    private final List<byte[]> journal = new ArrayList<>();
    private final long[] nextOperation = {1, 1};
    private final List<Optional<Stateid>> held =
            new ArrayList<>(List.of(Optional.empty(), Optional.empty()));

    private ClientRequests() {
        List<Fact> creation =
                VolumeState.creation(
                        new VolumeSettings(
                                new UUID(1, 2),
                                "fuzz",
                                BLOCK,
                                Durability.FORCED,
                                1,
                                FencePolicy.STRICT,
                                Allocation.UNWRITTEN,
                                Placement.LINEAR,
                                0),
                        List.of(
                                new VolumeDevice(
                                        0,
                                        new UUID(3, 4),
                                        1,
                                        (BLOCKS + 2L) * BLOCK,
                                        BLOCK,
                                        (long) BLOCKS * BLOCK,
                                        "/dev/fuzz",
                                        true)));
        creation.forEach(state::apply);
        journal.add(FactCodec.record(creation));
        for (ClientId client : CLIENTS) {
            execute(
                    new Command.JoinClient(
                            new ClientRecord(
                                    client,
                                    "principal",
                                    "owner-" + client.value(),
                                    client.value(),
                                    1,
                                    2,
                                    30_000,
                                    5_000)));
        }
    }

    /** Takes one message. */
    public static void take(byte[] input) {
        ClientMessage message;
        try {
            message = ClientMessage.parseFrom(input);
        } catch (InvalidProtocolBufferException e) {
            return;
        }
        ClientRequests server = new ClientRequests();
        int count = Math.min(REQUESTS_MAX, message.getRequestsCount());
        for (Request request : message.getRequestsList().subList(0, count)) {
            server.answer(request);
        }
        server.check();
    }

    private void answer(Request request) {
        int who = (int) (request.getMessageId() & 1);
        ClientId client = CLIENTS.get(who);
        try {
            for (Command command : decode(client, filled(who, request))) {
                if (execute(command) instanceof Reply.Mapped mapped) {
                    mapped.stateid().ifPresent(id -> held.set(who, Optional.of(id)));
                }
            }
        } catch (RequestRefused e) {
            Target.check(!String.valueOf(e.getMessage()).isEmpty(), "a refusal without words");
        }
    }

    // ---- what no fuzzer would find

    private Request filled(int who, Request request) {
        var body =
                request.getAllFields().entrySet().stream()
                        .filter(f -> f.getKey().getContainingOneof() != null)
                        .findFirst();
        if (body.isEmpty() || !(body.get().getValue() instanceof Message message)) {
            return request;
        }
        Message.Builder filled = message.toBuilder();
        var operation = filled.getDescriptorForType().findFieldByName("operation");
        if (operation != null
                && ((OperationHeader) filled.getField(operation)).getOperationId() == 0) {
            filled.setField(
                    operation,
                    ((OperationHeader) filled.getField(operation))
                            .toBuilder()
                                    .setVolume("fuzz")
                                    .setOperationId(nextOperation[who]++)
                                    .build());
        }
        var stateid = filled.getDescriptorForType().findFieldByName("stateid");
        if (stateid != null
                && filled.hasField(stateid)
                && held.get(who).isPresent()
                && ((dev.outlay.v1.Stateid) filled.getField(stateid)).getId().isEmpty()) {
            filled.setField(stateid, WireValues.toWire(held.get(who).get()));
        }
        return request.toBuilder().setField(body.get().getKey(), filled.build()).build();
    }

    // ---- through the server

    private List<Command> decode(ClientId client, Request request) {
        return switch (request.getBodyCase()) {
            case MAP_BLOCKS -> List.of(wire.mapBlocks(client, request.getMapBlocks()));
            case COMMIT_BLOCKS -> List.of(wire.commitBlocks(client, request.getCommitBlocks()));
            case RETURN_LAYOUT -> List.of(wire.returnLayout(client, request.getReturnLayout()));
            case CREATE -> List.of(wire.create(client, "principal", request.getCreate()));
            case LOOKUP -> List.of(wire.lookup(request.getLookup()));
            case GET_ATTRIBUTES -> List.of(wire.getAttributes(request.getGetAttributes()));
            case SET_ATTRIBUTES -> List.of(wire.setAttributes(client, request.getSetAttributes()));
            case LIST -> List.of(wire.list(request.getList()));
            case RENAME -> List.of(wire.rename(client, request.getRename()));
            case REMOVE -> List.of(wire.remove(client, request.getRemove()));
            case TRUNCATE -> List.of(wire.truncate(client, request.getTruncate()));
            case ALLOCATE -> List.of(wire.allocate(client, request.getAllocate()));
            case DEALLOCATE -> List.of(wire.deallocate(client, request.getDeallocate()));
            case CLONE -> List.of(wire.clone(client, request.getClone()));
            case SEEK -> List.of(wire.seek(request.getSeek()));
            case READ -> List.of(wire.read(client, request.getRead()));
            case WRITE -> List.of(wire.write(client, request.getWrite()));
            case LIST_EXTENTS -> List.of(wire.listExtents(request.getListExtents()));
            case REATTACH -> {
                List<Command> all = new ArrayList<>();
                for (ReattachRequest.Volume volume : request.getReattach().getVolumesList()) {
                    all.add(wire.reattach(client, volume));
                }
                yield all;
            }
            case ACKNOWLEDGE_RECALL ->
                    List.of(
                            new Command.AcknowledgeRecall(
                                    client,
                                    Fields.atLeastOne(
                                            "recall_id",
                                            request.getAcknowledgeRecall().getRecallId())));
            case RENEW,
                    END_CLIENT,
                    OPEN_SESSION,
                    ATTACH_SESSION,
                    LIST_LAYOUTS,
                    GET_DEVICES,
                    BODY_NOT_SET ->
                    List.of();
        };
    }

    /** Work on the device is done at once; who waits for others is told to come again. */
    private Reply execute(Command command) {
        VolumeState.Execution done = step(command);
        while (done.reply().isEmpty()) {
            if (done.awaitedTurn().isPresent()) {
                done = step(new Command.EndWait(done.awaitedTurn().getAsLong()));
            } else {
                var _ = step(new Command.CompleteWork(done.awaitedWork().orElseThrow(), 1_000_000));
                done = step(command);
            }
        }
        return done.reply().get();
    }

    private VolumeState.Execution step(Command command) {
        VolumeState.Execution done = state.execute(command);
        byte[] record = FactCodec.record(done.facts());
        if (record.length > 0) {
            journal.add(record);
        }
        var _ = state.takeReady();
        return done;
    }

    private void check() {
        List<String> findings = StateChecker.check(state.tables());
        Target.check(findings.isEmpty(), "the state is not sound: " + findings);
        VolumeState again = VolumeState.empty(LIMITS);
        journal.forEach(record -> FactCodec.facts(record).forEach(again::apply));
        Target.check(
                java.util.Arrays.equals(state.image(), again.image()),
                "the journal gives another state");
        VolumeState restored = VolumeState.restore(LIMITS, state.image());
        Target.check(
                java.util.Arrays.equals(state.image(), restored.image()),
                "the image gives another state");
    }
}
