package dev.outlay.bench;

import dev.outlay.v1.Request;

/** A request and the id that its operation goes by. */
record Asked(long operation, Request.Builder request) {}
