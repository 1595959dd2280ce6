package dev.outlay.client;

/**
 * What the proof that a client has ended came to on one volume.
 *
 * @param freedBytes free again
 * @param safeBytes in files and not at risk any more
 */
public record ProvenVolume(String volume, long freedBytes, long safeBytes) {}
