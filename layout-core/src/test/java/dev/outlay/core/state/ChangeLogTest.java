package dev.outlay.core.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.state.ChangeLog.Change;
import dev.outlay.core.value.ByteRange;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whether a mapping is old: what has been forgotten counts as changed, and nothing else does. */
class ChangeLogTest {

    private static final int REMEMBERED = 16;

    private static final ByteRange HERE = new ByteRange(0, 4096);
    private static final ByteRange THERE = new ByteRange(4096, 8192);
    private static final ByteRange ELSEWHERE = new ByteRange(8192, 12288);

    private static ChangeLog after(int changes) {
        ChangeLog log = new ChangeLog();
        for (int epoch = 1; epoch <= changes; epoch++) {
            log.add(new Change(epoch, epoch % 2 == 0 ? HERE : THERE, 7));
        }
        return log;
    }

    @Test
    void aChangeIsSeenByWhoseMappingIsOlder() {
        ChangeLog log = after(4);
        assertTrue(log.changedAfter(HERE, 3));
        assertFalse(log.changedAfter(HERE, 4));
        assertFalse(log.changedAfter(ELSEWHERE, 0));
    }

    @Test
    void whatIsForgottenMayHaveBeenAnywhere() {
        assertFalse(after(REMEMBERED).changedAfter(ELSEWHERE, 0));
        ChangeLog log = after(REMEMBERED + 3);
        assertEquals(3, log.forgottenThrough());
        assertTrue(log.changedAfter(ELSEWHERE, 2));
        assertFalse(log.changedAfter(ELSEWHERE, 3));
    }

    @Test
    void aChangeTakesThePlaceOfTheOneBeforeThatItCovers() {
        ChangeLog log = new ChangeLog();
        log.add(new Change(1, HERE, 7));
        log.add(new Change(2, new ByteRange(0, 8192), 7));
        assertEquals(1, log.changes().size());
        assertTrue(log.changedAfter(HERE, 1));
        log.add(new Change(3, HERE, 7));
        assertEquals(2, log.changes().size());
        assertTrue(log.changedAfter(THERE, 1));
        assertFalse(log.changedAfter(THERE, 2));
    }

    @Test
    void itComesBackAsItWas() {
        ChangeLog log = after(REMEMBERED + 3);
        ChangeLog restored = after(1);
        restored.restore(log.forgottenThrough(), log.changes());
        assertEquals(List.copyOf(log.changes()), List.copyOf(restored.changes()));
        assertEquals(3, restored.forgottenThrough());
        restored.restore(0, List.of());
        assertFalse(restored.changedAfter(HERE, 0));
    }
}
