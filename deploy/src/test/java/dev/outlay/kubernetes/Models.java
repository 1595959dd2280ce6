package dev.outlay.kubernetes;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import java.io.IOException;

/**
 * Reads objects strictly into the official models: an unknown, missing or mistyped field is an
 * error.
 */
final class Models {

    private Models() {}

    /**
     * Reads an object as what its {@code apiVersion} and {@code kind} say it is.
     *
     * @throws IllegalArgumentException naming the field, if the model does not know it or needs it
     */
    static Object read(JsonObject object) throws IOException {
        String type =
                object.get("apiVersion").getAsString() + " " + object.get("kind").getAsString();
        return switch (type) {
            case "v1 ConfigMap" ->
                    read(object, V1ConfigMap.class, V1ConfigMap::validateJsonElement);
            case "v1 PersistentVolumeClaim" ->
                    read(
                            object,
                            V1PersistentVolumeClaim.class,
                            V1PersistentVolumeClaim::validateJsonElement);
            case "v1 Service" -> read(object, V1Service.class, V1Service::validateJsonElement);
            case "v1 ServiceAccount" ->
                    read(object, V1ServiceAccount.class, V1ServiceAccount::validateJsonElement);
            case "apps/v1 StatefulSet" ->
                    read(object, V1StatefulSet.class, V1StatefulSet::validateJsonElement);
            case "networking.k8s.io/v1 NetworkPolicy" ->
                    read(object, V1NetworkPolicy.class, V1NetworkPolicy::validateJsonElement);
            case "policy/v1 PodDisruptionBudget" ->
                    read(
                            object,
                            V1PodDisruptionBudget.class,
                            V1PodDisruptionBudget::validateJsonElement);
            default -> throw new IllegalArgumentException("no model is known here for " + type);
        };
    }

    private static <T> T read(JsonObject object, Class<T> model, Validator validator)
            throws IOException {
        validator.validate(object);
        return JSON.getGson().fromJson(object, model);
    }

    /** Checks one element against a model. */
    private interface Validator {
        void validate(JsonElement element) throws IOException;
    }
}
