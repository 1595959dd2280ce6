package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.SeekRequest;
import dev.outlay.v1.SeekResponse;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * I1, I17: where Seek says that committed bytes or a hole begin, they began at some moment between
 * the arrival of the request and its answer.
 *
 * <p>Between two pictures the file may have been more than one thing: an answer that fits none of
 * them counts as of a moment in between where two operations without an answer may change the file.
 */
final class I1Seeks implements Invariant {

    private final World world;
    private final Asked asked;
    private final IdentityHashMap<Request, Seeking> open = new IdentityHashMap<>();
    private Picture picture;

    /** What was right at some moment since the request came. */
    private static final class Seeking {
        private final List<FileView> views = new ArrayList<>();
        private boolean crowded;
    }

    I1Seeks(World world, Asked asked, int blocks) {
        this.world = world;
        this.asked = asked;
        this.picture = Picture.empty(blocks);
    }

    @Override
    public void heard(long client, Request request) {
        if (request.hasSeek()) {
            Seeking seeking = new Seeking();
            look(request, seeking);
            open.put(request, seeking);
        }
    }

    @Override
    public void batch(Picture before, Picture now) {
        picture = now;
        open.forEach(this::look);
    }

    private void look(Request request, Seeking seeking) {
        long file = request.getSeek().getFileId();
        FileView view = picture.files().get(file);
        if (view != null) {
            seeking.views.add(view);
        }
        seeking.crowded |= asked.countChangers(file) > 1;
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        Seeking seeking = open.remove(request);
        if (seeking == null || !reply.hasSeek()) {
            return;
        }
        world.reach(Probe.SOUGHT);
        SeekRequest ask = request.getSeek();
        SeekResponse found = reply.getSeek();
        look(request, seeking);
        if (!seeking.crowded
                && !asked.isBlind()
                && seeking.views.stream().noneMatch(view -> fits(view, ask, found))) {
            world.violated(
                    "I1",
                    "file "
                            + ask.getFileId()
                            + ": to seek "
                            + ask.getTarget()
                            + " from "
                            + ask.getOffset()
                            + " was answered "
                            + (found.hasOffset() ? found.getOffset() : "nothing")
                            + " of "
                            + found.getSizeBytes()
                            + "; written were "
                            + seeking.views.stream()
                                    .map(v -> v.writtenBlocks() + " of " + v.size())
                                    .distinct()
                                    .toList());
        }
    }

    private static boolean fits(FileView view, SeekRequest ask, SeekResponse found) {
        if (view.size() != found.getSizeBytes()) {
            return false;
        }
        boolean data = ask.getTarget() == SeekRequest.Target.TARGET_DATA;
        long at = ask.getOffset();
        while (at < view.size() && view.isWritten(at / SimServer.BLOCK) != data) {
            at = (at / SimServer.BLOCK + 1) * SimServer.BLOCK;
        }
        boolean past = ask.getOffset() >= view.size() || (data && at >= view.size());
        return past
                ? !found.hasOffset()
                : found.hasOffset() && found.getOffset() == Math.min(at, view.size());
    }

    @Override
    public void dropped(long client, Request request) {
        open.remove(request);
    }

    @Override
    public void serverDied() {
        open.clear();
    }
}
