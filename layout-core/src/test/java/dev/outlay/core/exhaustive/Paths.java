package dev.outlay.core.exhaustive;

import java.util.Arrays;

/** How many sequences of steps lead through the states of a search. */
final class Paths {

    /** In a row; more of them are not counted. */
    private static final int MOST_FREE_STEPS = 6;

    private int[][] counted = new int[1024][];
    private int[][] free = new int[1024][];
    private int[] sizes = new int[2 * 1024];
    private int nodes;

    /** A new state. */
    int add() {
        if (nodes == counted.length) {
            counted = Arrays.copyOf(counted, 2 * nodes);
            free = Arrays.copyOf(free, 2 * nodes);
            sizes = Arrays.copyOf(sizes, 4 * nodes);
        }
        return nodes++;
    }

    void edge(int from, int to, boolean isFree) {
        int[][] edges = isFree ? free : counted;
        int slot = 2 * from + (isFree ? 1 : 0);
        int[] row = edges[from];
        if (row == null) {
            row = new int[4];
        } else if (row.length == sizes[slot]) {
            row = Arrays.copyOf(row, 2 * row.length);
        }
        row[sizes[slot]++] = to;
        edges[from] = row;
    }

    /**
     * The sequences of at most this length; those that differ in where the server crashes count.
     */
    long count(int length) {
        long[] reached = new long[nodes];
        reached[0] = 1;
        long all = 0;
        for (int step = 0; step <= length; step++) {
            if (step > 0) {
                reached = follow(reached, counted, 0);
            }
            long[] more = reached.clone();
            for (int round = 0; round < MOST_FREE_STEPS; round++) {
                more = follow(more, free, 1);
                for (int i = 0; i < nodes; i++) {
                    reached[i] += more[i];
                }
            }
            all += Arrays.stream(reached).sum();
        }
        return all;
    }

    private long[] follow(long[] reached, int[][] edges, int kind) {
        long[] next = new long[nodes];
        for (int from = 0; from < nodes; from++) {
            int[] row = edges[from];
            for (int i = 0; reached[from] > 0 && row != null && i < sizes[2 * from + kind]; i++) {
                next[row[i]] += reached[from];
            }
        }
        return next;
    }
}
