package dev.outlay.kubernetes;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * A folder with a {@code kustomization.yaml}, built the way {@code kubectl kustomize} builds it, as
 * far as ours need it: resources, folders among them, and strategic merge patches. Anything else in
 * the file is refused, so that it cannot go unchecked.
 */
record Kustomization(Path folder, JsonObject file) {

    private static final String FILE_NAME = "kustomization.yaml";
    private static final Set<String> KNOWN =
            Set.of("apiVersion", "kind", "labels", "resources", "patches");

    /**
     * By which field Kubernetes tells the elements of a list of objects apart, tried in this order.
     */
    private static final List<String> MERGE_KEYS =
            List.of("mountPath", "devicePath", "containerPort", "name");

    static Kustomization of(Path folder) throws IOException {
        JsonObject file = load(folder.resolve(FILE_NAME)).getAsJsonObject();
        for (String key : file.keySet()) {
            if (!KNOWN.contains(key)) {
                throw new IllegalArgumentException(
                        folder + ": this check does not know '" + key + "'");
            }
        }
        return new Kustomization(folder, file);
    }

    /** Reads one YAML document; duplicate keys are refused. */
    static JsonElement load(Path yaml) throws IOException {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        try (Reader reader = Files.newBufferedReader(yaml)) {
            Object document = new Yaml(new SafeConstructor(options)).load(reader);
            return new Gson().toJsonTree(document);
        }
    }

    /** The files and folders named as resources. */
    List<Path> resources() {
        return paths("resources");
    }

    /** The files named as patches. */
    List<Path> patches() {
        return paths("patches");
    }

    /** All objects that would be sent to the cluster. */
    List<JsonObject> build() throws IOException {
        List<JsonObject> objects = new ArrayList<>();
        for (Path resource : resources()) {
            if (Files.isDirectory(resource)) {
                objects.addAll(of(resource).build());
            } else {
                objects.add(load(resource).getAsJsonObject());
            }
        }
        for (Path path : patches()) {
            JsonObject patch = load(path).getAsJsonObject();
            JsonObject target =
                    objects.stream()
                            .filter(object -> identity(object).equals(identity(patch)))
                            .findFirst()
                            .orElseThrow(
                                    () -> new IllegalArgumentException(path + " patches nothing"));
            merge(target, patch);
        }
        return objects;
    }

    private static String identity(JsonObject object) {
        return object.get("kind").getAsString()
                + " "
                + object.getAsJsonObject("metadata").get("name").getAsString();
    }

    private List<Path> paths(String key) {
        List<Path> paths = new ArrayList<>();
        if (file.has(key)) {
            for (JsonElement element : file.getAsJsonArray(key)) {
                String name =
                        element.isJsonObject()
                                ? element.getAsJsonObject().get("path").getAsString()
                                : element.getAsString();
                paths.add(folder.resolve(name).normalize());
            }
        }
        return paths;
    }

    private static void merge(JsonObject target, JsonObject patch) {
        for (String key : patch.keySet()) {
            JsonElement from = patch.get(key);
            JsonElement to = target.get(key);
            if (to != null && to.isJsonObject() && from.isJsonObject()) {
                merge(to.getAsJsonObject(), from.getAsJsonObject());
            } else if (to != null && to.isJsonArray() && from.isJsonArray()) {
                from.getAsJsonArray().forEach(element -> mergeInto(to.getAsJsonArray(), element));
            } else {
                target.add(key, from);
            }
        }
    }

    private static void mergeInto(JsonArray list, JsonElement element) {
        for (String key : MERGE_KEYS) {
            if (element.isJsonObject() && element.getAsJsonObject().has(key)) {
                for (JsonElement present : list) {
                    if (element.getAsJsonObject()
                            .get(key)
                            .equals(present.getAsJsonObject().get(key))) {
                        merge(present.getAsJsonObject(), element.getAsJsonObject());
                        return;
                    }
                }
                break;
            }
        }
        list.add(element);
    }
}
