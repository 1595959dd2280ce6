@org.jspecify.annotations.NullMarked
package dev.outlay.core.history;
