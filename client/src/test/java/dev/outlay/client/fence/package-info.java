@org.jspecify.annotations.NullMarked
package dev.outlay.client.fence;
