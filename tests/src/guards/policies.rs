//! What each function may do, read from its policies, and whether they are narrow enough to be read at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::template::Function;

/// What each function may do: `OrdersTable dynamodb:Query`, an index as `OrderViewsTable/index/waiting dynamodb:Query`.
pub type Grants = BTreeMap<String, BTreeSet<String>>;

/// What the functions' policies grant.
///
/// # Errors
/// What is wider than an action by name on a resource of the template: wildcards, managed policies, foreign ARNs.
pub fn grants(functions: &[Function]) -> Result<Grants, Vec<String>> {
    let mut faults = Vec::new();
    let mut grants = Grants::new();
    for function in functions {
        let granted = grants.entry(function.folder.clone()).or_default();
        for policy in &function.policies {
            match statements(policy) {
                Ok(pairs) => granted.extend(pairs),
                Err(fault) => faults.push(format!("{}: {fault}", function.folder)),
            }
        }
    }
    if faults.is_empty() { Ok(grants) } else { Err(faults) }
}

fn statements(policy: &Value) -> Result<Vec<String>, String> {
    let Some(statements) = policy["Statement"].as_array() else {
        return Err(format!("{policy} is no list of statements"));
    };
    statements.iter().map(statement).collect::<Result<Vec<_>, _>>().map(|pairs| pairs.concat())
}

fn statement(statement: &Value) -> Result<Vec<String>, String> {
    if statement["Effect"] != "Allow"
        || !statement["NotAction"].is_null()
        || !statement["NotResource"].is_null()
    {
        return Err(format!("{statement} does not say what is allowed"));
    }
    let resources = one_or_more(&statement["Resource"]).map(resource).collect::<Result<Vec<_>, _>>()?;
    let actions = one_or_more(&statement["Action"]).map(action).collect::<Result<Vec<_>, _>>()?;
    Ok(resources
        .iter()
        .flat_map(|resource| actions.iter().map(move |action| format!("{resource} {action}")))
        .collect())
}

fn one_or_more(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

fn action(action: &Value) -> Result<&str, String> {
    let name = action.as_str().filter(|name| name.contains(':') && !name.contains(['*', '?']));
    name.ok_or_else(|| format!("the action {action} is not one by name"))
}

/// `!GetAtt T.Arn` is `T`, `!GetAtt T.StreamArn` is `T/stream`, `!Sub ${T.Arn}/index/i` is `T/index/i`, `!Sub ${B.Arn}/*` is
/// `B/objects`, `!Ref S` of a secret, which is its ARN, is `S`; nothing else is narrow.
fn resource(resource: &Value) -> Result<String, String> {
    let narrow = match (resource["Fn::GetAtt"].as_str(), resource["Fn::Sub"].as_str()) {
        (None, None) => resource["Ref"].as_str().filter(|name| name.ends_with("Secret")).map(str::to_owned),
        (Some(attribute), None) => attribute
            .strip_suffix(".Arn")
            .map(str::to_owned)
            .or_else(|| attribute.strip_suffix(".StreamArn").map(|table| format!("{table}/stream"))),
        (None, Some(pattern)) => index(pattern).or_else(|| objects(pattern)),
        _ => None,
    };
    narrow.ok_or_else(|| format!("the resource {resource} is not one of this template"))
}

fn index(pattern: &str) -> Option<String> {
    let (table, index) = pattern.strip_prefix("${")?.split_once(".Arn}/index/")?;
    (!index.is_empty() && !index.contains(['*', '?', '$'])).then(|| format!("{table}/index/{index}"))
}

fn objects(pattern: &str) -> Option<String> {
    let bucket = pattern.strip_prefix("${")?.strip_suffix(".Arn}/*")?;
    Some(format!("{bucket}/objects"))
}

/// Resources that are granted and that the template does not have.
#[must_use]
pub fn dangling(grants: &Grants, resources: &BTreeMap<String, Value>) -> Vec<String> {
    let exists = |grant: &str| {
        let path = grant.split(' ').next().unwrap_or_default();
        let mut parts = path.splitn(3, '/');
        let resource = parts.next().and_then(|logical_id| resources.get(logical_id));
        resource.is_some_and(|resource| match (parts.next(), parts.next()) {
            (Some("index"), Some(name)) => has_index(resource, name),
            (Some("objects"), None) => resource["Type"] == "AWS::S3::Bucket",
            (Some("stream"), None) => !resource["Properties"]["StreamSpecification"].is_null(),
            (kind, _) => kind.is_none(),
        })
    };
    let of = |(function, granted): (&String, &BTreeSet<String>)| -> Vec<String> {
        granted
            .iter()
            .filter(|grant| !exists(grant))
            .map(|grant| format!("{function}: there is no {grant}"))
            .collect()
    };
    grants.iter().flat_map(of).collect()
}

fn has_index(table: &Value, name: &str) -> bool {
    let indexes = table["Properties"]["GlobalSecondaryIndexes"].as_array();
    indexes.is_some_and(|indexes| indexes.iter().any(|index| index["IndexName"] == name))
}

/// Uses that nothing grants. An index counts as its table: a use says only which table it was.
#[must_use]
pub fn unpermitted(used: &Grants, granted: &Grants) -> Vec<String> {
    let of = |(function, uses): (&String, &BTreeSet<String>)| -> Vec<String> {
        let granted: BTreeSet<String> =
            granted.get(function).into_iter().flatten().map(|grant| on_table(grant)).collect();
        uses.difference(&granted).map(|used| format!("{function} may not do what it does: {used}")).collect()
    };
    used.iter().flat_map(of).collect()
}

fn on_table(grant: &str) -> String {
    match grant.split_once(' ') {
        Some((resource, action)) => {
            format!("{} {action}", resource.split("/index/").next().unwrap_or_default())
        }
        None => grant.to_owned(),
    }
}

/// How the tables' names end, `-orders`, and the logical id of each.
#[must_use]
pub fn table_names(resources: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let name = |resource: &Value| {
        let pattern = resource["Properties"]["TableName"]["Fn::Sub"].as_str()?;
        pattern.strip_prefix("${AWS::StackName}").map(str::to_owned)
    };
    let tables = resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::DynamoDB::Table");
    tables.filter_map(|(logical_id, table)| Some((name(table)?, logical_id.clone()))).collect()
}
