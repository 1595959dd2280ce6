package dev.outlay.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outlay.client.ServerAnswers;
import dev.outlay.client.cli.SavedSessions;
import dev.outlay.core.VolumeState;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.codec.ByteReader;
import dev.outlay.core.codec.ByteWriter;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.codec.ReplyCodec;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.device.LabelPair;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.history.HistoryAccess;
import dev.outlay.core.history.HistoryFormatException;
import dev.outlay.core.history.HistoryLine;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.Row;
import dev.outlay.core.state.StateImage;
import dev.outlay.core.state.StateRows;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Limits;
import dev.outlay.server.config.ConfigException;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.journal.JournalFiles;
import dev.outlay.server.rpc.ClientRequests;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** A decoder, and what must hold of it whatever it is given. */
public enum Target {

    /** Records of the journal. */
    FACTS,

    /** Answers kept for retries. */
    REPLIES,

    /** The state of a volume as the exposure log's second copy begins with it. */
    IMAGE,

    /** A device's label and its copy. */
    LABEL,

    /** A segment of the journal. */
    SEGMENT,

    /** The rows of a checkpoint. */
    ROWS,

    /** The server's configuration. */
    CONFIG,

    /** The session that the command line has saved. */
    SESSION,

    /** What a client sends, up to the state machine. */
    CLIENT_MESSAGE,

    /** What a server answers. */
    SERVER_MESSAGE,

    /** Lines of an exposure log, as its checker reads them. */
    HISTORY;

    /** An input may cost so much, whatever it says of itself, ... */
    private static final long BASE_BYTES = 48L << 20;

    /** ... and so much for each of its bytes. */
    private static final long BYTES_EACH = 16 << 10;

    private static final int ROW_BYTES = 1 << 16;

    private static final com.sun.management.ThreadMXBean MEMORY =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** The name of its corpus. */
    public String folder() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Decodes an input; returns if it was decoded or refused as documented. */
    public void run(byte[] input) {
        bounded(name(), input.length, () -> decode(input.clone()));
    }

    @FunctionalInterface
    interface Decoding {
        void run() throws IOException;
    }

    /**
     * Runs it, and fails if it allocates more than an input of this length can be worth. What a
     * first run loads and initialises does not count.
     */
    static void bounded(String name, int inputBytes, Decoding decoding) {
        long most = BASE_BYTES + BYTES_EACH * inputBytes;
        if (allocatedBy(name, decoding) > most) {
            long again = allocatedBy(name, decoding);
            check(
                    again <= most,
                    "%s allocated %d bytes for an input of %d".formatted(name, again, inputBytes));
        }
    }

    private static long allocatedBy(String name, Decoding decoding) {
        long before = MEMORY.getCurrentThreadAllocatedBytes();
        try {
            decoding.run();
        } catch (IOException e) {
            throw new AssertionError(name + " failed in another way than documented", e);
        }
        return MEMORY.getCurrentThreadAllocatedBytes() - before;
    }

    private void decode(byte[] input) throws IOException {
        switch (this) {
            case FACTS -> facts(input);
            case REPLIES -> replies(input);
            case IMAGE -> image(input);
            case LABEL -> label(input);
            case SEGMENT -> JournalFiles.segment(input);
            case ROWS -> rows(input);
            case CONFIG -> config(input);
            case SESSION -> SavedSessions.read(input);
            case CLIENT_MESSAGE -> ClientRequests.take(input);
            case SERVER_MESSAGE -> ServerAnswers.take(input);
            case HISTORY -> history(input);
        }
    }

    private static void facts(byte[] input) {
        List<Fact> facts;
        try {
            facts = FactCodec.facts(input);
        } catch (CorruptDataException e) {
            return;
        }
        byte[] again = FactCodec.record(facts);
        if (facts.isEmpty()) {
            return;
        }
        check(FactCodec.facts(again).equals(facts), "other facts come back");
        check(Arrays.equals(again, FactCodec.record(FactCodec.facts(again))), "not stable");
        check(Arrays.equals(again, input), "one record in two spellings");
    }

    private static void replies(byte[] input) {
        Reply.Kept reply;
        try {
            reply = ReplyCodec.read(new ByteReader(input));
        } catch (CorruptDataException e) {
            return;
        }
        ByteWriter out = new ByteWriter();
        ReplyCodec.write(out, reply);
        Reply.Kept again = ReplyCodec.read(new ByteReader(out.toByteArray()));
        check(again.equals(reply), "another reply comes back");
    }

    private static void image(byte[] input) {
        VolumeTables tables;
        try {
            tables = StateImage.decode(Limits.DEFAULT, input);
        } catch (CorruptDataException e) {
            return;
        }
        if (!tables.isCreated()) {
            return;
        }
        List<String> findings = StateChecker.check(tables);
        byte[] image = StateImage.encode(tables);
        if (findings.isEmpty()) {
            byte[] again = StateImage.encode(StateImage.decode(Limits.DEFAULT, image));
            check(Arrays.equals(image, again), "not stable");
        }
    }

    /** Keys and values in turn, the length of each before it. */
    private static void rows(byte[] input) {
        StateRows.Loader loader = new StateRows.Loader(Limits.DEFAULT);
        VolumeState state;
        try {
            ByteReader in = new ByteReader(input);
            while (!in.atEnd()) {
                loader.row(in.readBytes(ROW_BYTES), in.readBytes(ROW_BYTES));
            }
            state = VolumeState.of(loader);
        } catch (CorruptDataException e) {
            return;
        }
        if (!state.tables().isCreated() || !StateChecker.check(state.tables()).isEmpty()) {
            return;
        }
        StateRows.Loader again = new StateRows.Loader(Limits.DEFAULT);
        NavigableMap<byte[], byte[]> sorted = new TreeMap<>(Arrays::compareUnsigned);
        for (Row row : state.takeAllRows()) {
            if (row instanceof Row.Put put) {
                sorted.put(put.key(), put.value());
            }
        }
        sorted.forEach(again::row);
        check(Arrays.equals(state.image(), VolumeState.of(again).image()), "other rows come back");
    }

    /** The last byte of the input says whether the checksum is mended first. */
    private static void label(byte[] input) {
        byte[] block = Arrays.copyOf(input, DeviceLabel.BLOCK_BYTES);
        if (input.length > 0 && input[input.length - 1] % 2 == 0) {
            mendLabel(block);
        }
        DeviceLabel.Decoded decoded = DeviceLabel.decode(block);
        if (decoded instanceof DeviceLabel.Valid valid) {
            byte[] again = valid.label().encode();
            check(DeviceLabel.decode(again).equals(decoded), "another label comes back");
            var _ = valid.label().usable();
        }
        byte[] rotated = Arrays.copyOfRange(input, input.length / 2, input.length);
        byte[] copy = Arrays.copyOf(rotated, DeviceLabel.BLOCK_BYTES);
        for (long offset : new long[] {4096, 1L << 30}) {
            LabelPair pair = LabelPair.decode(block, copy, offset);
            var _ = pair.label();
            check(pair.isIntact() || !pair.problem().isEmpty(), "no word of what is wrong");
            var _ = LabelPair.lastOffset(pair.first(), offset);
        }
    }

    private static void mendLabel(byte[] block) {
        ByteBuffer out = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        out.put(0, "OUTLAYDV".getBytes(UTF_8));
        out.putInt(8, DeviceLabel.FORMAT_VERSION);
        CRC32C crc = new CRC32C();
        crc.update(block, 0, DeviceLabel.BLOCK_BYTES - Integer.BYTES);
        out.putInt(DeviceLabel.BLOCK_BYTES - Integer.BYTES, (int) crc.getValue());
    }

    private static void config(byte[] input) {
        try {
            var _ = ServerConfig.parse("fuzz.conf", new String(input, UTF_8), Map.of());
        } catch (ConfigException e) {
            check(String.valueOf(e.getMessage()).length() > 10, "a refusal without words");
        }
    }

    /** Lines without their checksum get a sound one. */
    private static void history(byte[] input) {
        HistoryAccess who = HistoryAccess.ofPath("/f0", ByteRange.from(0), 0, Long.MAX_VALUE);
        int number = 0;
        for (String line : new String(input, UTF_8).split("\n", -1)) {
            number++;
            try {
                HistoryLine decoded =
                        HistoryLine.decode(line.contains("\"crc\"") ? line : withCrc(line));
                who.check().accept("line " + number, decoded);
                String again = decoded.encode();
                check(HistoryLine.decode(again).encode().equals(again), "not stable");
            } catch (HistoryFormatException e) {
                who.check().damaged("line " + number, String.valueOf(e.getMessage()));
            }
        }
        var _ = who.accesses();
        var _ = who.check().summary();
    }

    private static String withCrc(String body) {
        CRC32C crc = new CRC32C();
        crc.update(body.getBytes(UTF_8));
        return body + ",\"crc\":\"" + HexFormat.of().toHexDigits((int) crc.getValue()) + "\"}";
    }

    /** What is not true is a defect of the decoder. */
    public static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
