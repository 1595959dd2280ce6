package dev.outlay.server.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.server.OutlayServer;
import dev.outlay.server.StartException;
import dev.outlay.v1.ChildName;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.CreateResponse;
import dev.outlay.v1.FileKind;
import dev.outlay.v1.GetServerInfoRequest;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.SessionRef;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole server: starts, stops, starts again, and says why it cannot. */
class OutlayServerTest {
    @TempDir Path directory;

    @Test
    void whatWasAnsweredIsThereAfterARestart() throws Exception {
        SessionRef session;
        CreateResponse created;
        MapBlocksResponse mapped;
        try (TestServer first = TestServer.withVolume(directory, Map.of())) {
            session = first.open("a");
            created = first.files().create(create(session));
            mapped = first.layouts().mapBlocks(map(session, created.getAttributes().getFileId()));
        }
        try (TestServer second = TestServer.again(directory, Map.of())) {
            assertEquals(
                    2,
                    second.admin()
                            .getServerInfo(GetServerInfoRequest.getDefaultInstance())
                            .getServerIncarnation());
            ReattachResponse settled =
                    second.sessions().reattach(reattach(session, created, mapped));
            assertTrue(settled.getLeaseRenewed());
            var layout = settled.getVolumes(0).getLayouts(0);
            assertEquals(mapped.getRangesList(), layout.getLayout().getRangesList());
            assertTrue(layout.getLayout().getStateid().getSeqid() > mapped.getStateid().getSeqid());
            assertEquals(
                    created.getAttributes(),
                    second.files().create(create(session)).getAttributes(),
                    "the remembered answer");
        }
    }

    @Test
    void httpTellsHealthAndMetrics() throws Exception {
        Map<String, String> settings = Map.of("http-listen", "127.0.0.1:0");
        try (TestServer running = TestServer.withVolume(directory, settings)) {
            running.open("a");
            int port = running.server().httpPort().orElseThrow();
            assertEquals("ready\n", get(port, "/health/ready"));
            String metrics = get(port, "/metrics");
            assertTrue(metrics.contains("outlay_network_received_bytes_total"));
            assertTrue(metrics.contains("operation=\"OpenSession\""), metrics);
        }
    }

    @Test
    void aVolumeThatIsRequiredAndCannotBeOpenedStopsTheStartAndNamesItself() throws Exception {
        TestServer.withVolume(directory, Map.of()).close();
        Path broken = Files.createDirectories(directory.resolve("data/volumes/v2"));
        StartException refused =
                assertThrows(
                        StartException.class,
                        () -> TestServer.again(directory, Map.of("require-volumes", "true")));
        assertTrue(refused.getMessage().contains("v2"), refused.getMessage());
        try (var left = Files.walk(broken)) {
            for (Path each : left.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
        TestServer.again(directory, Map.of()).close();
    }

    @Test
    void aDataDirectoryThatIsAFileIsRefused() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "mine");
        var config = TestServer.config(directory, Map.of("data-directory", file.toString()));
        StartException refused =
                assertThrows(StartException.class, () -> OutlayServer.start(config));
        assertTrue(refused.getMessage().contains("data-directory"), refused.getMessage());
    }

    @Test
    void twoServersDoNotShareADataDirectory() throws Exception {
        try (TestServer running = TestServer.withVolume(directory, Map.of())) {
            StartException refused =
                    assertThrows(StartException.class, () -> TestServer.again(directory, Map.of()));
            assertTrue(refused.getMessage().contains("data"), refused.getMessage());
            assertTrue(running.server().grpcPort() > 0);
        }
    }

    private static String get(int port, String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
        }
    }

    private static CreateRequest create(SessionRef session) {
        return CreateRequest.newBuilder()
                .setSession(session)
                .setOperation(TestServer.operation(1).toBuilder().setAnsweredThrough(0))
                .setAt(ChildName.newBuilder().setParentId(1).setName("f"))
                .setKind(FileKind.FILE_KIND_FILE)
                .build();
    }

    private static MapBlocksRequest map(SessionRef session, long file) {
        return MapBlocksRequest.newBuilder()
                .setSession(session)
                .setOperation(TestServer.operation(2).toBuilder().setAnsweredThrough(0))
                .setFileId(file)
                .setLength(TestServer.BLOCK)
                .setIomode(IoMode.IO_MODE_RW)
                .build();
    }

    private static ReattachRequest reattach(
            SessionRef session, CreateResponse created, MapBlocksResponse mapped) {
        return ReattachRequest.newBuilder()
                .setSession(session)
                .setIncarnation(TestServer.openRequest("a").getIncarnation())
                .addVolumes(
                        ReattachRequest.Volume.newBuilder()
                                .setVolume(TestServer.VOLUME)
                                .addLayouts(
                                        dev.outlay.v1.Layout.newBuilder()
                                                .setFileId(created.getAttributes().getFileId())
                                                .setStateid(mapped.getStateid())
                                                .addAllRanges(mapped.getRangesList())))
                .build();
    }
}
