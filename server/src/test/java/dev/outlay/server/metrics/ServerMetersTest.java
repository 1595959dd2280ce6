package dev.outlay.server.metrics;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServerMetersTest {
    private static final VolumeSample SAMPLE =
            new VolumeSample(
                    1000, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 111, 112, 120, 130, 140,
                    true, false);

    private final ServerMeters meters = new ServerMeters("1.2.3");

    @AfterEach
    void close() {
        meters.close();
    }

    @Test
    void operationsAreTimedByNameAndOutcome() {
        meters.answered("MapBlocks", ServerMeters.OK, Duration.ofMillis(3));
        meters.answered("MapBlocks", ServerMeters.OK, Duration.ofMillis(5));
        meters.answered("MapBlocks", "NO_SPACE", Duration.ofMillis(1));
        expect("outlay_operations_seconds_count{operation=\"MapBlocks\",outcome=\"OK\"} 2");
        expect("outlay_operations_seconds_sum{operation=\"MapBlocks\",outcome=\"OK\"} 0.008");
        expect(
                "outlay_operations_seconds_bucket{operation=\"MapBlocks\",outcome=\"OK\",le=\"0.004\"}"
                        + " 1");
        expect("outlay_operations_seconds_count{operation=\"MapBlocks\",outcome=\"NO_SPACE\"} 1");
    }

    @Test
    void theServerIsDescribed() {
        meters.streamOpened();
        meters.streamOpened();
        meters.streamClosed();
        meters.streamCut();
        meters.renewed();
        expect("outlay_build{version=\"1.2.3\"} 1.0");
        expect("outlay_streams 1.0");
        expect("outlay_streams_cut_total 1.0");
        expect("outlay_lease_renewals_total 1.0");
        expect("jvm_memory_used_bytes{");
        expect("process_uptime_seconds ");
    }

    @Test
    void trafficIsCountedAsOnTheWire() {
        ServerStreamTracer tracer =
                new TrafficTracer(meters).newServerStreamTracer("any", new Metadata());
        tracer.inboundWireSize(1000);
        tracer.inboundWireSize(24);
        tracer.outboundWireSize(7);
        expect("outlay_network_received_bytes_total 1024.0");
        expect("outlay_network_sent_bytes_total 7.0");
    }

    @Test
    void aVolumeIsCountedUnderItsNameUntilItIsClosed() {
        VolumeMeters volume = meters.volume("v1", () -> SAMPLE);
        volume.batch(3);
        volume.forced(Duration.ofMillis(2), 4096);
        volume.snapshot(Duration.ofSeconds(1), 5000);
        volume.deviceWritten(512);
        expect("outlay_engine_batch_commands_sum{volume=\"v1\"} 3.0");
        expect("outlay_journal_force_seconds_count{volume=\"v1\"} 1");
        expect("outlay_journal_appended_bytes_total{volume=\"v1\"} 4096.0");
        expect("outlay_snapshot_duration_seconds_sum{volume=\"v1\"} 1.0");
        expect("outlay_snapshot_size_bytes_sum{volume=\"v1\"} 5000.0");
        expect("outlay_device_written_bytes_total{volume=\"v1\"} 512.0");
        expect("outlay_space_bytes{state=\"free\",volume=\"v1\"} 10.0");
        expect("outlay_space_bytes{state=\"reserved\",volume=\"v1\"} 20.0");
        expect("outlay_space_bytes{state=\"granted\",volume=\"v1\"} 30.0");
        expect("outlay_space_bytes{state=\"mapped\",volume=\"v1\"} 40.0");
        expect("outlay_space_bytes{state=\"pending\",volume=\"v1\"} 50.0");
        expect("outlay_space_bytes{state=\"quarantined\",volume=\"v1\"} 60.0");
        expect("outlay_space_at_risk_bytes{volume=\"v1\"} 70.0");
        expect("outlay_volume_files{volume=\"v1\"} 80.0");
        expect("outlay_volume_extents{volume=\"v1\"} 90.0");
        expect("outlay_volume_clients{volume=\"v1\"} 100.0");
        expect("outlay_volume_layouts{volume=\"v1\"} 110.0");
        expect("outlay_volume_waiting_requests{volume=\"v1\"} 111.0");
        expect("outlay_volume_recalls{volume=\"v1\"} 112.0");
        expect("outlay_engine_queue_commands{volume=\"v1\"} 120.0");
        expect("outlay_journal_position_bytes{volume=\"v1\"} 130.0");
        expect("outlay_snapshot_position_bytes{volume=\"v1\"} 140.0");
        expect("outlay_volume_read_only{volume=\"v1\"} 1.0");
        expect("outlay_volume_grace{volume=\"v1\"} 0.0");

        volume.close();
        assertFalse(meters.scrape().contains("volume=\"v1\""));
    }

    private void expect(String line) {
        String page = meters.scrape();
        assertTrue(page.contains("\n" + line), () -> line + " is not in\n" + page);
    }
}
