package dev.outlay.client;

import java.nio.file.OpenOption;

/** How a file is opened for writing, beside the standard options. */
public enum WriteMode implements OpenOption {
    /**
     * What is written replaces the committed bytes all at once, at the next commit: others, and
     * whoever looks after a crash, find the old bytes or the new. Takes space for both meanwhile.
     */
    ATOMIC
}
