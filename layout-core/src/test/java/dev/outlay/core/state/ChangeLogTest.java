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

    private static final int REMEMBERED = 32;

    private static final ByteRange HERE = new ByteRange(0, 4096);
    private static final ByteRange ELSEWHERE = new ByteRange(8192, 12288);

    private static ChangeLog after(int changes) {
        ChangeLog log = new ChangeLog();
        for (int epoch = 1; epoch <= changes; epoch++) {
            log.add(new Change(epoch, HERE, 7));
        }
        return log;
    }

    @Test
    void aChangeIsSeenByWhoseMappingIsOlder() {
        ChangeLog log = after(3);
        assertTrue(log.changedAfter(HERE, 2));
        assertFalse(log.changedAfter(HERE, 3));
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
    void itComesBackAsItWas() {
        ChangeLog log = after(REMEMBERED + 3);
        ChangeLog restored = after(1);
        restored.restore(log.forgottenThrough(), log.changes());
        assertEquals(log.changes(), restored.changes());
        assertEquals(3, restored.forgottenThrough());
        restored.restore(0, List.of());
        assertFalse(restored.changedAfter(HERE, 0));
    }
}
