/**
 * Checks of the Kubernetes manifests: every field known, every reference met, everything agreeing
 * with the server.
 */
@NullMarked
package dev.outlay.kubernetes;

import org.jspecify.annotations.NullMarked;
