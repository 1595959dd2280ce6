package dev.outlay.server.admin;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Optional;
import java.util.function.Supplier;

/** What stands at which path. Text in, text out: knows nothing of connections. */
record Pages(Supplier<String> metrics, Health health) {
    private static final String PLAIN = "text/plain; charset=utf-8";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    private static final String WHAT_THERE_IS =
            "there is /metrics, /health/live and /health/ready here\n";

    /** An answer; {@code contentType} as in the header. */
    record Page(HttpResponseStatus status, String contentType, String text) {
        static Page plain(HttpResponseStatus status, String text) {
            return new Page(status, PLAIN, text);
        }
    }

    Page answer(HttpMethod method, String uri) {
        int query = uri.indexOf('?');
        String path = query < 0 ? uri : uri.substring(0, query);
        return switch (path) {
            case "/metrics", "/health/live", "/health/ready" ->
                    method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD)
                            ? read(path)
                            : Page.plain(
                                    HttpResponseStatus.METHOD_NOT_ALLOWED,
                                    "only GET and HEAD are understood here\n");
            default -> Page.plain(HttpResponseStatus.NOT_FOUND, WHAT_THERE_IS);
        };
    }

    private Page read(String path) {
        return switch (path) {
            case "/metrics" -> new Page(HttpResponseStatus.OK, PROMETHEUS, metrics.get());
            case "/health/live" -> health(health.whyNotLive(), "live\n");
            default -> health(health.whyNotReady(), ready());
        };
    }

    /** The first line is for probes, the others are for people. */
    private String ready() {
        StringBuilder text = new StringBuilder("ready\n");
        health.troubles().forEach(trouble -> text.append(trouble).append('\n'));
        return text.toString();
    }

    private static Page health(Optional<String> whyNot, String well) {
        return whyNot.map(why -> Page.plain(HttpResponseStatus.SERVICE_UNAVAILABLE, why + "\n"))
                .orElseGet(() -> Page.plain(HttpResponseStatus.OK, well));
    }
}
