use std::sync::Mutex as StdMutex;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_secret_is_read_once_in_five_minutes() {
    let secret = secret(&[Ok("1"), Ok("2")]);
    assert_eq!(*secret.current().await.unwrap(), 1);
    tokio::time::advance(KEPT_FOR - Duration::from_secs(1)).await;
    assert_eq!(*secret.current().await.unwrap(), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(*secret.current().await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_secret_is_replaced_by_what_it_was_rotated_to() {
    let secret = secret(&[Ok("1"), Ok("2")]);
    let first = secret.current().await.unwrap();
    tokio::time::advance(RENEWED_AFTER).await;
    let second = secret.renewed(&first).await.unwrap().unwrap();
    assert_eq!(*second, 2);
    assert_eq!(
        secret.renewed(&first).await.unwrap(),
        Some(second),
        "another call's renewal is shared, unread"
    );
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_refused_again_and_again_is_not_read_again_and_again() {
    let secret = secret(&[Ok("1"), Ok("1")]);
    let first = secret.current().await.unwrap();
    assert_eq!(secret.renewed(&first).await.unwrap(), None, "it was read moments ago");
    tokio::time::advance(RENEWED_AFTER).await;
    for _ in 0..10 {
        assert_eq!(secret.renewed(&first).await.unwrap(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_secret_is_better_than_none() {
    let secret = secret(&[Ok("1"), Err(()), Ok("2")]);
    assert_eq!(*secret.current().await.unwrap(), 1);
    tokio::time::advance(KEPT_FOR).await;
    assert_eq!(*secret.current().await.unwrap(), 1);
    assert_eq!(*secret.current().await.unwrap(), 2);
}

#[tokio::test]
async fn a_malformed_secret_is_not_repeated_in_the_error() {
    let secret = secret(&[Ok("\"sk_live_1\"")]);
    let error = format!("{:?}", secret.current().await.unwrap_err());
    assert!(error.contains("Unusable") && !error.contains("sk_live_1"), "{error}");
}

/// What it answers, the next one last.
struct Answers(StdMutex<Vec<Result<&'static str, ()>>>);

impl SecretSource for Answers {
    async fn read(&self, id: &str) -> Result<String, SecretError> {
        let answer = self.0.lock().unwrap().pop().expect("it is not read more often than it has answers");
        answer
            .map(str::to_owned)
            .map_err(|()| SecretError::Unavailable { id: id.to_owned(), cause: "planted".into() })
    }
}

fn secret(answers: &[Result<&'static str, ()>]) -> Secret<u32, Answers> {
    let answers = answers.iter().rev().copied().collect();
    Secret::new(Answers(StdMutex::new(answers)), "payments".to_owned())
}
