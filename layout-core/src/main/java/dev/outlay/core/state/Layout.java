package dev.outlay.core.state;

import dev.outlay.core.space.RangeMap;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What one client holds on one file: an id, a sequence number and ranges. */
public final class Layout {

    /**
     * How a range is held.
     *
     * @param sinceEpoch the file's map epoch when the range was granted, or the first one behind
     *     which nothing was given back; 0 for READ, which commits nothing
     */
    record Grant(GrantKind kind, long sinceEpoch) {}

    private final ClientId client;
    private final LayoutId id;
    private final RangeMap<Grant> grants = new RangeMap<>();
    private int seqid;
    private int durableSeqid;
    private int seenSeqid;

    /**
     * The file's map epoch when the first durable range was granted or when some were last given
     * back; 0 while none is held.
     */
    private long turnEpoch;

    /** The first epoch after that at which something was granted for RW, if it was. */
    private long firstSince;

    Layout(ClientId client, LayoutId id) {
        this.client = client;
        this.id = id;
    }

    public ClientId client() {
        return client;
    }

    public LayoutId id() {
        return id;
    }

    public Stateid stateid() {
        return new Stateid(id, seqid);
    }

    /** The sequence number that the next grant or return takes. */
    public int nextSeqid() {
        return Stateid.next(seqid);
    }

    /**
     * The newest sequence number the client has used: it has acknowledged that one, and older ones
     * are old.
     */
    public int seenSeqid() {
        return seenSeqid;
    }

    public boolean isEmpty() {
        return grants.isEmpty();
    }

    /** Everything held, in order. */
    public List<LayoutRange> ranges() {
        return toRanges(grants.entries());
    }

    /** What is held of {@code range}, clipped to it, in order. */
    public List<LayoutRange> within(ByteRange range) {
        return toRanges(grants.within(range));
    }

    /** Whether all of {@code range} is held as {@code kind} or something stronger. */
    public boolean covers(ByteRange range, GrantKind kind) {
        for (long at = range.start(); at < range.end(); ) {
            var piece = grants.find(at);
            if (piece == null || piece.value().kind().compareTo(kind) < 0) {
                return false;
            }
            at = piece.range().end();
        }
        return true;
    }

    /** The newest epoch at which a part of {@code range}, all of which is held, was granted. */
    public long grantedSince(ByteRange range) {
        long newest = 0;
        for (long at = range.start(); at < range.end(); ) {
            var piece = Objects.requireNonNull(grants.find(at), "not held");
            newest = Math.max(newest, piece.value().sinceEpoch());
            at = piece.range().end();
        }
        return newest;
    }

    public boolean isDurable() {
        return grants.any(grant -> grant.kind().isDurable());
    }

    void grant(LayoutRange granted, long epoch) {
        if (granted.kind().isDurable() && turnEpoch == 0) {
            turnEpoch = epoch;
        }
        for (ByteRange range : weakerThan(granted)) {
            long since = granted.kind().isWriter() ? since(epoch) : 0;
            grants.put(range, new Grant(granted.kind(), since));
        }
    }

    /**
     * What is granted while nothing is given back counts as granted with the first of it: its
     * holder has not had it otherwise in between, and what lies side by side is one range.
     */
    private long since(long epoch) {
        if (firstSince <= turnEpoch) {
            firstSince = epoch;
        }
        return firstSince;
    }

    /** The parts of a range that are not held at all, or held as something weaker. */
    private List<ByteRange> weakerThan(LayoutRange granted) {
        List<ByteRange> weaker = new ArrayList<>();
        long at = granted.range().start();
        for (var piece : grants.within(granted.range())) {
            if (piece.value().kind().compareTo(granted.kind()) >= 0) {
                if (piece.range().start() > at) {
                    weaker.add(new ByteRange(at, piece.range().start()));
                }
                at = piece.range().end();
            }
        }
        if (at < granted.range().end()) {
            weaker.add(new ByteRange(at, granted.range().end()));
        }
        return weaker;
    }

    /**
     * Takes ranges out.
     *
     * @param epoch the file's map epoch
     */
    void release(List<ByteRange> ranges, long epoch, boolean durable) {
        ranges.forEach(grants::remove);
        if (durable && isDurable()) {
            turnEpoch = epoch;
        } else if (durable) {
            turnEpoch = 0;
            firstSince = 0;
        }
    }

    void advance(int newSeqid, boolean durable) {
        seqid = newSeqid;
        if (durable) {
            durableSeqid = newSeqid;
        }
    }

    void seen(int used) {
        if (seenSeqid == 0 || Stateid.isAfter(used, seenSeqid)) {
            seenSeqid = used;
        }
    }

    int durableSeqid() {
        return durableSeqid;
    }

    long turnEpoch() {
        return turnEpoch;
    }

    List<RangeMap.Entry<Grant>> durableGrants() {
        return grants.entries().stream().filter(e -> e.value().kind().isDurable()).toList();
    }

    void restore(int journaledSeqid, long turn, List<RangeMap.Entry<Grant>> durable) {
        seqid = journaledSeqid;
        durableSeqid = journaledSeqid;
        turnEpoch = turn;
        for (RangeMap.Entry<Grant> entry : durable) {
            grants.put(entry.range(), entry.value());
            if (entry.value().sinceEpoch() > turn) {
                firstSince = entry.value().sinceEpoch();
            }
        }
    }

    private static List<LayoutRange> toRanges(List<RangeMap.Entry<Grant>> entries) {
        List<LayoutRange> ranges = new ArrayList<>(entries.size());
        for (var entry : entries) {
            LayoutRange last = ranges.isEmpty() ? null : ranges.getLast();
            if (last != null
                    && last.kind() == entry.value().kind()
                    && last.range().end() == entry.range().start()) {
                ranges.set(
                        ranges.size() - 1,
                        new LayoutRange(
                                new ByteRange(last.range().start(), entry.range().end()),
                                last.kind()));
            } else {
                ranges.add(new LayoutRange(entry.range(), entry.value().kind()));
            }
        }
        return ranges;
    }
}
