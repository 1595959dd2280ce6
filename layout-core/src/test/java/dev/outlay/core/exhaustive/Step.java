package dev.outlay.core.exhaustive;

/**
 * One thing that happens.
 *
 * @param host whose client does it, or whom it happens to; the server's for {@link Kind#CRASH_ALL}
 * @param at the block, or the number of the variant where a kind has several
 * @param fate what becomes of the request if the server crashes in the middle of it
 */
record Step(Kind kind, int host, int at, Fate fate) {

    /** The kinds; those that send a request have a {@link Fate}. */
    enum Kind {
        MAP_READ(true),
        MAP_RW(true),
        STORE(false),
        FLUSH(false),
        COMMIT(true),
        LATE_COMMIT(true),
        RETURN(true),
        ANSWER(true),
        RECALL(false),
        TRUNCATE(true),
        PUNCH(true),
        CRASH(false),
        STOP(false),
        RESUME(false),
        EXPIRE(false),
        PROVE(false),
        /** The device has done what the server asked of it. */
        WORK(true),
        CRASH_ALL(false);

        private final boolean isRequest;

        Kind(boolean isRequest) {
            this.isRequest = isRequest;
        }

        boolean isRequest() {
            return isRequest;
        }
    }

    /** How far a request comes. */
    enum Fate {
        /** It is answered. */
        ANSWERED,
        /** The server crashes before anything of it is durable. */
        LOST,
        /** All of it is durable, and the server crashes before anybody is answered. */
        UNANSWERED
    }

    static final long[] SIZES = {0, Memory.LINE, 2 * Memory.BLOCK};

    Step(Kind kind, int host, int at) {
        this(kind, host, at, Fate.ANSWERED);
    }

    Step with(Fate other) {
        return new Step(kind, host, at, other);
    }

    /** Whether it costs nothing of the length of a sequence. */
    boolean isFree() {
        return kind == Kind.WORK || kind == Kind.CRASH_ALL;
    }

    @Override
    public String toString() {
        String who = kind == Kind.WORK || kind == Kind.CRASH_ALL ? "server" : World.NAMES[host];
        String what =
                switch (kind) {
                    case MAP_READ -> "maps block " + at + " for READ";
                    case MAP_RW -> "maps block " + at + " for RW";
                    case STORE -> "stores into block " + at;
                    case FLUSH -> "flushes";
                    case COMMIT -> "commits block " + at;
                    case LATE_COMMIT -> "had committed block " + at + " as its former incarnation";
                    case RETURN -> "returns block " + at;
                    case ANSWER -> "acknowledges its recalls and returns the file";
                    case RECALL -> "is, as everybody, asked by the operator to return the file";
                    case TRUNCATE -> "truncates to " + SIZES[at] + " bytes";
                    case PUNCH -> at < 2 ? "punches block " + at : "punches bytes 2048..6144";
                    case CRASH -> "'s host crashes; of its unflushed lines it loses mask " + at;
                    case STOP -> "is stopped";
                    case RESUME -> "goes on, storing where it thinks it may, or starts anew";
                    case EXPIRE -> "'s lease runs out";
                    case PROVE -> "'s former incarnations are proven to have ended";
                    case WORK -> "finishes device work " + at;
                    case CRASH_ALL -> "crashes and starts again";
                };
        String end =
                switch (fate) {
                    case ANSWERED -> "";
                    case LOST -> "; the server crashes before that is durable";
                    case UNANSWERED -> "; the server crashes once that is durable, unanswered";
                };
        return who + (what.startsWith("'") ? "" : " ") + what + end;
    }
}
