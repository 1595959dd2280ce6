package dev.outlay.client.device;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.outlay.core.value.Durability;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import jdk.nio.mapmode.ExtendedMapMode;

/**
 * A file on a DAX file system, mapped with {@code MAP_SYNC}: a store is on the medium as soon as
 * its cache line is written back. It gives {@link Durability#SYNC_MAPPED}; a file that cannot be
 * mapped so is not opened at all.
 *
 * <p>Trap: on JDK 25, {@code force()} of such a mapping ends the JVM with a crash while the code is
 * interpreted or compiled by C1, because the stub that writes cache lines back is generated later
 * than it is used. The JVM must be started with {@code -XX:+UnlockDiagnosticVMOptions
 * -XX:-DelayCompilerStubsGeneration}, as the launcher and the tests do. A program that embeds the
 * client without these flags is refused here instead of crashing at its first flush.
 */
public final class DaxFileDevice extends MappedDevice {

    /** The release whose stubs come late; later ones are trusted. */
    private static final int AFFECTED_RELEASE = 25;

    private static final String STUBS_FLAG = "DelayCompilerStubsGeneration";

    private DaxFileDevice(Path path, Opened opened) {
        super(path, ExtendedMapMode.READ_WRITE_SYNC, Durability.SYNC_MAPPED, opened);
    }

    /** Opens a file that carries a label, or says why it cannot be mapped with {@code MAP_SYNC}. */
    public static DaxFileDevice open(Path path) throws DeviceException {
        DaxFileDevice device = new DaxFileDevice(path, openFile(path));
        try {
            device.mapFirstWindow();
            if (!forceIsSafe()) {
                throw new DeviceException(
                        DeviceException.Reason.TOO_WEAK,
                        path,
                        "this JVM would crash on a flush of persistent memory; start it with"
                                + " -XX:+UnlockDiagnosticVMOptions -XX:-"
                                + STUBS_FLAG);
            }
            return device;
        } catch (DeviceException e) {
            device.close();
            throw e;
        }
    }

    /**
     * Whether {@code force()} finds its stub in this JVM; a flag that cannot be read is at its
     * default.
     */
    static boolean forceIsSafe() {
        if (Runtime.version().feature() != AFFECTED_RELEASE) {
            return true;
        }
        try {
            return !Boolean.parseBoolean(
                    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                            .getVMOption(STUBS_FLAG)
                            .getValue());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
