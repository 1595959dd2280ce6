package dev.outlay.core.history;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** What checks the state machine shares nothing with it but the words for values. */
class HistoryIsIndependentTest {

    @Test
    void nothingOfTheStateMachineIsUsed() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.outlay.core",
                        "dev.outlay.core.state..",
                        "dev.outlay.core.op..",
                        "dev.outlay.core.fact..",
                        "dev.outlay.core.space..",
                        "dev.outlay.core.check..",
                        "dev.outlay.core.codec..")
                .check(
                        new ClassFileImporter()
                                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                                .importPackages("dev.outlay.core.history"));
    }
}
