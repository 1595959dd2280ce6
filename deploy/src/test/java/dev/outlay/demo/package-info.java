/** Tests of the demonstration, and of its being able to fail. */
@NullMarked
package dev.outlay.demo;

import org.jspecify.annotations.NullMarked;
