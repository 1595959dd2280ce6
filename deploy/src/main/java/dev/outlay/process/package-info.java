/**
 * Other processes of this program, for the commands that show or measure it: {@link
 * dev.outlay.process.Stage} owns what must be gone afterwards, the folder and the processes.
 */
@NullMarked
package dev.outlay.process;

import org.jspecify.annotations.NullMarked;
