package dev.outlay.crash;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A client as a process of its own: {@code server owner lease writer seed diary}. Works until its
 * standard input ends, which the end of its parent brings about as well.
 */
public final class ClientProgram {

    /** It has lost what it held, or could not go on for another reason; its diary says which. */
    static final int GAVE_UP = 3;

    private ClientProgram() {}

    /** The process. */
    public static void main(String[] args) throws IOException {
        AtomicBoolean told = new AtomicBoolean();
        Thread.ofPlatform().daemon().name("listen").start(() -> listen(told));
        Diary diary = Diary.create(Path.of(args[5]));
        try (Worker worker =
                new Worker(
                        args[0],
                        args[1],
                        Integer.parseInt(args[2]),
                        Integer.parseInt(args[3]),
                        diary,
                        new Random(Long.parseLong(args[4])))) {
            work(worker, told, diary);
        } catch (IOException e) {
            giveUp(diary, "E ", e);
        } catch (RuntimeException | Error e) {
            e.printStackTrace();
            giveUp(diary, "X ", e);
        }
        diary.line("E ended");
    }

    /** Gives up before the worker is closed, which would commit and say goodbye. */
    private static void work(Worker worker, AtomicBoolean told, Diary diary) {
        try {
            while (!told.get() && worker.canGoOn()) {
                worker.step();
            }
        } catch (IOException e) {
            giveUp(diary, "E ", e);
        } catch (RuntimeException | Error e) {
            e.printStackTrace();
            giveUp(diary, "X ", e);
        }
    }

    /** At once, as if killed: nothing is tidied up. */
    private static void giveUp(Diary diary, String letter, Throwable why) {
        diary.line(letter + Worker.oneLine(why));
        Runtime.getRuntime().halt(GAVE_UP);
    }

    private static void listen(AtomicBoolean told) {
        try {
            while (System.in.read() >= 0) {}
        } catch (IOException e) {
            // As good as its end.
        }
        told.set(true);
    }
}
