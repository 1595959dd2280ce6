package dev.outlay.client;

import java.util.List;

/**
 * What a check of a volume found.
 *
 * @param findings each says what was seen and where; empty: the volume is sound
 * @param truncated there are more
 * @param status of what was walked
 */
public record VolumeCheck(List<String> findings, boolean truncated, VolumeStatus status) {

    public VolumeCheck {
        findings = List.copyOf(findings);
    }
}
