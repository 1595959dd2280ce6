/** Tests of the gRPC front, over real sockets where they matter. */
package dev.outlay.server.rpc;
