//! samconfig.toml ⇔ the template's parameters.

use std::collections::BTreeMap;

use penstock_tests::guards::environments::{given, misconfigured};
use penstock_tests::guards::template::Template;
use penstock_tests::guards::tree;
use serde_json::json;

#[test]
fn every_environment_gives_every_parameter_a_value_that_it_takes() {
    let given = given(&tree::text("samconfig.toml"));
    assert_eq!(given.keys().collect::<Vec<_>>(), ["dev", "prod", "staging"]);
    let wanted = Template::parse(&tree::text("template.yaml")).parameters();
    for (environment, given) in &given {
        assert_eq!(misconfigured(environment, given, &wanted), [""; 0]);
    }
}

#[test]
fn what_an_environment_gets_wrong_is_reported() {
    let samconfig =
        "[prod.deploy.parameters]\nparameter_overrides = ['Environment=dev', 'Days=2', 'Rate=0', 'Spare=1']";
    let wanted = BTreeMap::from([
        ("Environment".to_owned(), json!({"Type": "String", "AllowedValues": ["dev", "prod"]})),
        ("Days".to_owned(), json!({"Type": "Number", "AllowedValues": [1, 3]})),
        ("Rate".to_owned(), json!({"Type": "Number", "MinValue": 1})),
        ("Issuer".to_owned(), json!({"Type": "String"})),
    ]);
    let reported = misconfigured("prod", &given(samconfig)["prod"], &wanted);
    assert_eq!(
        reported,
        [
            "Spare: prod has it, template.yaml has not",
            "Issuer: template.yaml has it, prod has not",
            "prod: Days=2 is not among the allowed values",
            "prod: Rate=0 is out of range",
            "prod: Environment should be prod",
        ]
    );
}
