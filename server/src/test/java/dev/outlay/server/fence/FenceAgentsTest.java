package dev.outlay.server.fence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.ProcessIdentity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Orders to the agents of hosts: only their own report confirms. */
@Timeout(60)
class FenceAgentsTest {

    private static final class Recording implements FenceAgents.Agent {
        private final List<Long> orders = new ArrayList<>();
        private boolean disconnected;

        @Override
        public void order(long orderId, FenceTarget target, Duration timeout) {
            orders.add(orderId);
        }

        @Override
        public void disconnect(String why) {
            disconnected = true;
        }
    }

    private final FenceAgents agents = new FenceAgents(Duration.ofMinutes(1));
    private final Recording agent = new Recording();

    private static FenceTarget clientOn(String host) {
        return target(Optional.of(new ProcessIdentity(host, "boot", 1, 4711, 99)));
    }

    private static FenceTarget target(Optional<ProcessIdentity> process) {
        return new FenceTarget(
                new ClientRecord(new ClientId(7), "p", "o", 1, 0, 0, 1000, 100, process),
                List.of());
    }

    private FenceAgents.Connection connected(String host) {
        return Objects.requireNonNull(agents.connect(host, "boot", agent));
    }

    private static String failure(CompletableFuture<FenceResult> result) {
        assertTrue(result.isDone());
        return assertInstanceOf(FenceResult.Failed.class, result.join()).reason();
    }

    @Test
    void theReportOfTheHostsAgentConfirms() {
        FenceAgents.Connection connection = connected("h1");
        CompletableFuture<FenceResult> result = agents.fence(clientOn("h1"));
        assertFalse(result.isDone());
        agents.report(connection, agent.orders.getFirst(), true, "killed");
        assertEquals(new FenceResult.Confirmed("killed"), result.join());
    }

    @Test
    void aReportThatIsNoConfirmationIsAFailure() {
        FenceAgents.Connection connection = connected("h1");
        CompletableFuture<FenceResult> result = agents.fence(clientOn("h1"));
        agents.report(connection, agent.orders.getFirst(), false, "may not be killed");
        assertTrue(failure(result).contains("may not be killed"));
    }

    @Test
    void aReportOfAnotherOrderConfirmsNothing() {
        FenceAgents.Connection connection = connected("h1");
        CompletableFuture<FenceResult> result = agents.fence(clientOn("h1"));
        agents.report(connection, agent.orders.getFirst() + 1, true, "killed");
        assertFalse(result.isDone());
    }

    @Test
    void withoutAnAgentOnTheHostItFailsAndSaysWhatToDo() {
        connected("h1");
        assertTrue(failure(agents.fence(clientOn("h2"))).contains("outlay fence-agent --host h2"));
        assertEquals(List.of(), agent.orders);
    }

    @Test
    void aClientThatDidNotSayWhereItRunsIsLeftToAnOperator() {
        assertTrue(
                failure(agents.fence(target(Optional.empty())))
                        .contains("outlay quarantine confirm 0000000000000007"));
    }

    @Test
    void aLostConnectionFailsWhatItWasAsked() {
        FenceAgents.Connection connection = connected("h1");
        CompletableFuture<FenceResult> result = agents.fence(clientOn("h1"));
        agents.disconnected(connection);
        assertTrue(failure(result).contains("connection was lost"));
        assertTrue(failure(agents.fence(clientOn("h1"))).contains("no fence agent"));
    }

    @Test
    void aNewConnectionOfTheSameBootTakesThePlace() {
        FenceAgents.Connection old = connected("h1");
        CompletableFuture<FenceResult> asked = agents.fence(clientOn("h1"));
        Recording newer = new Recording();
        FenceAgents.Connection now = Objects.requireNonNull(agents.connect("h1", "boot", newer));
        assertTrue(agent.disconnected);
        failure(asked);
        agents.disconnected(old);
        CompletableFuture<FenceResult> again = agents.fence(clientOn("h1"));
        agents.report(now, newer.orders.getFirst(), true, "gone");
        assertInstanceOf(FenceResult.Confirmed.class, again.join());
    }

    /** Otherwise a machine could say of processes of another that they are gone. */
    @Test
    void anotherMachineUnderTheSameNameIsRefused() {
        connected("h1");
        assertNull(agents.connect("h1", "another boot", new Recording()));
    }

    @Test
    void whoeverWaitsForAHostHearsOfItsAgent() {
        List<String> heard = new ArrayList<>();
        agents.onConnect(heard::add);
        connected("h1");
        assertEquals(List.of("h1"), heard);
    }

    @Test
    void silenceIsAFailure() {
        FenceAgents impatient = new FenceAgents(Duration.ofMillis(1));
        Objects.requireNonNull(impatient.connect("h1", "boot", agent));
        CompletableFuture<FenceResult> result = impatient.fence(clientOn("h1"));
        assertTrue(
                assertInstanceOf(FenceResult.Failed.class, result.join())
                        .reason()
                        .contains("did not report within"));
    }
}
