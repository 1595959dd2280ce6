package dev.outlay.client.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.outlay.client.SavedSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the commands remember between two of them.
 *
 * @param owner the name under which they open sessions
 * @param leaseMillis asked for when the session was opened; 0: the server's default
 * @param session the session to go on with; empty: none is open
 * @param held the files on which a layout was got and not returned yet, for people
 */
record SessionState(
        String owner, int leaseMillis, Optional<SavedSession> session, List<VolumePath> held) {

    private static final int FORMAT = 1;
    private static final int HEX = 16;

    SessionState {
        held = List.copyOf(held);
    }

    /** Nothing is open yet. */
    static SessionState none(String owner) {
        return new SessionState(owner, 0, Optional.empty(), List.of());
    }

    /** The session as it stands now. */
    SessionState with(SavedSession current) {
        return new SessionState(owner, leaseMillis, Optional.of(current), held);
    }

    /** A new session with this lease. */
    SessionState opened(SavedSession fresh, int requestedLeaseMillis) {
        return new SessionState(owner, requestedLeaseMillis, Optional.of(fresh), List.of());
    }

    /** Holds, or no longer holds, a layout on this file. */
    SessionState holding(VolumePath file, boolean holds) {
        TreeSet<String> names = new TreeSet<>();
        held.forEach(name -> names.add(name.toString()));
        if (holds) {
            names.add(file.toString());
        } else {
            names.remove(file.toString());
        }
        return new SessionState(
                owner, leaseMillis, session, names.stream().map(VolumePath::parse).toList());
    }

    String toJson() {
        JsonObject root = new JsonObject();
        root.addProperty("format", FORMAT);
        root.addProperty("owner", owner);
        root.addProperty("leaseMillis", leaseMillis);
        session.ifPresent(saved -> root.add("session", session(saved)));
        root.add(
                "held",
                new com.google.gson.Gson()
                        .toJsonTree(held.stream().map(Object::toString).toList()));
        return new GsonBuilder().setPrettyPrinting().create().toJson(root) + "\n";
    }

    private static JsonObject session(SavedSession saved) {
        JsonObject json = new JsonObject();
        json.addProperty("incarnation", Long.toHexString(saved.incarnation()));
        json.addProperty("clientId", Long.toHexString(saved.clientId()));
        json.addProperty("secret", saved.secret());
        JsonObject ids = new JsonObject();
        new TreeMap<>(saved.nextOperationIds()).forEach(ids::addProperty);
        json.add("nextOperationIds", ids);
        return json;
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static SessionState fromJson(String text) {
        try {
            JsonObject root = JsonParser.parseString(text).getAsJsonObject();
            int format = root.get("format").getAsInt();
            if (format != FORMAT) {
                throw new IllegalArgumentException("format " + format + ", this program reads 1");
            }
            String owner = root.get("owner").getAsString();
            JsonElement session = root.get("session");
            List<VolumePath> held = new ArrayList<>();
            root.get("held")
                    .getAsJsonArray()
                    .forEach(name -> held.add(VolumePath.parse(name.getAsString())));
            return new SessionState(
                    owner,
                    root.get("leaseMillis").getAsInt(),
                    session == null
                            ? Optional.empty()
                            : Optional.of(session(owner, session.getAsJsonObject())),
                    held);
        } catch (JsonParseException
                | IllegalStateException
                | NullPointerException
                | UnsupportedOperationException e) {
            throw new IllegalArgumentException("not the state of a session", e);
        }
    }

    private static SavedSession session(String owner, JsonObject json) {
        Map<String, Long> ids = new TreeMap<>();
        json.get("nextOperationIds")
                .getAsJsonObject()
                .entrySet()
                .forEach(entry -> ids.put(entry.getKey(), entry.getValue().getAsLong()));
        return new SavedSession(
                owner,
                Long.parseUnsignedLong(json.get("incarnation").getAsString(), HEX),
                Long.parseUnsignedLong(json.get("clientId").getAsString(), HEX),
                json.get("secret").getAsString(),
                ids);
    }
}
