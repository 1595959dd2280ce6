/** What a volume has to tell clients, or the server itself, without being asked. */
@org.jspecify.annotations.NullMarked
package dev.outlay.core.notice;
