package dev.outlay.client.session;

import dev.outlay.v1.Layout;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.SessionLimits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a client restates, as requests that the server takes. */
final class Reattachment {

    /** Most volumes in one request, by the protocol. */
    private static final int VOLUMES_PER_REQUEST = 256;

    /** Of a message, so that what stands around the layouts fits as well. */
    private static final int MESSAGE_SHARE = 2;

    private Reattachment() {}

    /**
     * The requests that restate {@code held} and name every volume in use.
     *
     * @param answeredThrough by volume in use
     */
    static List<ReattachRequest> requests(
            long incarnation,
            Map<String, Long> answeredThrough,
            List<ReattachRequest.Volume> held,
            SessionLimits limits) {
        Map<String, ReattachRequest.Volume> byVolume = new HashMap<>();
        held.forEach(volume -> byVolume.put(volume.getVolume(), volume));
        List<ReattachRequest> requests = new ArrayList<>();
        ReattachRequest.Builder request = fresh(incarnation);
        int layouts = 0;
        long bytes = 0;
        for (Map.Entry<String, Long> used : answeredThrough.entrySet()) {
            ReattachRequest.Volume.Builder part = part(used, byVolume.get(used.getKey()));
            for (Layout layout : layoutsOf(byVolume.get(used.getKey()))) {
                int size = layout.getSerializedSize();
                if (layouts + 1 > limits.getLayoutsPerReattach()
                        || bytes + size > limits.getMessageBytes() / MESSAGE_SHARE) {
                    requests.add(request.addVolumes(part).build());
                    request = fresh(incarnation);
                    part = part(used, byVolume.get(used.getKey()));
                    layouts = 0;
                    bytes = 0;
                }
                part.addLayouts(layout);
                layouts++;
                bytes += size;
            }
            request.addVolumes(part);
            if (request.getVolumesCount() == VOLUMES_PER_REQUEST) {
                requests.add(request.build());
                request = fresh(incarnation);
                layouts = 0;
                bytes = 0;
            }
        }
        if (request.getVolumesCount() > 0) {
            requests.add(request.build());
        }
        return requests;
    }

    private static ReattachRequest.Builder fresh(long incarnation) {
        return ReattachRequest.newBuilder().setIncarnation(incarnation);
    }

    private static ReattachRequest.Volume.Builder part(
            Map.Entry<String, Long> used,
            ReattachRequest.@org.jspecify.annotations.Nullable Volume held) {
        ReattachRequest.Volume.Builder part =
                ReattachRequest.Volume.newBuilder()
                        .setVolume(used.getKey())
                        .setAnsweredThrough(used.getValue());
        if (held != null) {
            part.addAllDevices(held.getDevicesList());
        }
        return part;
    }

    private static List<Layout> layoutsOf(
            ReattachRequest.@org.jspecify.annotations.Nullable Volume held) {
        return held == null ? List.of() : held.getLayoutsList();
    }
}
