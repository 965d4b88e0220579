//! Two callers race on one order. Promised: exactly one wins, the other is told so, and the order moves once.

use clap::Args;
use futures::join;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;
use crate::client::{Answer, Client};
use crate::orders::Orders;
use crate::outcome::Outcome;

/// How often.
#[derive(Args)]
pub(crate) struct Options {
    /// Races of each kind.
    #[arg(long, default_value_t = 500)]
    rounds: u64,
}

/// Two commands, both given by callers who have seen the same version of the order (`If-Match`).
struct Race {
    name: &'static str,
    draft: bool,
    commands: [&'static str; 2],
}

const RACES: [Race; 3] = [
    Race { name: "cancel against cancel", draft: false, commands: ["cancellation", "cancellation"] },
    Race { name: "place against cancel", draft: true, commands: ["placement", "cancellation"] },
    Race { name: "place against place", draft: true, commands: ["placement", "placement"] },
];

pub(crate) async fn measure(options: Options, url: &str) -> Result<Outcome, Error> {
    let client = Client::of_new_tenant(url).await?;
    let orders = Orders::prepare(&client).await?;
    let mut outcome = Outcome::new("race");
    for race in &RACES {
        let (mut first_wins, mut broken) = (0, Vec::new());
        for number in 0..options.rounds {
            match run(&client, &orders, race, number).await? {
                Ok(winner) => first_wins += u64::from(winner == 0),
                Err(how) => broken.push(format!("{}, round {number}: {how}", race.name)),
            }
        }
        let won = format!("{first_wins} : {}", options.rounds - first_wins - broken.len() as u64);
        outcome = outcome.row(format!("{}, won", race.name), won).broken(broken);
    }
    Ok(outcome)
}

/// One race: who won, or how the promise was broken.
async fn run(
    client: &Client,
    orders: &Orders,
    race: &Race,
    number: u64,
) -> Result<Result<usize, String>, Error> {
    let mut body = orders.body(number);
    body["draft"] = race.draft.into();
    let created = client.post("/v1/orders", Uuid::new_v4(), &body).await?;
    let created = created.expect("POST /v1/orders", |status| *status == StatusCode::CREATED)?;
    let path = format!("/v1/orders/{}", created.body["orderId"].as_str().unwrap_or_default());
    let before = client.get(&path).await?.expect("GET /v1/orders/{orderId}", StatusCode::is_success)?;
    let etag = before.etag.clone().unwrap_or_default();
    let [first, second] = race.commands.map(|command| format!("{path}/{command}"));
    let (first, second) = join!(command(client, &first, &etag), command(client, &second, &etag));
    let answers = [first?, second?];
    let after = client.get(&path).await?.expect("GET /v1/orders/{orderId}", StatusCode::is_success)?;
    Ok(judge(&answers, &before.body, &after.body))
}

async fn command(client: &Client, path: &str, etag: &str) -> Result<Answer, Error> {
    client.post_if_match(path, Uuid::new_v4(), etag, &json!({})).await
}

fn judge(answers: &[Answer; 2], before: &Value, after: &Value) -> Result<usize, String> {
    let winner = match answers.each_ref().map(|answer| answer.status.is_success()) {
        [true, false] => 0,
        [false, true] => 1,
        [true, true] => return Err("both won".to_owned()),
        [false, false] => return Err(format!("nobody won: {}, {}", answers[0].body, answers[1].body)),
    };
    let loser = answers[1 - winner].status;
    if !matches!(loser, StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED) {
        return Err(format!("the loser was told {loser}"));
    }
    let versions = [before, after].map(|order| order["version"].as_u64().unwrap_or_default());
    if versions[1] != versions[0] + 1 {
        return Err(format!("the order went from version {} to {}", versions[0], versions[1]));
    }
    if after["status"] != answers[winner].body["status"] {
        return Err(format!(
            "the winner was told {}, the order is {}",
            answers[winner].body["status"], after["status"]
        ));
    }
    Ok(winner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_winner_and_one_who_is_told_so_is_what_is_promised() {
        assert_eq!(
            judge(&[answer(200, "CANCELLED"), answer(412, "")], &order(1, "PENDING"), &order(2, "CANCELLED")),
            Ok(0)
        );
        assert_eq!(
            judge(&[answer(409, ""), answer(200, "CANCELLED")], &order(1, "PENDING"), &order(2, "CANCELLED")),
            Ok(1)
        );
    }

    #[test]
    fn every_other_end_is_broken() {
        let (before, after) = (order(1, "PENDING"), order(2, "CANCELLED"));
        let won = || answer(200, "CANCELLED");
        for (answers, after, how) in [
            ([won(), won()], &after, "both won"),
            ([answer(412, ""), answer(409, "")], &after, "nobody won"),
            ([won(), answer(500, "")], &after, "the loser was told 500"),
            ([won(), answer(412, "")], &order(3, "CANCELLED"), "from version 1 to 3"),
            ([won(), answer(412, "")], &order(2, "PENDING"), "the order is \"PENDING\""),
        ] {
            let judged = judge(&answers, &before, after).unwrap_err();
            assert!(judged.contains(how), "{judged}");
        }
    }

    fn answer(status: u16, told: &str) -> Answer {
        Answer { status: StatusCode::from_u16(status).unwrap(), etag: None, body: json!({"status": told}) }
    }

    fn order(version: u64, status: &str) -> Value {
        json!({"version": version, "status": status})
    }
}
