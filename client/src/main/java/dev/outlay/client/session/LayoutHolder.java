package dev.outlay.client.session;

import dev.outlay.client.OutlayException;
import dev.outlay.v1.Notice;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import java.util.List;

/**
 * Whoever keeps the layouts of a session: asked to restate them after a broken connection, and told
 * what became of them. But for {@link #told} it is called by one thread at a time, with the
 * session's lock held: it answers from memory and does not call the session.
 */
public interface LayoutHolder {

    /**
     * What is believed to be held, by volume, and the labels of the devices in use; {@code
     * answered_through} is left to the session. All answers that came before have been handed over.
     */
    List<ReattachRequest.Volume> restate();

    /**
     * What is held from now on on one volume; what the result does not stand for is gone, unless it
     * was restated in another request than the one this answers. Answers that came before it, or
     * come after it, may not have been handed over: they tell of what may be gone too.
     */
    void settle(ReattachResponse.VolumeResult result);

    /** Nothing is held any more, and nothing ever will be. */
    void voided(OutlayException why);

    /**
     * Whether a recall that this client has not answered yet stands in the way of grants on a file;
     * {@link ClientSession#retry} is called once it is answered.
     *
     * @param file 0: on any file of the volume
     */
    boolean isRecalled(String volume, long file);

    /**
     * What the server says of layouts unasked: in the order in which it came, also among answers,
     * by one thread at a time, without the session's lock. It may ask the session, and does not
     * wait.
     */
    void told(Notice notice);
}
