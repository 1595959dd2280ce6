/**
 * The client library: files of an Outlay server whose bytes are read and written directly on the
 * shared device.
 *
 * <p>The way of a write: {@link dev.outlay.client.BlockFile} takes the lock of its file ({@code
 * FileIo}); {@code FileWrites} finds the blocks in the {@code LayoutCache} or maps them through
 * {@code Remote}, looks at the lease, fills what is left of fresh blocks and stores, perhaps after
 * {@code WriteBehind} has gathered small writes in a row; {@code FileCommits} flushes and names the
 * filled blocks to the server, together with those of other files of the volume ({@code
 * SharedCommits}). {@code Remote} is the protocol as calls that wait, over a {@link
 * dev.outlay.client.session.ClientSession}; what an answer says of this client's own layouts is
 * entered in the {@code LayoutTable} by whichever thread brings it.
 *
 * <p>Locks, outermost first: the file's, the session's, the layout's. The file's may be held while
 * waiting for the server, so answers never take it; the other two are never held while waiting.
 *
 * <p>Protobuf stays in {@code Wire}, {@code AdminWire}, {@code Remote}, {@code LayoutTable} and the
 * session. The world is touched through {@link dev.outlay.client.ClientSeams} alone.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.client;
