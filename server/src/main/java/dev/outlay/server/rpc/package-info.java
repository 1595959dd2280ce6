/**
 * The gRPC front: decode, submit, encode.
 *
 * <p>A request becomes a command in {@code WireCommands}, is submitted by {@code Operations}, and
 * its reply becomes an answer in {@code WireReplies}; {@code Wire*} and {@code ErrorMapping} are
 * the only classes that know both protobuf and the core's types, and untrusted input is checked
 * there. {@code SessionStream} carries a session's requests and replies over one stream, the
 * services carry the same operations one by one; both go through {@code Operations}, so that an
 * operation exists once. {@code GrpcFront} owns the listening sockets.
 *
 * <p>Threads: what arrives is decoded on the event loop of its connection ({@code directExecutor});
 * replies come on a volume's thread, or at once where a read finds the volume at rest, and all that
 * are there are handed back to that loop together to be encoded, so that the volume's thread never
 * builds messages and a stream has one writer.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.rpc;
