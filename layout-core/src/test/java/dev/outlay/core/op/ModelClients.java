package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.command.Command.RestatedLayout;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.ModelReach.Event;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Who comes and goes, and how requests are sent, waited for and sent again. */
final class ModelClients {

    private static final int OWNERS = 4;
    private static final int FILES = 3;

    private final VolumeModel model;
    private final SplittableRandom random;
    private final ModelLayouts layouts;
    private final List<ModelProcess> current = new ArrayList<>();
    private boolean waited;
    private long nextClient = 1;
    private int nextName = 1;

    ModelClients(VolumeModel model) {
        this.model = model;
        this.random = model.random;
        this.layouts = new ModelLayouts(model, this);
        for (int owner = 0; owner < OWNERS; owner++) {
            current.add(join(owner));
        }
    }

    // ---- one step

    void step() {
        for (int owner = 0; owner < OWNERS; owner++) {
            if (!current.get(owner).isLive()) {
                current.set(owner, join(owner));
            }
        }
        ModelProcess process = current.get(random.nextInt(OWNERS));
        if (process.lapsedFor == 0 && random.nextInt(3) == 0) {
            answerRecall(process);
        }
        int dice = random.nextInt(1_000);
        if (dice < 8) {
            lapse(process);
        } else if (dice < 11) {
            endOrSupersede(process);
        } else if (dice < 14) {
            model.crash();
        } else if (dice < 20) {
            proveSomeZombie();
        } else if (dice < 60) {
            completeSomeWork();
        } else if (dice < 90) {
            layouts.lateStore();
        } else if (dice < 96) {
            endSomeWaits();
        } else if (!process.reattached) {
            reattach(process);
        } else if (model.isInGrace() && dice < 160) {
            endGrace();
        } else if (dice < 180 || liveFiles().isEmpty()) {
            names(process);
        } else {
            layouts.act(process, pick(liveFiles()), dice);
        }
        model.goOn();
    }

    <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    List<ModelFile> liveFiles() {
        return model.files.values().stream().filter(f -> !f.removed).toList();
    }

    // ---- requests

    /** Sends a request; empty if the client gave up waiting for device work. */
    Optional<Reply> ask(ModelProcess process, Function<Origin, Mutation> form, Runnable effect) {
        return ask(process, form, effect, reply -> {});
    }

    /**
     * Sends a request.
     *
     * @param effect what it does, once, if it is done
     * @param late gets the answer of a request that had to wait for others
     * @return the answer, if there is one now
     */
    Optional<Reply> ask(
            ModelProcess process,
            Function<Origin, Mutation> form,
            Runnable effect,
            Consumer<Reply> late) {
        Mutation command = form.apply(process.nextOrigin(random.nextInt(3)));
        return send(command, effect, late, true);
    }

    /** Whether what was answered last had to wait for work that another request had begun. */
    boolean hasWaited() {
        return waited;
    }

    private Optional<Reply> send(
            Mutation command, Runnable effect, Consumer<Reply> late, boolean first) {
        boolean deferred = false;
        boolean forOthers = false;
        Execution execution = model.execute(command);
        while (execution.reply().isEmpty()) {
            if (execution.awaitedTurn().isPresent()) {
                if (first) {
                    model.reach.reached(Event.WAITED);
                }
                model.park(execution.awaitedTurn().getAsLong(), () -> again(command, effect, late));
                return Optional.empty();
            }
            model.reach.reached(Event.WAITED_FOR_WORK);
            forOthers |= execution.facts().isEmpty();
            for (Fact fact : execution.facts()) {
                if (fact instanceof Fact.WorkIntended intent
                        && !(intent.work().then() instanceof Fact.Continuation.Nothing)) {
                    deferred = true;
                    model.whenDone(intent.work().id(), effect);
                }
            }
            if (first && random.nextInt(3) == 0) {
                for (Fact fact : execution.facts()) {
                    if (fact instanceof Fact.WorkIntended intent
                            && intent.work().then() instanceof Fact.Continuation.Grant) {
                        // What it is granted it learns, be it late.
                        model.whenDone(intent.work().id(), () -> again(command, effect, late));
                    }
                }
                return Optional.empty();
            }
            model.complete(execution.awaitedWork().orElseThrow());
            execution = model.execute(command);
        }
        waited = forOthers;
        Reply reply = execution.reply().get();
        if (!deferred && !(reply instanceof Failure)) {
            effect.run();
        }
        if (random.nextInt(20) == 0) {
            retry(command, reply);
        }
        return Optional.of(reply);
    }

    /** The turn of a request that waited may have come. */
    private void again(Mutation command, Runnable effect, Consumer<Reply> late) {
        send(command, effect, late, false)
                .ifPresent(
                        reply -> {
                            model.reach.reached(
                                    reply instanceof Failure
                                            ? Event.WAIT_REFUSED
                                            : Event.WAIT_SERVED);
                            late.accept(reply);
                        });
    }

    /** A client does what it is asked for, or lets the time pass. */
    private void answerRecall(ModelProcess process) {
        ClientEntry entry = model.state().tables().client(process.id());
        if (entry == null || entry.recalls().isEmpty() || !process.reattached) {
            return;
        }
        Recall recall = pick(List.copyOf(entry.recalls()));
        if (random.nextInt(8) == 0) {
            model.reach.reached(Event.RECALL_OVERDUE);
            model.execute(new Command.RecallDue(process.id(), recall.id(), recall.pieces(), 0));
            return;
        }
        model.execute(new Command.AcknowledgeRecall(process.id(), recall.id()));
        model.reach.reached(Event.RECALLED);
        layouts.giveBack(process, recall.scope());
    }

    private void endSomeWaits() {
        List<Waiter> waiters = model.waiters();
        if (!waiters.isEmpty()) {
            model.reach.reached(Event.WAIT_CANCELLED);
            Waiter waiter = pick(waiters);
            model.execute(
                    random.nextBoolean()
                            ? new Command.EndWait(waiter.ticket())
                            : new Command.CancelWaits(waiter.origin().client()));
        }
    }

    private void must(ModelProcess process, Function<Origin, Mutation> form, Runnable effect) {
        assertInstanceOf(Reply.FileChanged.class, ask(process, form, effect).orElseThrow());
    }

    private void retry(Mutation command, Reply first) {
        if (first instanceof Failure f && f.reason().errorClass() != Reason.ErrorClass.CLIENT) {
            return;
        }
        if (first instanceof Reply.ReadPlan) {
            return;
        }
        model.reach.reached(Event.RETRY_ANSWERED);
        assertEquals(first, model.execute(command).reply().orElseThrow(), () -> "retry " + command);
    }

    /** Takes note of a refusal that may happen to an honest client. */
    void allow(Failure failure, Reason... allowed) {
        assertTrue(List.of(allowed).contains(failure.reason()), failure::toString);
        switch (failure.reason()) {
            case TRY_LATER -> model.reach.reached(Event.CONFLICT);
            case RECALL_CONFLICT, RETURN_CONFLICT -> model.reach.reached(Event.RECALL_CONFLICT);
            case NO_SPACE -> model.reach.reached(Event.NO_SPACE);
            case GRACE -> model.reach.reached(Event.GRACE);
            default -> {}
        }
    }

    // ---- coming and going

    private ModelProcess join(int owner) {
        long id = nextClient++;
        ModelProcess process =
                new ModelProcess(
                        new ClientRecord(
                                new ClientId(id), "p", "owner" + owner, id, 0, 0, 1000, 100));
        model.processes.add(process);
        model.execute(new Command.JoinClient(process.record));
        return process;
    }

    private void lapse(ModelProcess process) {
        if (random.nextInt(4) == 0) {
            ModelProcess any = pick(model.processes);
            if (any.zombie) {
                model.execute(new Command.LapseClient(any.id()));
                return;
            }
        }
        if (!process.reattached) {
            return;
        }
        model.execute(new Command.LapseClient(process.id()));
        if (process.isLive() && random.nextBoolean()) {
            process.lapsedFor = random.nextInt(40);
        }
        if (process.isLive() && random.nextInt(4) == 0) {
            revive(process);
        }
    }

    void revive(ModelProcess process) {
        Reply reply = model.execute(new Command.ReviveClient(process.id())).reply().orElseThrow();
        assertEquals(process.isLive(), reply instanceof Reply.Done, reply::toString);
        if (process.isLive()) {
            model.reach.reached(Event.REVIVED);
        }
    }

    private void endOrSupersede(ModelProcess process) {
        int owner = current.indexOf(process);
        switch (random.nextInt(3)) {
            case 0 -> {
                model.reach.reached(Event.OWN_WORD);
                model.execute(new Command.EndClient(process.id(), EndCause.OWN_WORD));
                assertTrue(process.gone);
            }
            case 1 -> {
                model.reach.reached(Event.SUPERSEDED);
                current.set(owner, join(owner));
                model.execute(new Command.EndClient(process.id(), EndCause.SUPERSEDED));
                assertTrue(process.zombie);
            }
            default -> model.execute(new Command.EndClient(process.id(), EndCause.REVOKED));
        }
    }

    /** One that ended without its word is certainly gone, or says that it is. */
    private void proveSomeZombie() {
        List<ModelProcess> zombies = model.processes.stream().filter(p -> p.zombie).toList();
        if (zombies.isEmpty()) {
            return;
        }
        ModelProcess zombie = pick(zombies);
        long free = model.state().tables().spaceUse().free();
        boolean remembered = model.state().tables().client(zombie.id()) != null;
        Command proof =
                random.nextBoolean()
                        ? new Command.ProveClient(zombie.id(), Proof.FENCE_DRIVER)
                        : new Command.EndClient(zombie.id(), EndCause.OWN_WORD);
        Execution execution = model.execute(proof);
        while (execution.reply().isEmpty()) {
            model.complete(execution.awaitedWork().orElseThrow());
            execution = model.execute(proof);
        }
        assertTrue(model.state().tables().client(zombie.id()) == null, "a proof ends it");
        model.proven(zombie);
        if (remembered) {
            model.reach.reached(Event.PROVEN);
        }
        if (model.state().tables().spaceUse().free() > free) {
            model.reach.reached(Event.FREED_BY_PROOF);
        }
    }

    private void completeSomeWork() {
        List<Work> works = List.copyOf(model.state().tables().works());
        if (!works.isEmpty()) {
            model.complete(pick(works).id());
        }
    }

    private void reattach(ModelProcess process) {
        List<RestatedLayout> restated = new ArrayList<>();
        process.views.forEach(
                (file, view) ->
                        restated.add(
                                new RestatedLayout(
                                        file,
                                        Objects.requireNonNull(view.stateid),
                                        view.ranges())));
        Reply reply =
                model.execute(new Command.ReattachClient(process.id(), 0, restated))
                        .reply()
                        .orElseThrow();
        Reply.Reattached answer = (Reply.Reattached) reply;
        process.reattached = true;
        model.reach.reached(Event.REATTACHED);
        for (Reply.ReattachedLayout layout : answer.layouts()) {
            assertEquals(Optional.empty(), layout.failure());
            ModelProcess.View view = process.views.get(layout.file());
            assertTrue(view != null, () -> "the server knows more than the client: " + layout);
            if (view != null) {
                view.stateid = layout.stateid().orElseThrow();
                assertEquals(view.ranges(), layout.ranges());
            }
        }
    }

    private void endGrace() {
        if (current.stream().anyMatch(p -> p.isLive() && !p.reattached)) {
            if (random.nextInt(2) > 0) {
                return;
            }
            model.reach.reached(Event.DID_NOT_REATTACH);
        }
        model.execute(new Command.EndGrace());
    }

    // ---- names

    private void names(ModelProcess process) {
        List<ModelFile> live = liveFiles();
        if (live.size() < FILES) {
            create(process);
            return;
        }
        ModelFile file = pick(live);
        switch (random.nextInt(12)) {
            case 0 -> remove(process, file);
            case 1 -> replace(process, file, pick(live));
            default -> {}
        }
    }

    private void create(ModelProcess process) {
        String name = "f" + nextName++;
        Reply reply =
                ask(
                                process,
                                o ->
                                        new Command.CreateFile(
                                                o, 7, FileId.ROOT, name, FileKind.FILE, 0, ""),
                                () -> {})
                        .orElseThrow();
        FileId id = ((Reply.FileChanged) reply).attributes().file();
        model.files.put(id, new ModelFile(id, name));
    }

    private void remove(ModelProcess process, ModelFile file) {
        must(process, o -> new Command.Remove(o, 7, FileId.ROOT, file.name), () -> gone(file));
    }

    private void replace(ModelProcess process, ModelFile file, ModelFile over) {
        if (file == over) {
            return;
        }
        String name = "f" + nextName++;
        must(process, o -> rename(o, file.name, over.name), () -> gone(over));
        must(process, o -> rename(o, over.name, name), () -> {});
        file.name = name;
    }

    private static Command.Rename rename(Origin origin, String from, String to) {
        return new Command.Rename(origin, 7, FileId.ROOT, from, FileId.ROOT, to);
    }

    private void gone(ModelFile file) {
        file.removed = true;
        if (model.state().tables().file(file.id) != null) {
            model.reach.reached(Event.REMOVED_WHILE_HELD);
        }
    }

    @Nullable ModelProcess someZombie() {
        List<ModelProcess> zombies =
                model.processes.stream().filter(p -> p.zombie && !p.views.isEmpty()).toList();
        return zombies.isEmpty() ? null : pick(zombies);
    }
}
