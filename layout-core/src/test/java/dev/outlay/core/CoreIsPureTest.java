package dev.outlay.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/**
 * Everything the state machine knows comes in through its arguments: this is what makes replay give
 * the same state. So nothing in it may reach for the outside.
 */
class CoreIsPureTest {

    private static final JavaClasses CORE =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("dev.outlay.core");

    @Test
    void classesAreSeen() {
        assertFalse(CORE.isEmpty(), "no class of dev.outlay.core was found to check");
    }

    @Test
    void noInputOrOutput() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.io..",
                        "java.nio.file..",
                        "java.nio.channels..",
                        "java.net..",
                        "java.util.logging..",
                        "javax..",
                        "sun..",
                        "jdk..")
                .orShould()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .accessField(System.class, "in")
                .check(CORE);
    }

    @Test
    void noClock() {
        // The exposure log writes its times so that people can read them.
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.outlay.core.history")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.time..")
                .check(CORE);
        noClasses()
                .should()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(java.time.InstantSource.class)
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(java.util.Date.class, java.util.Calendar.class)
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .check(CORE);
    }

    @Test
    void noThreads() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.concurrent..")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(
                        Thread.class,
                        ThreadLocal.class,
                        ScopedValue.class,
                        java.util.Timer.class,
                        Runtime.class,
                        Process.class,
                        ProcessBuilder.class)
                .check(CORE);
    }

    @Test
    void noRandomness() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.util.random..", "java.security..")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(java.util.Random.class, java.util.SplittableRandom.class)
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(StrictMath.class, "random")
                .orShould()
                .callMethod(java.util.UUID.class, "randomUUID")
                .orShould()
                // Differs from run to run, and so would whatever is ordered by it.
                .callMethod(System.class, "identityHashCode", Object.class)
                .check(CORE);
    }

    @Test
    void noEnvironment() {
        noClasses()
                .should()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getProperty", String.class)
                .orShould()
                .callMethod(System.class, "getProperty", String.class, String.class)
                .check(CORE);
    }

    @Test
    void nothingButTheJdkAndItself() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        "dev.outlay.core..", "java..", "org.jspecify.annotations..")
                .check(CORE);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.outlay.core.(*)..").should().beFreeOfCycles().check(CORE);
    }
}
