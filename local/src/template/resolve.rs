//! Intrinsic functions, parameters, conditions and pseudo parameters, as they come out on the laptop.
//!
//! Physical names are the logical ids unless the template gives a name: one template runs in one folder.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::buckets::default_name;
use super::error::TemplateError;
use super::{name_of_function, secrets};

/// The account that everything on the laptop belongs to.
pub const ACCOUNT: &str = "000000000000";
/// The region that everything on the laptop is in.
pub const REGION: &str = "us-east-1";
/// The stack's name on the laptop.
pub const STACK: &str = "penstock";

/// The value, given beside the parameters, that queues' URLs begin with. No parameter can have such a name.
pub const AWS_URL: &str = "Laptop::AwsUrl";
const AWS_URL_DEFAULT: &str = "http://127.0.0.1:4566";

/// Resolves values of one template.
pub(super) struct Resolver<'a> {
    root: &'a Value,
    parameters: BTreeMap<String, Value>,
    aws_url: String,
}

impl<'a> Resolver<'a> {
    /// Prepares the parameters: `given` first, then the template's defaults.
    pub(super) fn new(root: &'a Value, given: &BTreeMap<String, String>) -> Self {
        let mut parameters = BTreeMap::new();
        for (name, declared) in entries(&root["Parameters"]) {
            let value = given
                .get(name)
                .map(|it| Value::from(it.as_str()))
                .or_else(|| declared.get("Default").cloned());
            if let Some(value) = value {
                parameters.insert(name.clone(), as_declared(value, &declared["Type"]));
            }
        }
        let aws_url = given.get(AWS_URL).map_or(AWS_URL_DEFAULT, String::as_str).to_owned();
        Self { root, parameters, aws_url }
    }

    /// The value with every intrinsic function replaced by what it yields; `None` for `AWS::NoValue`.
    pub(super) fn value(&self, value: &Value, place: &str) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Object(map) => match single_function(map) {
                Some((name, argument)) => self.call(name, argument, place),
                None => self.object(map, place).map(|it| Some(Value::Object(it))),
            },
            Value::Array(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    out.extend(self.value(item, &format!("{place}[{at}]"))?);
                }
                Ok(Some(Value::Array(out)))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    /// Whether a named condition holds.
    pub(super) fn condition(&self, name: &str, place: &str) -> Result<bool, TemplateError> {
        let declared = self.root["Conditions"]
            .get(name)
            .ok_or_else(|| TemplateError::Unknown { place: place.into(), name: name.into() })?;
        self.truth(declared, place)
    }

    fn object(&self, map: &Map<String, Value>, place: &str) -> Result<Map<String, Value>, TemplateError> {
        let mut out = Map::new();
        for (name, value) in map {
            if let Some(value) = self.value(value, &format!("{place}.{name}"))? {
                out.insert(name.clone(), value);
            }
        }
        Ok(out)
    }

    fn call(&self, name: &str, argument: &Value, place: &str) -> Result<Option<Value>, TemplateError> {
        let misused = || TemplateError::Intrinsic { place: place.into(), function: name.into() };
        match name {
            "Ref" => self.reference(argument.as_str().ok_or_else(misused)?, place),
            "Fn::GetAtt" => {
                let [resource, attribute] = two(argument).ok_or_else(misused)?;
                let attribute = self.text(attribute, place)?;
                self.attribute(resource.as_str().ok_or_else(misused)?, &attribute, place).map(Some)
            }
            "Fn::Sub" => self.substitute(argument, place).map(|it| Some(Value::String(it))),
            "Fn::If" => match argument.as_array().map(Vec::as_slice) {
                Some([condition, then, otherwise]) => {
                    let holds = self.condition(condition.as_str().ok_or_else(misused)?, place)?;
                    self.value(if holds { then } else { otherwise }, place)
                }
                _ => Err(misused()),
            },
            "Fn::Join" => {
                let [separator, parts] = two(argument).ok_or_else(misused)?;
                let parts = self.list(parts, place)?;
                Ok(Some(Value::String(parts.join(separator.as_str().ok_or_else(misused)?))))
            }
            "Fn::Split" => {
                let [separator, text] = two(argument).ok_or_else(misused)?;
                let text = self.text(text, place)?;
                Ok(Some(text.split(separator.as_str().ok_or_else(misused)?).map(Value::from).collect()))
            }
            "Fn::Select" => {
                let [index, parts] = two(argument).ok_or_else(misused)?;
                let index: usize = self.text(index, place)?.parse().map_err(|_| misused())?;
                self.list(parts, place)?
                    .into_iter()
                    .nth(index)
                    .map(|it| Some(Value::String(it)))
                    .ok_or_else(misused)
            }
            "Fn::FindInMap" => self.find_in_map(argument, place).map(Some),
            _ => self
                .truth(&Value::Object(Map::from_iter([(name.to_owned(), argument.clone())])), place)
                .map(|it| Some(Value::Bool(it))),
        }
    }

    fn truth(&self, value: &Value, place: &str) -> Result<bool, TemplateError> {
        let Some((name, argument)) = value.as_object().and_then(single_function) else {
            return Err(TemplateError::Intrinsic { place: place.into(), function: value.to_string() });
        };
        let misused = || TemplateError::Intrinsic { place: place.into(), function: name.into() };
        let all = || argument.as_array().ok_or_else(misused);
        match name {
            "Condition" => self.condition(argument.as_str().ok_or_else(misused)?, place),
            "Fn::Equals" => {
                let [left, right] = two(argument).ok_or_else(misused)?;
                Ok(self.text(left, place)? == self.text(right, place)?)
            }
            "Fn::Not" => Ok(!self.truth(all()?.first().ok_or_else(misused)?, place)?),
            "Fn::And" => all()?.iter().try_fold(true, |so_far, it| Ok(self.truth(it, place)? && so_far)),
            "Fn::Or" => all()?.iter().try_fold(false, |so_far, it| Ok(self.truth(it, place)? || so_far)),
            _ => Err(misused()),
        }
    }

    fn text(&self, value: &Value, place: &str) -> Result<String, TemplateError> {
        match self.value(value, place)? {
            Some(Value::String(it)) => Ok(it),
            Some(it @ (Value::Number(_) | Value::Bool(_))) => Ok(it.to_string()),
            other => Err(TemplateError::Wrong {
                place: place.into(),
                expected: "a text",
                found: other.unwrap_or_default().to_string(),
            }),
        }
    }

    fn list(&self, value: &Value, place: &str) -> Result<Vec<String>, TemplateError> {
        match self.value(value, place)? {
            Some(Value::Array(items)) => items.iter().map(|it| self.text(it, place)).collect(),
            other => Err(TemplateError::Wrong {
                place: place.into(),
                expected: "a list",
                found: other.unwrap_or_default().to_string(),
            }),
        }
    }

    fn find_in_map(&self, argument: &Value, place: &str) -> Result<Value, TemplateError> {
        let keys = self.list(argument, place)?;
        let mut found = &self.root["Mappings"];
        for key in &keys {
            found = found
                .get(key)
                .ok_or_else(|| TemplateError::Unknown { place: place.into(), name: keys.join(".") })?;
        }
        Ok(found.clone())
    }

    fn substitute(&self, argument: &Value, place: &str) -> Result<String, TemplateError> {
        let (pattern, local) = match argument {
            Value::String(it) => (it.as_str(), None),
            Value::Array(both) => (both.first().and_then(Value::as_str).unwrap_or_default(), both.get(1)),
            _ => return Err(TemplateError::Intrinsic { place: place.into(), function: "Fn::Sub".into() }),
        };
        let mut out = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let (name, after) = after.split_once('}').ok_or_else(|| TemplateError::Intrinsic {
                place: place.into(),
                function: "Fn::Sub".into(),
            })?;
            out.push_str(&self.substituted(name, local, place)?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn substituted(&self, name: &str, local: Option<&Value>, place: &str) -> Result<String, TemplateError> {
        // `${!Literal}` is CloudFormation's escape for `${Literal}`.
        if let Some(literal) = name.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        if let Some(value) = local.and_then(|it| it.get(name)) {
            return self.text(value, place);
        }
        let value = match name.split_once('.') {
            Some((resource, attribute)) => Some(self.attribute(resource, attribute, place)?),
            None => self.reference(name, place)?,
        };
        self.text(&value.unwrap_or_default(), place)
    }

    fn reference(&self, name: &str, place: &str) -> Result<Option<Value>, TemplateError> {
        if let Some(pseudo) = pseudo_parameter(name) {
            return Ok(pseudo.map(Value::from));
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        if self.root["Parameters"].get(name).is_some() {
            return Err(TemplateError::Parameter(name.to_owned()));
        }
        let resource = self.resource(name, place)?;
        let physical = match kind(resource) {
            "AWS::SQS::Queue" => {
                format!("{}/{ACCOUNT}/{}", self.aws_url, self.physical_name(name, place)?)
            }
            "AWS::SecretsManager::Secret" => secrets::arn(&self.physical_name(name, place)?),
            _ => self.physical_name(name, place)?,
        };
        Ok(Some(Value::String(physical)))
    }

    fn attribute(&self, name: &str, attribute: &str, place: &str) -> Result<Value, TemplateError> {
        let resource = self.resource(name, place)?;
        let physical = self.physical_name(name, place)?;
        let table = || format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{physical}");
        let text = match (kind(resource), attribute) {
            ("AWS::DynamoDB::Table", "Arn") => table(),
            ("AWS::DynamoDB::Table", "StreamArn") => format!("{}/stream/laptop", table()),
            ("AWS::Serverless::Function" | "AWS::Lambda::Function", "Arn") => function_arn(&physical),
            ("AWS::SQS::Queue", "Arn") => format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{physical}"),
            ("AWS::SQS::Queue", "QueueName") => physical,
            ("AWS::SecretsManager::Secret", "Id") => secrets::arn(&physical),
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{physical}"),
            ("AWS::Logs::LogGroup", "Arn") => {
                format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{physical}:*")
            }
            (_, attribute) => format!("arn:aws:laptop:{REGION}:{ACCOUNT}:{physical}/{attribute}"),
        };
        Ok(Value::String(text))
    }

    /// The name the resource has in its service.
    fn physical_name(&self, logical_id: &str, place: &str) -> Result<String, TemplateError> {
        let resource = self.resource(logical_id, place)?;
        let given = match kind(resource) {
            "AWS::Serverless::Function" | "AWS::Lambda::Function" => return Ok(name_of_function(logical_id)),
            "AWS::DynamoDB::Table" => "TableName",
            "AWS::SQS::Queue" => "QueueName",
            "AWS::S3::Bucket" => "BucketName",
            "AWS::SecretsManager::Secret" => "Name",
            "AWS::Logs::LogGroup" => "LogGroupName",
            _ => return Ok(logical_id.to_owned()),
        };
        match resource["Properties"].get(given) {
            Some(name) => self.text(name, &format!("{logical_id}.{given}")),
            None if given == "BucketName" => Ok(default_name(logical_id)),
            None => Ok(logical_id.to_owned()),
        }
    }

    fn resource(&self, name: &str, place: &str) -> Result<&'a Value, TemplateError> {
        self.root["Resources"]
            .get(name)
            .ok_or_else(|| TemplateError::Unknown { place: place.into(), name: name.into() })
    }
}

/// The ARN of a function of the laptop.
pub fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// `Some(None)` is `AWS::NoValue`: the property is to be left out.
fn pseudo_parameter(name: &str) -> Option<Option<&'static str>> {
    match name {
        "AWS::NoValue" => Some(None),
        "AWS::Region" => Some(Some(REGION)),
        "AWS::AccountId" => Some(Some(ACCOUNT)),
        "AWS::StackName" | "AWS::StackId" => Some(Some(STACK)),
        "AWS::Partition" => Some(Some("aws")),
        "AWS::URLSuffix" => Some(Some("amazonaws.com")),
        _ => None,
    }
}

fn as_declared(value: Value, kind: &Value) -> Value {
    match (kind.as_str(), &value) {
        (Some("CommaDelimitedList"), Value::String(text)) => {
            text.split(',').map(|it| Value::from(it.trim())).collect()
        }
        _ => value,
    }
}

fn single_function(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = map.iter().next().filter(|_| map.len() == 1)?;
    // `Condition` alone in a mapping is also how a policy statement may begin; there its value is no text.
    let known = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    known.then_some((name.as_str(), argument))
}

fn two(argument: &Value) -> Option<[&Value; 2]> {
    match argument.as_array()?.as_slice() {
        [first, second] => Some([first, second]),
        _ => None,
    }
}

fn kind(resource: &Value) -> &str {
    resource["Type"].as_str().unwrap_or_default()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
