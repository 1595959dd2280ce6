package dev.outlay;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/**
 * Turns a failure into the one line a user needs: {@code <what> - <what to do>}.
 *
 * <p>A message of our own, or one that already has this shape, passes through unchanged; whoever
 * throws knows best. Failures of the platform, whose messages are often only a path, are put into
 * words here. What nobody foresaw is called a defect, so that it is reported.
 */
final class FailureText {

    private static final String ADVICE = " - ";

    private FailureText() {}

    /** The line for a failure, without the program's name. */
    static String of(Throwable failure) {
        Throwable cause = unwrap(failure);
        String message = messageOf(cause);
        return oneLine(
                switch (cause) {
                    case Throwable t when message.contains(ADVICE) && !isGrpc(t) -> message;
                    case Throwable t when isOurs(t) -> message;
                    case NoSuchFileException e ->
                            "no such file or folder: " + e.getFile() + " - check the path";
                    case FileAlreadyExistsException e ->
                            e.getFile()
                                    + " exists already - choose another name or remove it first";
                    case AccessDeniedException e ->
                            "no permission for "
                                    + e.getFile()
                                    + " - run as a user who may, or change its owner or mode";
                    case NotDirectoryException e ->
                            e.getFile() + " is not a folder - name a folder";
                    case DirectoryNotEmptyException e ->
                            e.getFile() + " is not empty - empty it first";
                    case BindException e ->
                            "cannot listen: "
                                    + message
                                    + " - stop the program that holds the address, or listen on another";
                    case ConnectException e ->
                            "cannot connect: "
                                    + message
                                    + " - is the server running, and the address right?";
                    case UnknownHostException e ->
                            "unknown host " + message + " - check the address";
                    case OverlappingFileLockException e ->
                            "the file is locked by this process already - use it once only";
                    case FileSystemException e when isDiskFull(message) ->
                            message + " - make room on that disk";
                    case FileSystemException e ->
                            message + " - check the path and the file system's log";
                    case IOException e when isDiskFull(message) ->
                            message + " - make room on that disk";
                    case StatusRuntimeException e -> grpc(e.getStatus());
                    case StatusException e -> grpc(e.getStatus());
                    case OutOfMemoryError e ->
                            "out of memory ("
                                    + message
                                    + ") - set OUTLAY_JAVA_OPTS=-Xmx... to allow more";
                    case IOException e -> message + " - run again with --debug to see where";
                    case IllegalArgumentException e ->
                            message + " - correct the value and run again";
                    case Throwable t ->
                            "unexpected "
                                    + t.getClass().getSimpleName()
                                    + ": "
                                    + message
                                    + " - this is a defect: run again with --debug and report what it prints";
                });
    }

    /**
     * Joins the lines of a text by a semicolon and drops control characters, so that it stays one
     * line of a log.
     */
    static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", "; ").replaceAll("\\p{Cntrl}", " ");
    }

    /** What really went wrong, without what only carries it. */
    static Throwable unwrap(Throwable failure) {
        Throwable current = failure;
        while (current.getCause() != null && isWrapper(current)) {
            current = current.getCause();
        }
        return current;
    }

    private static boolean isWrapper(Throwable failure) {
        return failure instanceof UncheckedIOException
                || failure instanceof CompletionException
                || failure instanceof ExecutionException
                || failure instanceof InvocationTargetException
                || failure instanceof ExceptionInInitializerError;
    }

    private static boolean isOurs(Throwable failure) {
        return failure.getClass().getName().startsWith("dev.outlay.");
    }

    private static boolean isGrpc(Throwable failure) {
        return failure instanceof StatusRuntimeException || failure instanceof StatusException;
    }

    private static String grpc(Status status) {
        String what = Objects.requireNonNullElse(status.getDescription(), "no further word");
        if (what.contains(ADVICE)) {
            return what;
        }
        return switch (status.getCode()) {
            case UNAVAILABLE ->
                    "cannot reach the server ("
                            + what
                            + ") - is it running, and the address right?";
            case DEADLINE_EXCEEDED ->
                    "the server did not answer in time ("
                            + what
                            + ") - look at its log, then try again";
            case UNIMPLEMENTED ->
                    "the server does not know this request ("
                            + what
                            + ") - use a client of the server's version";
            case UNAUTHENTICATED, PERMISSION_DENIED ->
                    "the server refused: " + what + " - use an account that may";
            case OK,
                    CANCELLED,
                    UNKNOWN,
                    INVALID_ARGUMENT,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    RESOURCE_EXHAUSTED,
                    FAILED_PRECONDITION,
                    ABORTED,
                    OUT_OF_RANGE,
                    INTERNAL,
                    DATA_LOSS ->
                    "the server answered "
                            + status.getCode()
                            + ": "
                            + what
                            + " - the server's log says more";
        };
    }

    private static boolean isDiskFull(String message) {
        return message.toLowerCase(Locale.ROOT).contains("no space left");
    }

    private static String messageOf(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }
}
