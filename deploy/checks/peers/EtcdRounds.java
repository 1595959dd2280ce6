import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Puts keys into an etcd over its gRPC interface: as many puts under way as asked for, each lane
 * with its next one as soon as the last is answered, over a number of connections. Keys have 16
 * bytes and values 64.
 *
 * <p>Arguments: address, connections. Reads {@code LANES MILLIS} lines and answers each with puts a
 * second. Ends with its standard input.
 */
public final class EtcdRounds {

    private static final int KEY_BYTES = 16;
    private static final int VALUE_BYTES = 64;
    private static final int KEYS = 10_000;

    /** Field 1 and field 2 of a PutRequest, both with a length. */
    private static final byte KEY_TAG = 0x0A;

    private static final byte VALUE_TAG = 0x12;

    private static final MethodDescriptor<byte[], byte[]> PUT =
            MethodDescriptor.<byte[], byte[]>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName("etcdserverpb.KV/Put")
                    .setRequestMarshaller(new Bytes())
                    .setResponseMarshaller(new Bytes())
                    .build();

    private EtcdRounds() {}

    public static void main(String[] args) throws Exception {
        List<ManagedChannel> channels = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(args[1]); i++) {
            channels.add(
                    NettyChannelBuilder.forTarget(args[0]).usePlaintext().directExecutor().build());
        }
        System.out.println("ready");
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            Round round = new Round(channels, Long.parseLong(words[1]) * 1_000_000);
            double rate = round.run(Integer.parseInt(words[0]));
            System.out.println(String.format(Locale.ROOT, "%.1f", rate));
        }
        channels.forEach(ManagedChannel::shutdownNow);
    }

    /** Some time of puts. */
    private static final class Round {
        private final List<ManagedChannel> channels;
        private final long start = System.nanoTime();
        private final long nanos;
        private final AtomicLong answered = new AtomicLong();
        private final AtomicReference<Throwable> failure = new AtomicReference<>();

        Round(List<ManagedChannel> channels, long nanos) {
            this.channels = channels;
            this.nanos = nanos;
        }

        double run(int lanes) throws Exception {
            CountDownLatch ended = new CountDownLatch(lanes);
            for (int i = 0; i < lanes; i++) {
                new Lane(this, channels.get(i % channels.size()), i, ended).next();
            }
            ended.await();
            if (failure.get() != null) {
                throw new IOException("a put failed", failure.get());
            }
            return answered.get() / ((System.nanoTime() - start) / 1e9);
        }
    }

    /** One put after the other. */
    private static final class Lane implements StreamObserver<byte[]> {
        private final Round round;
        private final ManagedChannel channel;
        private final CountDownLatch ended;
        private int key;

        Lane(Round round, ManagedChannel channel, int key, CountDownLatch ended) {
            this.round = round;
            this.channel = channel;
            this.key = key;
            this.ended = ended;
        }

        void next() {
            key = (key + 127) % KEYS;
            ClientCalls.asyncUnaryCall(
                    channel.newCall(PUT, CallOptions.DEFAULT), request(key), this);
        }

        @Override
        public void onNext(byte[] answer) {
            round.answered.incrementAndGet();
        }

        @Override
        public void onCompleted() {
            if (System.nanoTime() - round.start < round.nanos && round.failure.get() == null) {
                next();
            } else {
                ended.countDown();
            }
        }

        @Override
        public void onError(Throwable why) {
            round.failure.compareAndSet(null, why);
            ended.countDown();
        }
    }

    private static byte[] request(int key) {
        return ByteBuffer.allocate(2 + KEY_BYTES + 2 + VALUE_BYTES)
                .put(KEY_TAG)
                .put((byte) KEY_BYTES)
                .put(String.format(Locale.ROOT, "%016d", key).getBytes(StandardCharsets.US_ASCII))
                .put(VALUE_TAG)
                .put((byte) VALUE_BYTES)
                .array();
    }

    /** A message that is bytes already. */
    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] message) {
            return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try (stream) {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
