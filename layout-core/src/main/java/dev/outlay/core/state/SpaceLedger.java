package dev.outlay.core.state;

import dev.outlay.core.codec.ByteReader;
import dev.outlay.core.codec.ByteWriter;
import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;

/**
 * Counts bytes by block state, so that nobody has to walk a volume to know how full it is. A check
 * walks and compares.
 */
public final class SpaceLedger {

    private long reserved;
    private long granted;
    private long mapped;
    private long pending;
    private long quarantined;
    private long atRisk;

    /** Counts an extent in ({@code sign} 1) or out (-1) of the state it is in. */
    public void count(Extent extent, boolean removing, int sign) {
        long bytes = sign * extent.length();
        if (removing) {
            pending += bytes;
        } else if (extent.state() == ExtentState.UNWRITTEN && !extent.has(Extent.KEPT)) {
            granted += bytes;
        } else {
            mapped += bytes;
            if (extent.has(Extent.AT_RISK)) {
                atRisk += bytes;
            }
        }
    }

    /** Shared bytes that were mapped or pending are the other now, or the same. */
    void move(long bytes, boolean wasPending, boolean isPending) {
        if (wasPending != isPending) {
            pending += isPending ? bytes : -bytes;
            mapped -= isPending ? bytes : -bytes;
        }
    }

    /** Counts shared bytes in, once for all maps they are in. */
    public void countShared(long bytes, boolean isPending) {
        if (isPending) {
            pending += bytes;
        } else {
            mapped += bytes;
        }
    }

    public void quarantined(long bytes) {
        quarantined += bytes;
    }

    /** Counts blocks kept for device work in, or out if negative. */
    public void reserved(long bytes) {
        reserved += bytes;
    }

    long atRisk() {
        return atRisk;
    }

    /** All but what is kept for device work, which does not outlive a restart. */
    void write(ByteWriter out) {
        out.writeVar(granted);
        out.writeVar(mapped);
        out.writeVar(pending);
        out.writeVar(quarantined);
        out.writeVar(atRisk);
    }

    /** What {@link #write} wrote. */
    static SpaceLedger read(ByteReader in) {
        SpaceLedger ledger = new SpaceLedger();
        ledger.granted = in.readVar();
        ledger.mapped = in.readVar();
        ledger.pending = in.readVar();
        ledger.quarantined = in.readVar();
        ledger.atRisk = in.readVar();
        return ledger;
    }

    /** All bytes that are not free. */
    long taken() {
        return granted + mapped + pending + quarantined + reserved;
    }

    public SpaceUse use(long total, long free) {
        return new SpaceUse(total, free, reserved, granted, mapped, pending, quarantined, atRisk);
    }
}
