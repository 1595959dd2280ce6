package dev.outlay.server.sim;

import com.google.protobuf.ByteString;
import dev.outlay.core.value.ExtentState;
import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.DeviceView;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.server.sim.Picture.LayoutView;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.DeviceIncarnation;
import dev.outlay.v1.Durability;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Request;
import dev.outlay.v1.Stateid;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Requests that no client's library would send, and the server must bear: late copies of commits
 * that were answered long ago, and commits that a confused client makes up, of blocks that somebody
 * else was granted; among them reclaim commits, sent before the client has restated anything. Where
 * there are several devices, also commits of what the client was granted, but on the device in
 * another life, or on one that has left. They come behind a message of the client whose they claim
 * to be; it ignores the answers.
 */
final class Strays {

    /** Ids of operations that no library reaches. */
    private static final long FIRST_ID = 1L << 40;

    /** The server keeps the answer to each of them, so they are few. */
    private static final int MOST_MADE_UP = 8;

    private static final int ONE_IN = 6;
    private static final int REMEMBERED = 4;

    private final World world;
    private final Asked asked;
    private final boolean hasSeveralDevices;
    private final Map<Long, List<CommitBlocksRequest>> commits = new HashMap<>();
    private final Map<Long, Integer> madeUp = new HashMap<>();

    /** Whether it was made up here and sent by no client. */
    static boolean isMadeUp(long operation) {
        return operation >= FIRST_ID;
    }

    /**
     * @param hasSeveralDevices some commits name a device in another life, or one that has left
     */
    Strays(World world, Asked asked, boolean hasSeveralDevices) {
        this.world = world;
        this.asked = asked;
        this.hasSeveralDevices = hasSeveralDevices;
    }

    /** What comes behind a message of {@code client}, if anything does. */
    Optional<Request.Builder> behind(long client, ClientMessage message, Picture now) {
        Optional<CommitBlocksRequest> stray = Optional.empty();
        for (Request request : message.getRequestsList()) {
            if (request.hasAttachSession()) {
                stray = madeUp(client, now, true);
            } else if (Asked.header(request).isPresent() && world.oneIn(ONE_IN)) {
                stray = world.oneIn(2) ? lateCopy(client) : madeUp(client, now, false);
            } else if (hasSeveralDevices
                    && Asked.header(request).isPresent()
                    && world.oneIn(ONE_IN)) {
                stray = ofAnotherDevice(client, now);
            }
            if (request.hasCommitBlocks()) {
                remember(client, request.getCommitBlocks());
            }
        }
        return stray.map(Request.newBuilder()::setCommitBlocks);
    }

    private void remember(long client, CommitBlocksRequest commit) {
        List<CommitBlocksRequest> known = commits.computeIfAbsent(client, _ -> new ArrayList<>());
        known.add(commit);
        if (known.size() > REMEMBERED) {
            known.removeFirst();
        }
    }

    private Optional<CommitBlocksRequest> lateCopy(long client) {
        List<CommitBlocksRequest> known = commits.getOrDefault(client, List.of());
        if (known.isEmpty()) {
            return Optional.empty();
        }
        world.reach(Probe.STRAY_COPY);
        return Optional.of(known.get(world.random().nextInt(known.size())));
    }

    /** A commit of a block that another client was granted and has not committed. */
    private Optional<CommitBlocksRequest> madeUp(long client, Picture now, boolean reclaim) {
        List<Integer> places = new ArrayList<>();
        for (int place = 0; place < now.blocks().length; place++) {
            if (isForeign(client, now.blocks()[place], now)) {
                places.add(place);
            }
        }
        if (places.isEmpty() || madeUp.merge(client, 1, Integer::sum) > MOST_MADE_UP) {
            return Optional.empty();
        }
        int place = places.get(world.random().nextInt(places.size()));
        world.reach(reclaim ? Probe.STRAY_RECLAIM : Probe.STRAY_COMMIT);
        return Optional.of(commit(client, now.blocks()[place], place, now, reclaim));
    }

    /**
     * A commit of a block that the client itself was granted and has not committed, but on the
     * device in another life of it, or on one that has left the volume.
     */
    private Optional<CommitBlocksRequest> ofAnotherDevice(long client, Picture now) {
        List<Integer> places = new ArrayList<>();
        for (int place = 0; place < now.blocks().length; place++) {
            Block block = now.blocks()[place];
            if (block.state() == ExtentState.UNWRITTEN
                    && block.writers().contains(client)
                    && !now.isRemoving(block.file())
                    && !asked.isUnderWay(client, block.file())) {
                places.add(place);
            }
        }
        if (places.isEmpty() || madeUp.merge(client, 1, Integer::sum) > MOST_MADE_UP) {
            return Optional.empty();
        }
        int place = places.get(world.random().nextInt(places.size()));
        CommitBlocksRequest right = commit(client, now.blocks()[place], place, now, false);
        int device = right.getRanges(0).getDevice();
        long life = right.getDevices(0).getIncarnation();
        CommitBlocksRequest.Builder wrong = right.toBuilder();
        if (device >= Units.COUNT && world.oneIn(2)) {
            // The same block of the memory, as it was called when another device stood there.
            world.reach(Probe.STRAY_OF_A_DEVICE_GONE);
            wrong.getRangesBuilder(0).setDevice(device - Units.COUNT);
            wrong.getDevicesBuilder(0).setDevice(device - Units.COUNT).setIncarnation(life - 1);
        } else {
            world.reach(Probe.STRAY_OF_ANOTHER_LIFE);
            wrong.getDevicesBuilder(0).setIncarnation(life > 1 ? life - 1 : life + 1);
        }
        return Optional.of(wrong.build());
    }

    private boolean isForeign(long client, Block block, Picture now) {
        FileView file = now.files().get(block.file());
        return file != null
                && block.state() == ExtentState.UNWRITTEN
                && !block.writers().isEmpty()
                && !block.writers().contains(client)
                && file.layouts().containsKey(client)
                && !asked.isUnderWay(client, file.id());
    }

    private CommitBlocksRequest commit(
            long client, Block block, int place, Picture now, boolean reclaim) {
        FileView file = Objects.requireNonNull(now.files().get(block.file()));
        LayoutView layout = Objects.requireNonNull(file.layouts().get(client));
        DeviceView device = now.device(place).orElseThrow();
        ByteBuffer id = ByteBuffer.allocate(2 * Long.BYTES);
        id.putLong(layout.idHigh()).putLong(layout.idLow()).flip();
        return CommitBlocksRequest.newBuilder()
                .setOperation(
                        OperationHeader.newBuilder()
                                .setVolume(SimServer.VOLUME)
                                .setOperationId(FIRST_ID + madeUp.getOrDefault(client, 0)))
                .setFileId(file.id())
                .setStateid(
                        Stateid.newBuilder()
                                .setId(ByteString.copyFrom(id))
                                .setSeqid(layout.seqid()))
                .addRanges(
                        CommitRange.newBuilder()
                                .setFileOffset(block.index() * SimServer.BLOCK)
                                .setLength(SimServer.BLOCK)
                                .setDevice(device.index())
                                .setDeviceOffset(
                                        (long) place * SimServer.BLOCK
                                                - Units.base(device.index())))
                .setMapEpoch(file.mapEpoch())
                .setDurability(Durability.DURABILITY_SYNC_MAPPED)
                .setReclaim(reclaim)
                .addDevices(
                        DeviceIncarnation.newBuilder()
                                .setDevice(device.index())
                                .setIncarnation(device.incarnation()))
                .build();
    }
}
