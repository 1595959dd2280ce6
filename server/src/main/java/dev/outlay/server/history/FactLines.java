package dev.outlay.server.history;

import dev.outlay.core.VolumeState;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.space.ExtentMap;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.VolumeDevice;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Turns facts into events of the exposure log, with the help of a copy of the volume to which each
 * fact is applied in turn: before that it tells which blocks leave, after it which epoch holds.
 */
final class FactLines {

    private static final int BLOCKS_PER_LINE = 512;

    private final VolumeState copy;
    private final Consumer<Draft> out;

    // Of the command whose facts are being told.
    private String cause = "";
    private Optional<Origin> answered = Optional.empty();
    private Optional<ClientId> caller = Optional.empty();
    private Set<ClientId> revoked = Set.of();
    private boolean resizes;

    /**
     * @param copy changed by the facts, and by nobody else
     */
    FactLines(VolumeState copy, Consumer<Draft> out) {
        this.copy = copy;
        this.out = out;
    }

    VolumeState copy() {
        return copy;
    }

    /** Tells and applies what one command came to. */
    void tell(FactListener.Done done) {
        cause = done.cause();
        caller = done.caller();
        resizes = false;
        revoked = new HashSet<>();
        answered = Optional.empty();
        for (Fact fact : done.facts()) {
            if (fact instanceof Fact.ClientEnded ended && ended.cause() != EndCause.OWN_WORD) {
                revoked.add(ended.client());
            } else if (fact instanceof Fact.Answered kept && kept.durable()) {
                answered =
                        Optional.of(
                                new Origin(
                                        kept.client(), kept.operationId(), kept.answeredThrough()));
            }
        }
        done.facts().forEach(this::tell);
    }

    private void tell(Fact fact) {
        switch (fact) {
            case Fact.VolumeCreated f -> copy.apply(f);
            case Fact.DeviceAdded f -> {
                copy.apply(f);
                line(device("device-added", f.device(), false));
            }
            case Fact.DeviceRetiring f -> ofDevice("device-retiring", f.device(), f);
            case Fact.DeviceRetired f -> ofDevice("device-retired", f.device(), f);
            case Fact.DeviceReleased f -> ofDevice("device-released", f.device(), f);
            case Fact.ClientJoined f -> {
                copy.apply(f);
                line(client("client-begin", f.client()));
            }
            case Fact.ClientEnded f -> {
                copy.apply(f);
                line(of("client-end", f.client()).with("why", f.cause().name()));
            }
            case Fact.ClientForgotten f -> ofClient("client-forgotten", f.client(), f);
            case Fact.ClientProven f -> {
                copy.apply(f);
                line(of("proof", f.client()).with("proof", f.proof().name()));
            }
            case Fact.LeaseLapsed f -> ofClient(f.lapsed() ? "lapse" : "revive", f.client(), f);
            case Fact.GraceChanged f -> {
                copy.apply(f);
                line(new Draft(f.inGrace() ? "grace-begin" : "grace-end"));
            }
            case Fact.ClientReattached f -> ofClient("reattach", f.client(), f);
            case Fact.FileCreated f -> {
                copy.apply(f);
                line(
                        of("create", f.file())
                                .with("parent", f.parent().value())
                                .with("name", f.name())
                                .with("directory", f.kind() == FileKind.DIRECTORY)
                                .with("owner", f.owner()));
            }
            case Fact.FileRenamed f -> {
                copy.apply(f);
                line(
                        changed("rename", f.file())
                                .with("parent", f.newParent().value())
                                .with("name", f.newName()));
            }
            case Fact.FileUnlinked f -> {
                copy.apply(f);
                line(changed("unlink", f.file()));
            }
            case Fact.FileForgotten f -> {
                copy.apply(f);
                line(of("forget", f.file()));
            }
            case Fact.AttributesSet f -> attributes(f);
            case Fact.ExtentsAllocated f -> {
                copy.apply(f);
                line(by(map("allocate", f.file()), f.by()).withAll("blocks", f.extents()));
            }
            case Fact.ExtentsConverted f -> convert(f);
            case Fact.ExtentsFreed f -> {
                List<Extent> blocks = blocks(f.file(), List.of(f.range()));
                copy.apply(f);
                chunks(() -> by(map("free", f.file()), f.by()), blocks);
            }
            case Fact.UncommittedFreed f -> {
                List<Extent> blocks = node(f.file()).uncommitted(f.range());
                copy.apply(f);
                chunks(() -> by(map("free", f.file()), f.by()), blocks);
            }
            case Fact.ExtentsQuarantined f ->
                    aside("set-aside", f.file(), f.holder(), blocks(f.file(), f.ranges()), f);
            case Fact.ExtentsAtRisk f ->
                    aside("at-risk", f.file(), f.holder(), blocks(f.file(), f.ranges()), f);
            case Fact.ExtentsProven f ->
                    aside("safe", f.file(), f.holder(), blocks(f.file(), f.ranges()), f);
            case Fact.ExtentsReplaced f -> {
                List<Extent> old =
                        blocks(f.file(), f.extents().stream().map(Extent::range).toList());
                copy.apply(f);
                line(
                        by(map("replace", f.file()), f.by())
                                .withAll("blocks", f.extents())
                                .withAll("old", old));
            }
            case Fact.Copying f -> tell(f);
            case Fact.LayoutGranted f -> {
                copy.apply(f);
                line(LayoutLines.grant(copy.tables(), f));
            }
            case Fact.LayoutReturned f -> {
                Draft gone = LayoutLines.gone(copy.tables(), f, revoked.contains(f.client()));
                copy.apply(f);
                line(gone);
            }
            case Fact.RecallBegan f -> {
                copy.apply(f);
                line(LayoutLines.recall(f));
            }
            case Fact.RecallOverdue f -> {
                copy.apply(f);
                line(of("recall-overdue", f.client()).with("recall", f.recall()));
            }
            case Fact.RecallEnded f -> {
                copy.apply(f);
                line(of("recall-end", f.client()).with("recall", f.recall()));
            }
            case Fact.WorkIntended f -> {
                copy.apply(f);
                line(WorkLines.begin(copy.tables(), f.work(), caller));
            }
            case Fact.WorkCompleted f -> {
                resizes = WorkLines.isResize(copy.tables(), f.work());
                copy.apply(f);
                line(new Draft("work-end").with("work", f.work()));
            }
            case Fact.RecallAcknowledged f -> copy.apply(f);
            // Who waits and what is answered exposes nothing, and is not kept twice.
            case Fact.SeqidSeen f -> {}
            case Fact.WaitBegan f -> {}
            case Fact.WaitMoved f -> {}
            case Fact.WaitEnded f -> {}
            case Fact.InterestNoted f -> {}
            case Fact.Answered f -> {}
        }
    }

    // ---- blocks

    private void convert(Fact.ExtentsConverted f) {
        copy.apply(f);
        if (f.state() == ExtentState.WRITTEN) {
            line(
                    by(map("commit", f.file()), f.by())
                            .withAll("blocks", blocks(f.file(), f.ranges())));
        } else {
            line(by(map("keep", f.file()), f.by()).withAll("ranges", f.ranges()));
        }
    }

    private void tell(Fact.Copying fact) {
        switch (fact) {
            case Fact.CopiesAllocated f -> {
                copy.apply(f);
                line(by(map("copies", f.file()), f.by()).withAll("blocks", f.extents()));
            }
            case Fact.CopiesFreed f -> {
                List<Extent> blocks = mapped(node(f.file()).fresh(), f.ranges());
                copy.apply(f);
                chunks(() -> map("copies-free", f.file()), blocks);
            }
            case Fact.CopiesQuarantined f ->
                    aside(
                            "copies-set-aside",
                            f.file(),
                            f.holder(),
                            mapped(node(f.file()).fresh(), f.ranges()),
                            f);
            case Fact.ExtentsSwapped f -> {
                List<Extent> old = blocks(f.file(), f.ranges());
                copy.apply(f);
                line(
                        by(map("commit-swap", f.file()), f.by())
                                .withAll("blocks", blocks(f.file(), f.ranges()))
                                .withAll("old", old));
            }
            case Fact.ExtentsRetained f ->
                    aside("retain", f.file(), f.holder(), blocks(f.file(), f.ranges()), f);
            case Fact.ExtentsCloned f -> {
                List<ByteRange> over = List.of(ByteRange.ofLength(f.offset(), f.range().length()));
                List<Extent> old = blocks(f.destination(), over);
                copy.apply(f);
                line(
                        by(map("clone", f.destination()), f.by())
                                .with("source", f.source().value())
                                .with("range", List.of(f.range()))
                                .with("offset", f.offset())
                                .withAll("blocks", blocks(f.destination(), over))
                                .withAll("old", old));
            }
            case Fact.FlagsSet f -> {
                copy.apply(f);
                line(
                        changed("flags", f.file())
                                .with("concurrent", (f.flags() & FileAttributes.CONCURRENT) != 0)
                                .with("readOnly", (f.flags() & FileAttributes.READ_ONLY) != 0));
            }
        }
    }

    private void aside(String event, FileId file, ClientId holder, List<Extent> blocks, Fact fact) {
        copy.apply(fact);
        chunks(() -> map(event, file).with("client", holder), blocks);
    }

    private interface Base {
        Draft make();
    }

    /** One line, or several if there are very many blocks; all but the first say so. */
    private void chunks(Base base, List<Extent> blocks) {
        line(base.make().withAll("blocks", head(blocks)));
        for (int at = BLOCKS_PER_LINE; at < blocks.size(); at += BLOCKS_PER_LINE) {
            List<Extent> some = blocks.subList(at, Math.min(blocks.size(), at + BLOCKS_PER_LINE));
            line(base.make().withAll("blocks", some).with("more", true));
        }
    }

    private static List<Extent> head(List<Extent> blocks) {
        return blocks.subList(0, Math.min(blocks.size(), BLOCKS_PER_LINE));
    }

    private List<Extent> blocks(FileId file, List<ByteRange> ranges) {
        return mapped(node(file).extents(), ranges);
    }

    private static List<Extent> mapped(ExtentMap map, List<ByteRange> ranges) {
        List<Extent> found = new ArrayList<>();
        ranges.forEach(range -> found.addAll(map.mapped(range)));
        return found;
    }

    // ---- the rest

    private void attributes(Fact.AttributesSet f) {
        copy.apply(f);
        Draft draft =
                changed("attributes", f.file())
                        .with("size", f.sizeBytes())
                        .with("modified", f.modifiedMillis());
        line(resizes ? draft.with("resize", true) : draft);
    }

    private void ofDevice(String event, int device, Fact fact) {
        copy.apply(fact);
        line(new Draft(event).with("device", (long) device));
    }

    private void ofClient(String event, ClientId client, Fact fact) {
        copy.apply(fact);
        line(of(event, client));
    }

    static Draft device(String event, VolumeDevice device, boolean retiring) {
        Draft draft =
                new Draft(event)
                        .with("device", (long) device.index())
                        .with("start", device.startBytes())
                        .with("length", device.lengthBytes())
                        .with("incarnation", device.incarnation())
                        .with("uuid", device.uuid().toString())
                        .with("path", device.path());
        return retiring ? draft.with("retiring", true) : draft;
    }

    static Draft client(String event, ClientRecord client) {
        Draft draft =
                of(event, client.id())
                        .with("owner", client.owner())
                        .with("principal", client.principal())
                        .with("incarnation", HexFormat.of().toHexDigits(client.incarnation()))
                        .with("lease", client.leaseMillis())
                        .with("maxIo", client.maxIoMillis());
        client.process().ifPresent(process -> draft.with("process", process.toString()));
        return draft;
    }

    static Draft of(String event, ClientId client) {
        return new Draft(event).with("client", client);
    }

    static Draft of(String event, FileId file) {
        return new Draft(event).with("file", file.value());
    }

    private Draft changed(String event, FileId file) {
        return of(event, file).with("change", node(file).attributes().changeCounter());
    }

    private Draft map(String event, FileId file) {
        return of(event, file).with("epoch", node(file).mapEpoch());
    }

    private static Draft by(Draft draft, long client) {
        return client == 0 ? draft : draft.with("client", new ClientId(client));
    }

    private FileNode node(FileId file) {
        return Objects.requireNonNull(copy.tables().file(file));
    }

    private void line(Draft draft) {
        draft.with("cause", cause);
        answered.ifPresent(
                origin -> draft.with("caller", origin.client()).with("op", origin.operationId()));
        out.accept(draft);
    }
}
