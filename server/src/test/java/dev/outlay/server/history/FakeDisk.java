package dev.outlay.server.history;

import dev.outlay.core.history.HistoryCheck;
import dev.outlay.core.history.HistoryFormatException;
import dev.outlay.core.history.HistoryLine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;

/** A folder in memory that fills up, fails and hangs when it is told to. */
final class FakeDisk implements HistoryDisk {

    private final NavigableMap<String, byte[]> files = new TreeMap<>();
    private final Semaphore goesOn = new Semaphore(1);
    private long capacityBytes = Long.MAX_VALUE;
    private boolean truncates = true;
    private int forces;

    // ---- trouble

    /** No more fits than this; a file is written up to there. */
    synchronized void capacity(long bytes) {
        capacityBytes = bytes;
    }

    /** A file that could not be written cannot be cut, either. */
    synchronized void truncatesNoMore() {
        truncates = false;
    }

    /** Writes hang until {@link #goOn}. */
    void hang() throws InterruptedException {
        goesOn.acquire();
    }

    void goOn() {
        goesOn.release();
    }

    /** A crash: so much of the newest file never reached the disk. */
    synchronized void lose(int bytes) {
        String last = files.lastKey();
        byte[] all = bytes(last);
        files.put(last, Arrays.copyOf(all, all.length - bytes));
    }

    // ---- what is on it

    synchronized long used() {
        return files.values().stream().mapToLong(bytes -> bytes.length).sum();
    }

    synchronized int forces() {
        return forces;
    }

    /** Reads all files as the command does. */
    synchronized HistoryCheck check() {
        HistoryCheck check = new HistoryCheck();
        files.forEach(
                (name, bytes) -> {
                    String text = new String(bytes, StandardCharsets.UTF_8);
                    List<String> lines = text.lines().toList();
                    for (int i = 0; i < lines.size(); i++) {
                        String place = name + ":" + (i + 1);
                        try {
                            check.accept(place, HistoryLine.decode(lines.get(i)));
                        } catch (HistoryFormatException e) {
                            if (i == lines.size() - 1 && !text.endsWith("\n")) {
                                check.torn(place);
                            } else {
                                check.damaged(place, String.valueOf(e.getMessage()));
                            }
                        }
                    }
                });
        return check;
    }

    private byte[] bytes(String name) {
        return Objects.requireNonNull(files.get(name), name);
    }

    // ---- as a disk

    @Override
    public synchronized List<String> list() {
        return List.copyOf(files.keySet());
    }

    @Override
    public synchronized byte[] tail(String name, int most) {
        byte[] all = bytes(name);
        return Arrays.copyOfRange(all, Math.max(0, all.length - most), all.length);
    }

    @Override
    public synchronized Appending create(String name) throws IOException {
        if (files.containsKey(name)) {
            throw new IOException(name + " exists");
        }
        if (used() >= capacityBytes) {
            throw new IOException("No space left on device");
        }
        files.put(name, new byte[0]);
        return new Appending() {
            @Override
            public void append(ByteBuffer bytes) throws IOException {
                goesOn.acquireUninterruptibly();
                goesOn.release();
                put(name, bytes);
            }

            @Override
            public void truncate(long length) throws IOException {
                cut(name, (int) length);
            }

            @Override
            public void force() {
                forced();
            }

            @Override
            public void close() {}
        };
    }

    private synchronized void put(String name, ByteBuffer bytes) throws IOException {
        byte[] before = bytes(name);
        int fits = (int) Math.min(bytes.remaining(), Math.max(0, capacityBytes - used()));
        byte[] after = Arrays.copyOf(before, before.length + fits);
        bytes.get(after, before.length, fits);
        files.put(name, after);
        if (bytes.hasRemaining()) {
            throw new IOException("No space left on device");
        }
    }

    private synchronized void cut(String name, int length) throws IOException {
        if (!truncates) {
            throw new IOException("Input/output error");
        }
        files.put(name, Arrays.copyOf(bytes(name), length));
    }

    private synchronized void forced() {
        forces++;
    }

    @Override
    public synchronized void delete(String name) {
        files.remove(name);
    }

    @Override
    public String describe() {
        return "fake";
    }
}
