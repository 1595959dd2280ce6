/**
 * The HTTP port for operators and their tools: metrics and health, nothing that changes anything.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.admin;
