package dev.outlay.server.sim.planted;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The product and its simulator, loaded once more, with some classes replaced. All classes of the
 * product are its own; libraries, and the messages of the wire, are shared.
 */
final class PatchedProduct extends ClassLoader {

    private static final String PRODUCT = "dev.outlay.";
    private static final String WIRE = "dev.outlay.v1.";

    private final Map<String, byte[]> replaced;

    private PatchedProduct(Map<String, byte[]> replaced) {
        super(PatchedProduct.class.getClassLoader());
        this.replaced = Map.copyOf(replaced);
    }

    /** Nothing is replaced. */
    static PatchedProduct unchanged() {
        return new PatchedProduct(Map.of());
    }

    /** With one fault in it. */
    static PatchedProduct with(PlantedFault fault) {
        return new PatchedProduct(compile(fault));
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(PRODUCT) || name.startsWith(WIRE)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            if (known != null) {
                return known;
            }
            byte[] bytes = replaced.get(name);
            if (bytes == null) {
                bytes = bytesOf(name);
            }
            return defineClass(name, bytes, 0, bytes.length);
        }
    }

    private byte[] bytesOf(String name) throws ClassNotFoundException {
        try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- the compiler

    private static Map<String, byte[]> compile(PlantedFault fault) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new IllegalStateException("this runs on a JDK, not on a JRE: it compiles");
        }
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        try (StandardJavaFileManager files =
                        compiler.getStandardFileManager(problems, null, StandardCharsets.UTF_8);
                InMemory output = new InMemory(files)) {
            boolean good =
                    compiler.getTask(
                                    null,
                                    output,
                                    problems,
                                    List.of(
                                            "-proc:none",
                                            "-nowarn",
                                            "-classpath",
                                            System.getProperty("java.class.path")),
                                    null,
                                    List.of(new Source(fault)))
                            .call();
            if (!good) {
                List<String> errors = new ArrayList<>();
                for (Diagnostic<?> problem : problems.getDiagnostics()) {
                    errors.add(problem.toString());
                }
                throw new IllegalStateException(
                        "the fault "
                                + fault.name()
                                + " does not compile:\n"
                                + String.join("\n", errors));
            }
            return output.classes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(PlantedFault fault) {
            super(
                    URI.create(
                            "string:///"
                                    + fault.className().replace('.', '/')
                                    + Kind.SOURCE.extension),
                    Kind.SOURCE);
            text = fault.patchedSource();
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    /** Keeps the classes that the compiler makes. */
    private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, ByteArrayOutputStream> made = new HashMap<>();

        InMemory(JavaFileManager files) {
            super(files);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location,
                String className,
                JavaFileObject.Kind kind,
                @Nullable FileObject sibling) {
            return new SimpleJavaFileObject(
                    URI.create("mem:///" + className.replace('.', '/') + kind.extension), kind) {
                @Override
                public OutputStream openOutputStream() {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    made.put(className, bytes);
                    return bytes;
                }
            };
        }

        Map<String, byte[]> classes() {
            Map<String, byte[]> all = new HashMap<>();
            made.forEach((name, bytes) -> all.put(name, bytes.toByteArray()));
            return all;
        }
    }
}
