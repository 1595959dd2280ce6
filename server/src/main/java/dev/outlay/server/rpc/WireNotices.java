package dev.outlay.server.rpc;

import dev.outlay.core.notice.Notice;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.RecallScope;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.Invalidate;
import dev.outlay.v1.LayoutAvailable;
import dev.outlay.v1.Reattach;
import dev.outlay.v1.Recall;
import dev.outlay.v1.ShedLoad;

/** The one place that knows how what is told unasked looks from outside. */
final class WireNotices {

    private WireNotices() {}

    /**
     * A notice to a client.
     *
     * @param recallMillis time given to answer a recall
     */
    static dev.outlay.v1.Notice toWire(String volume, Notice.ToClient notice, int recallMillis) {
        dev.outlay.v1.Notice.Builder wire = dev.outlay.v1.Notice.newBuilder();
        return switch (notice) {
            case Notice.RecallSent sent ->
                    wire.setRecall(recall(volume, sent, recallMillis)).build();
            case Notice.LayoutAvailable free ->
                    wire.setLayoutAvailable(
                                    LayoutAvailable.newBuilder()
                                            .setVolume(volume)
                                            .setFileId(free.file().value())
                                            .setRange(range(free.range())))
                            .build();
            case Notice.Invalidate changed ->
                    wire.setInvalidate(
                                    Invalidate.newBuilder()
                                            .setVolume(volume)
                                            .setFileId(changed.file().value())
                                            .setRange(range(changed.range()))
                                            .setMapEpoch(changed.mapEpoch()))
                            .build();
            case Notice.ShedLoad shed ->
                    wire.setShedLoad(
                                    ShedLoad.newBuilder()
                                            .setVolume(volume)
                                            .setKeepLayouts(shed.keepLayouts()))
                            .build();
        };
    }

    /** Layouts on the volume have to be restated. */
    static dev.outlay.v1.Notice reattach(String volume) {
        return dev.outlay.v1.Notice.newBuilder()
                .setReattach(Reattach.newBuilder().setVolume(volume))
                .build();
    }

    static Recall recall(String volume, Notice.RecallSent sent, int recallMillis) {
        Recall.Builder wire =
                Recall.newBuilder()
                        .setRecallId(sent.recall().id())
                        .setVolume(volume)
                        .setChanged(sent.recall().changed())
                        .setDeadlineMillis(sent.recall().overdue() ? 0 : recallMillis);
        switch (sent.recall().scope()) {
            case RecallScope.Ranges of -> {
                Recall.File.Builder file = Recall.File.newBuilder().setFileId(of.file().value());
                sent.stateid().map(WireValues::toWire).ifPresent(file::setStateid);
                of.ranges().forEach(each -> file.addRanges(range(each)));
                wire.setFile(file);
            }
            case RecallScope.Device of ->
                    wire.setDevice(Recall.Device.newBuilder().setDevice(of.device()));
            case RecallScope.Volume _ -> wire.setWholeVolume(Recall.Volume.getDefaultInstance());
        }
        return wire.build();
    }

    private static FileRange range(ByteRange range) {
        return FileRange.newBuilder().setOffset(range.start()).setLength(range.length()).build();
    }
}
