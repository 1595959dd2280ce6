@org.jspecify.annotations.NullMarked
package dev.outlay.server.history;
