package dev.outlay.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpEndpointTest {
    private static final int WAIT_MILLIS = 20_000;

    private final FakeHealth health = new FakeHealth();
    private HttpEndpoint endpoint;

    @BeforeEach
    void start() throws IOException {
        endpoint = HttpEndpoint.start(loopback(0), () -> "a_meter 1.0\n", health);
    }

    @AfterEach
    void stop() {
        endpoint.close();
    }

    @Test
    void metricsAreServed() throws IOException {
        String answer = send("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
        assertTrue(answer.contains("content-type: text/plain; version=0.0.4"), answer);
        assertTrue(answer.contains("connection: close\r\n"), answer);
        assertTrue(answer.endsWith("\r\n\r\na_meter 1.0\n"), answer);
    }

    @Test
    void headHasTheLengthAndNoBody() throws IOException {
        String answer = send("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
        assertTrue(answer.contains("content-length: 12\r\n"), answer);
        assertTrue(answer.endsWith("\r\n\r\n"), answer);
    }

    @Test
    void healthSaysWhyNot() throws IOException {
        assertAnswer(200, "live\n", "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
        assertAnswer(200, "ready\n", "GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n");
        health.ready = Optional.of("volume v1 is being replayed");
        assertAnswer(200, "live\n", "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
        assertAnswer(
                503,
                "volume v1 is being replayed\n",
                "GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n");
        health.live = Optional.of("the engine of v1 has stopped");
        assertAnswer(
                503,
                "the engine of v1 has stopped\n",
                "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    @Test
    void otherPathsAreNotFoundAndOtherMethodsNotAllowed() throws IOException {
        assertAnswer(
                404,
                "there is /metrics, /health/live and /health/ready here\n",
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertAnswer(
                404,
                "there is /metrics, /health/live and /health/ready here\n",
                "DELETE /health HTTP/1.1\r\nHost: a\r\n\r\n");
        String answer = send("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy");
        assertTrue(answer.startsWith("HTTP/1.1 405 "), answer);
        assertTrue(answer.contains("allow: GET, HEAD\r\n"), answer);
    }

    @Test
    void whatIsTooLongIsRefused() throws IOException {
        assertStatus(413, "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n");
        assertStatus(
                413,
                "POST /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n"
                        + "x".repeat(1025)
                        + "\r\n");
        assertStatus(414, "GET /" + "a".repeat(5000) + " HTTP/1.1\r\n\r\n");
        assertStatus(431, "GET /metrics HTTP/1.1\r\nA: " + "a".repeat(9000) + "\r\n\r\n");
        assertStatus(400, "hello\r\n\r\n");
    }

    @Test
    void aFailureInsideIsAnAnswerToo() throws IOException {
        health.broken = true;
        assertStatus(500, "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
        health.broken = false;
        assertStatus(200, "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    @Test
    void oneConnectionCarriesOneRequest() throws IOException {
        String request = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
        String answer = send(request.repeat(100));
        assertEquals(answer.indexOf("HTTP/1.1"), answer.lastIndexOf("HTTP/1.1"));
    }

    @Test
    void connectionsAreBounded() throws IOException {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < HttpEndpoint.CONNECTIONS_MAX; i++) {
                idle.add(new Socket(InetAddress.getLoopbackAddress(), endpoint.port()));
            }
            assertEquals("", sendOrNothing("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    @Test
    void aPortInUseIsNamed() {
        IOException refused =
                assertThrows(
                        IOException.class,
                        () -> HttpEndpoint.start(loopback(endpoint.port()), () -> "", health));
        String message = String.valueOf(refused.getMessage());
        assertTrue(message.contains(":" + endpoint.port() + ": "), message);
        assertTrue(message.contains("choose another address in http-listen"), message);
    }

    private void assertStatus(int status, String request) throws IOException {
        String answer = send(request);
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    }

    private void assertAnswer(int status, String body, String request) throws IOException {
        String answer = send(request);
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
        assertEquals(body, answer.substring(answer.indexOf("\r\n\r\n") + 4));
    }

    /** Sends, and reads until the server ends the answer. */
    private String send(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), endpoint.port())) {
            socket.setSoTimeout(WAIT_MILLIS);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** As {@link #send}; nothing where the server drops the connection. */
    private String sendOrNothing(String request) {
        try {
            return send(request);
        } catch (IOException e) {
            return "";
        }
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static final class FakeHealth implements Health {
        private volatile Optional<String> live = Optional.empty();
        private volatile Optional<String> ready = Optional.empty();
        private volatile boolean broken;

        @Override
        public Optional<String> whyNotLive() {
            if (broken) {
                throw new IllegalStateException("broken on purpose");
            }
            return live;
        }

        @Override
        public Optional<String> whyNotReady() {
            return ready;
        }

        @Override
        public List<String> troubles() {
            return List.of();
        }
    }
}
