package dev.outlay.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.outlay.server.config.ConfigException;
import dev.outlay.server.config.ServerConfig;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Probe;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServicePort;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The manifests are valid, complete, and agree with each other and with the server they start. */
@NullUnmarked // every getter of the models may answer null; where one does here, the test is right
// to fail
final class ManifestTest {

    private static final Path FOLDER =
            Path.of(System.getProperty("outlay.root", ".."), "deploy", "kubernetes").normalize();
    private static final String CONFIG_KEY = "outlay.conf";

    private final List<Object> objects = new ArrayList<>();

    @BeforeEach
    void buildBase() throws IOException {
        for (JsonObject object : Kustomization.of(FOLDER.resolve("base")).build()) {
            objects.add(Models.read(object));
        }
    }

    @Test
    void everyFileIsNamedAndEveryNameIsAFile() throws IOException {
        for (Path folder : kustomizations()) {
            Kustomization kustomization = Kustomization.of(folder);
            Set<Path> named = new HashSet<>(kustomization.resources());
            named.addAll(kustomization.patches());
            named.forEach(
                    path ->
                            assertTrue(
                                    Files.exists(path),
                                    () -> folder + " names " + path + ", which is not there"));
            named.removeIf(Files::isDirectory);
            try (Stream<Path> files = Files.list(folder)) {
                Set<Path> present =
                        files.filter(
                                        file ->
                                                !file.endsWith("kustomization.yaml")
                                                        && Files.isRegularFile(file))
                                .collect(Collectors.toSet());
                assertEquals(
                        present,
                        named,
                        () -> "files of " + folder + " and what its kustomization names");
            }
        }
    }

    @Test
    void everyObjectOfEveryOverlayIsValid() throws IOException {
        for (Path folder : kustomizations()) {
            for (JsonObject object : Kustomization.of(folder).build()) {
                Models.read(object);
            }
        }
    }

    @Test
    void anUnknownFieldAnywhereIsRefused() throws IOException {
        JsonObject statefulSet =
                Kustomization.load(FOLDER.resolve("base/statefulset.yaml")).getAsJsonObject();
        JsonObject podSpec =
                statefulSet
                        .getAsJsonObject("spec")
                        .getAsJsonObject("template")
                        .getAsJsonObject("spec");
        JsonObject container = podSpec.getAsJsonArray("containers").get(0).getAsJsonObject();
        container
                .getAsJsonObject("livenessProbe")
                .getAsJsonObject("httpGet")
                .addProperty("prot", "http");
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Models.read(statefulSet));
        assertTrue(String.valueOf(refused.getMessage()).contains("`prot`"), refused::toString);
    }

    @Test
    void portsAgree() throws ConfigException {
        Map<String, Integer> ports =
                server().getPorts().stream()
                        .collect(
                                Collectors.toMap(
                                        V1ContainerPort::getName,
                                        V1ContainerPort::getContainerPort));
        ServerConfig config = config();
        assertEquals(config.listen().port(), ports.get("grpc"));
        assertEquals(config.httpListen().orElseThrow().port(), ports.get("http"));
        for (V1Service service : all(V1Service.class)) {
            for (V1ServicePort port : service.getSpec().getPorts()) {
                assertEquals(new IntOrString(port.getName()), port.getTargetPort());
                assertEquals(ports.get(port.getName()), port.getPort());
            }
        }
        for (V1Probe probe :
                List.of(
                        server().getLivenessProbe(),
                        server().getReadinessProbe(),
                        server().getStartupProbe())) {
            assertEquals(new IntOrString("http"), probe.getHttpGet().getPort());
        }
        Map<String, String> annotations =
                only(V1StatefulSet.class).getSpec().getTemplate().getMetadata().getAnnotations();
        assertEquals(String.valueOf(ports.get("http")), annotations.get("prometheus.io/port"));
        only(V1NetworkPolicy.class).getSpec().getIngress().stream()
                .flatMap(rule -> rule.getPorts().stream())
                .forEach(
                        port ->
                                assertTrue(
                                        ports.containsKey(port.getPort().getStrValue()),
                                        port::toString));
    }

    @Test
    void probesAskForHealth() {
        assertEquals("/health/live", server().getStartupProbe().getHttpGet().getPath());
        assertEquals("/health/live", server().getLivenessProbe().getHttpGet().getPath());
        assertEquals("/health/ready", server().getReadinessProbe().getHttpGet().getPath());
    }

    @Test
    void theServerAcceptsItsConfigurationAndKeepsItsDataOnTheJournalVolume()
            throws ConfigException {
        ServerConfig config = config();
        Map<String, String> mounts =
                server().getVolumeMounts().stream()
                        .collect(
                                Collectors.toMap(
                                        mount -> mount.getName(), mount -> mount.getMountPath()));
        assertTrue(config.dataDirectory().startsWith(mounts.get("journal")), config::toString);
        assertEquals(
                List.of("serve", "--config", mounts.get("config") + "/" + CONFIG_KEY),
                server().getArgs());
        long graceSeconds = pod().getTerminationGracePeriodSeconds();
        assertTrue(
                graceSeconds > config.shutdownTimeout().toSeconds(),
                "killed before a graceful stop can end");
    }

    @Test
    void selectorsMeetThePod() {
        V1StatefulSet set = only(V1StatefulSet.class);
        Map<String, String> labels = set.getSpec().getTemplate().getMetadata().getLabels();
        List<Map<String, String>> selectors = new ArrayList<>();
        selectors.add(set.getSpec().getSelector().getMatchLabels());
        selectors.add(only(V1PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels());
        selectors.add(only(V1NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels());
        all(V1Service.class).forEach(service -> selectors.add(service.getSpec().getSelector()));
        selectors.forEach(
                selector ->
                        assertTrue(
                                labels.entrySet().containsAll(selector.entrySet()),
                                selector::toString));
        assertTrue(
                all(V1Service.class).stream()
                        .anyMatch(service -> isHeadless(service, set.getSpec().getServiceName())));
    }

    /**
     * What the restricted pod security standard asks for, and a root file system that cannot be
     * written.
     */
    @Test
    void thePodIsRestricted() {
        var context = server().getSecurityContext();
        assertEquals(false, context.getAllowPrivilegeEscalation());
        assertEquals(true, context.getReadOnlyRootFilesystem());
        assertEquals(List.of("ALL"), context.getCapabilities().getDrop());
        assertEquals(true, pod().getSecurityContext().getRunAsNonRoot());
        assertEquals("RuntimeDefault", pod().getSecurityContext().getSeccompProfile().getType());
        assertEquals(false, pod().getAutomountServiceAccountToken());
    }

    @Test
    void theImageIsOfThisVersion() {
        assertEquals("outlay:" + System.getProperty("outlay.version"), server().getImage());
    }

    private static boolean isHeadless(V1Service service, String name) {
        return name.equals(service.getMetadata().getName())
                && "None".equals(service.getSpec().getClusterIP());
    }

    private ServerConfig config() throws ConfigException {
        return ServerConfig.parse(
                "configmap.yaml", only(V1ConfigMap.class).getData().get(CONFIG_KEY), Map.of());
    }

    private V1PodSpec pod() {
        return only(V1StatefulSet.class).getSpec().getTemplate().getSpec();
    }

    private V1Container server() {
        assertEquals(1, pod().getContainers().size());
        return pod().getContainers().getFirst();
    }

    private <T> List<T> all(Class<T> type) {
        return objects.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private <T> T only(Class<T> type) {
        List<T> found = all(type);
        assertEquals(1, found.size(), type::getSimpleName);
        return found.getFirst();
    }

    private static List<Path> kustomizations() throws IOException {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            List<Path> folders =
                    files.filter(file -> file.endsWith("kustomization.yaml"))
                            .map(Path::getParent)
                            .toList();
            assertTrue(folders.size() >= 3, folders::toString);
            return folders;
        }
    }
}
