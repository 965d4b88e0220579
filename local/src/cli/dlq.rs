//! `penstock dlq`: an operator's look at what consumers of a running platform gave up, over its HTTP API.

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// What to do with dead letters, and where.
#[derive(Args)]
pub(crate) struct Dlq {
    #[command(subcommand)]
    action: Action,
    /// A running platform; without it, the one at --port.
    #[arg(long, global = true)]
    url: Option<String>,
    /// Only this tenant's, as an operator of its own sees them.
    #[arg(long, global = true)]
    tenant: Option<String>,
}

/// What is done with dead letters.
#[derive(Subcommand)]
enum Action {
    /// Lists every queue with its number of dead letters.
    List,
    /// Shows a queue's dead letters, and why they are dead.
    Show {
        /// The queue, as `list` names it.
        queue: String,
        /// How many at most.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Sends a queue's dead letters to it again: all of them, or those named.
    Redrive {
        /// The queue, as `list` names it.
        queue: String,
        /// Only the one with this id, as `show` names it; may be given several times.
        #[arg(long = "id", value_name = "ID")]
        ids: Vec<String>,
    },
}

/// Why a platform was of no help.
#[derive(Debug, thiserror::Error)]
enum DlqError {
    #[error("no platform answers at {url}; start one with `cargo run`, or name one with --url")]
    Unreachable { url: String, source: reqwest::Error },
    #[error("the platform answered {status}: {detail}")]
    Refused { status: u16, detail: String },
}

/// Does it, and prints what came of it.
pub(crate) async fn run(port: u16, dlq: Dlq) -> Result<ExitCode, Box<dyn Error>> {
    let url = dlq.url.unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
    let platform = Platform::enter(url, dlq.tenant.as_deref()).await?;
    let told = match dlq.action {
        Action::List => queues(&platform.get("/v1/dead-letters").await?),
        Action::Show { queue, limit } => {
            letters(&platform.get(&format!("/v1/dead-letters/{queue}?limit={limit}")).await?)
        }
        Action::Redrive { queue, ids } => redriven(&platform.redrive_all(&queue, &ids).await?),
    };
    print!("{told}");
    Ok(ExitCode::SUCCESS)
}

/// A platform, and the token to enter it with.
struct Platform {
    http: Client,
    url: String,
    token: String,
}

impl Platform {
    async fn enter(url: String, tenant: Option<&str>) -> Result<Self, DlqError> {
        let mut platform = Self { http: Client::new(), url, token: String::new() };
        let role = if tenant.is_some() { "operator" } else { "platform-operator" };
        let wanted = json!({"tenant": tenant.unwrap_or("platform"), "subject": "dlq", "roles": [role]});
        let token = platform.http.post(format!("{}/dev/token", platform.url)).json(&wanted);
        platform.token = text(&platform.answer(token).await?["token"]).to_owned();
        Ok(platform)
    }

    async fn get(&self, path: &str) -> Result<Value, DlqError> {
        let request = self.http.get(format!("{}{path}", self.url));
        self.answer(request.bearer_auth(&self.token)).await
    }

    /// Asks again as long as there is more to redrive.
    async fn redrive_all(&self, queue: &str, ids: &[String]) -> Result<Value, DlqError> {
        let body = if ids.is_empty() { json!({}) } else { json!({ "ids": ids }) };
        let mut before = 0;
        loop {
            let request = self.http.post(format!("{}/v1/dead-letters/{queue}/redrive", self.url)).json(&body);
            let mut answer = self.answer(request.bearer_auth(&self.token)).await?;
            let redriven = answer["redriven"].as_u64().unwrap_or_default();
            before += redriven;
            answer["redriven"] = before.into();
            if answer["state"] != "more" || redriven == 0 {
                return Ok(answer);
            }
        }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, DlqError> {
        let unreachable = |source| DlqError::Unreachable { url: self.url.clone(), source };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.text().await.map_err(unreachable)?;
        let json: Value = serde_json::from_str(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(json);
        }
        let detail = json["detail"].as_str().map_or(body, str::to_owned);
        Err(DlqError::Refused { status: status.as_u16(), detail })
    }
}

fn queues(answer: &Value) -> String {
    let mut told = String::new();
    for queue in rows(&answer["queues"]) {
        let more = if queue["complete"] == true { "" } else { " or more" };
        line(&mut told, format_args!("{:<24} {}{more}", text(&queue["queue"]), queue["deadLetters"]));
    }
    told
}

fn letters(answer: &Value) -> String {
    let mut told = String::new();
    for letter in rows(&answer["deadLetters"]) {
        line(&mut told, format_args!("{}  {}", text(&letter["id"]), text(&letter["reason"])));
        let tries = letter["attempts"].as_u64().map(|it| format!("tried {it} times"));
        let facts = [
            letter["tenant"].as_str().map(|it| format!("tenant {it}")),
            tries,
            letter["failedAt"].as_str().map(|it| format!("given up at {it}")),
        ];
        line(&mut told, format_args!("  {}", facts.into_iter().flatten().collect::<Vec<_>>().join(", ")));
        let envelopes = rows(&letter["letters"]).map(Value::to_string);
        for body in envelopes.chain(letter["body"].as_str().map(str::to_owned)) {
            line(&mut told, format_args!("  {body}"));
        }
    }
    if answer["complete"] != true {
        line(&mut told, format_args!("… and maybe more: --limit"));
    }
    told
}

fn redriven(answer: &Value) -> String {
    let mut told = match text(&answer["state"]) {
        "moving" => "All are being moved to their queue.\n".to_owned(),
        "more" => format!("{} redriven; there may be more, but none was found.\n", answer["redriven"]),
        _ => format!("{} redriven.\n", answer["redriven"]),
    };
    for id in rows(&answer["notFound"]) {
        line(&mut told, format_args!("{} is not there.", text(id)));
    }
    told
}

fn line(told: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(told, "{text}").expect("a text takes everything");
}

fn rows(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_a_line_each() {
        let queues = queues(&json!({"queues": [
            {"queue": "payments", "deadLetters": 2, "complete": true},
            {"queue": "stock", "deadLetters": 1000, "complete": false},
        ]}));
        assert_eq!(queues, "payments                 2\nstock                    1000 or more\n");
    }

    #[test]
    fn a_dead_letter_is_told_with_its_reason_and_what_it_holds() {
        let told = letters(&json!({"complete": true, "deadLetters": [{
            "id": "m-1", "reason": "no such carrier", "attempts": 5, "tenant": "acme", "letters": [{"id": "a"}],
        }]}));
        assert_eq!(told, "m-1  no such carrier\n  tenant acme, tried 5 times\n  {\"id\":\"a\"}\n");
    }

    #[test]
    fn a_redrive_says_what_it_did_and_did_not_find() {
        let told = redriven(&json!({"redriven": 2, "state": "done", "notFound": ["m-9"]}));
        assert_eq!(told, "2 redriven.\nm-9 is not there.\n");
    }
}
