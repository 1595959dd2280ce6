package org.apache.hadoop.hdfs.server.namenode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.protocol.HdfsConstants;
import org.apache.hadoop.hdfs.server.namenode.NNThroughputBenchmark.CreateFileStats;
import org.apache.hadoop.hdfs.server.namenode.NNThroughputBenchmark.OperationStatsBase;

/**
 * Drives a running NameNode with Hadoop's own {@link NNThroughputBenchmark}: its connection, its
 * operations with their arguments, its simulated datanode. It lies in their package because they
 * are not public. Two things are different. Its main thread, which waits for the end by looking all
 * the time and so takes a core of its own, is replaced by one that sleeps. And {@code addBlock},
 * which it uses but does not measure, is measured.
 *
 * <p>Reads {@code OPERATION THREADS COUNT} lines and answers each with operations a second. Ends
 * with its standard input.
 */
public final class NameNodeRounds {

    private static final String FILES_PER_FOLDER = "100";

    private final NNThroughputBenchmark benchmark;
    private int rounds;

    private NameNodeRounds(NNThroughputBenchmark benchmark) {
        this.benchmark = benchmark;
    }

    /** The configuration is on the class path. */
    public static void main(String[] args) throws Exception {
        NNThroughputBenchmark benchmark = new NNThroughputBenchmark(new HdfsConfiguration());
        // Connects, and has nothing to remove.
        benchmark.run(new String[] {"-op", "clean"});
        NameNodeRounds rounds = new NameNodeRounds(benchmark);
        rounds.registerDatanode();
        System.out.println("ready");
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            double rate =
                    rounds.rate(words[0], Integer.parseInt(words[1]), Integer.parseInt(words[2]));
            System.out.println(String.format(Locale.ROOT, "%.1f", rate));
        }
        // Its RPC client has threads that would live on.
        System.exit(0);
    }

    /** One, with a block, so that there is one to choose for the next. */
    private void registerDatanode() throws IOException {
        List<String> arguments =
                list("-op blockReport -datanodes 1 -reports 1 -blocksPerReport 1 -blocksPerFile 1");
        benchmark.new BlockReportStats(arguments).generateInputs(new int[] {1});
    }

    private double rate(String operation, int threads, int count) throws Exception {
        String arguments =
                " -threads "
                        + threads
                        + " -files "
                        + count
                        + " -filesPerDir "
                        + FILES_PER_FOLDER;
        switch (operation) {
            case "prepare":
                // Makes the files that are opened then.
                benchmark.new OpenFileStats(list("-op open" + arguments))
                        .generateInputs(shares(threads, count));
                return count;
            case "open":
                return run(
                        benchmark.new OpenFileStats(list("-op open" + arguments + " -useExisting")),
                        threads,
                        count);
            case "create":
                return run(new Creates(benchmark, ++rounds, arguments), threads, count);
            case "addBlock":
                return run(new AddBlocks(benchmark, ++rounds, arguments), threads, count);
            default:
                throw new IllegalArgumentException("no operation " + operation);
        }
    }

    private static double run(OperationStatsBase operation, int threads, int count)
            throws Exception {
        int[] shares = shares(threads, count);
        operation.generateInputs(shares);
        long start = System.nanoTime();
        inThreads(operation, shares, operation::executeOp);
        return count / ((System.nanoTime() - start) / 1e9);
    }

    /** One operation of the benchmark. */
    private interface Step {
        long execute(int thread, int index, String argument) throws IOException;
    }

    private static void inThreads(OperationStatsBase operation, int[] shares, Step step)
            throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(shares.length);
        try {
            List<Future<?>> ends = new ArrayList<>();
            for (int i = 0; i < shares.length; i++) {
                int thread = i;
                ends.add(
                        threads.submit(
                                () -> {
                                    String argument = operation.getExecutionArgument(thread);
                                    for (int at = 0; at < shares[thread]; at++) {
                                        step.execute(thread, at, argument);
                                    }
                                    return null;
                                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static int[] shares(int threads, int count) {
        int[] shares = new int[threads];
        for (int i = 0; i < threads; i++) {
            shares[i] = count / threads + (i < count % threads ? 1 : 0);
        }
        return shares;
    }

    private static List<String> list(String words) {
        return new ArrayList<>(Arrays.asList(words.split(" ")));
    }

    /** Files, in a folder that is new in each round. */
    private static class Creates extends CreateFileStats {

        /** The folder is asked for before any field can be set. */
        private static String name = "";

        Creates(NNThroughputBenchmark benchmark, int round, String arguments) {
            benchmark.super(list("-op " + named("create-" + round) + arguments));
        }

        static String named(String now) {
            name = now;
            return now;
        }

        @Override
        String getOpName() {
            return name;
        }
    }

    /** A first block for each of as many files, which are made before. */
    private static final class AddBlocks extends Creates {

        AddBlocks(NNThroughputBenchmark benchmark, int round, String arguments) {
            super(benchmark, round, arguments);
        }

        @Override
        void generateInputs(int[] shares) throws IOException {
            super.generateInputs(shares);
            try {
                inThreads(this, shares, super::executeOp);
            } catch (Exception e) {
                throw new IOException("the files could not be made", e);
            }
        }

        @Override
        long executeOp(int thread, int index, String client) throws IOException {
            NNThroughputBenchmark.clientProto.addBlock(
                    fileNames[thread][index],
                    client,
                    null,
                    null,
                    HdfsConstants.GRANDFATHER_INODE_ID,
                    null,
                    null);
            return 0;
        }
    }
}
