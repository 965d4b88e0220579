//! What the health routes answer.

use serde::Serialize;
use utoipa::ToSchema;

/// The answer of `/health/live`: the process runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Liveness)]
pub struct LivenessView {
    status: Live,
}

/// The answer of `/health/ready`: each dependency was asked. 200 when all answered, 503 otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub struct HealthView {
    status: Readiness,
    dependencies: Vec<DependencyView>,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Dependency)]
pub struct DependencyView {
    #[schema(example = "orders")]
    name: String,
    status: Readiness,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LiveStatus)]
#[serde(rename_all = "lowercase")]
enum Live {
    Live,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReadyStatus)]
#[serde(rename_all = "lowercase")]
enum Readiness {
    Ready,
    Unready,
}

impl Readiness {
    const fn of(ready: bool) -> Self {
        if ready { Self::Ready } else { Self::Unready }
    }
}

impl LivenessView {
    /// Alive: it can say so.
    pub const fn live() -> Self {
        Self { status: Live::Live }
    }

    /// The answer as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("one word is JSON")
    }
}

impl HealthView {
    /// What each dependency answered: its name, and whether it did.
    pub fn new(dependencies: impl IntoIterator<Item = (String, bool)>) -> Self {
        let dependencies: Vec<_> = dependencies
            .into_iter()
            .map(|(name, ready)| DependencyView { name, status: Readiness::of(ready) })
            .collect();
        let ready = dependencies.iter().all(|dependency| dependency.status == Readiness::Ready);
        Self { status: Readiness::of(ready), dependencies }
    }

    /// Whether all answered.
    pub fn is_ready(&self) -> bool {
        self.status == Readiness::Ready
    }

    /// The HTTP status to answer with.
    pub fn http_status(&self) -> u16 {
        if self.is_ready() { 200 } else { 503 }
    }

    /// The answer as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("names and words are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_does_not_answer_makes_all_unready() {
        let view = HealthView::new([("orders".to_owned(), true), ("products".to_owned(), false)]);
        assert_eq!(view.http_status(), 503);
        assert_eq!(
            String::from_utf8(view.to_json()).unwrap(),
            r#"{"status":"unready","dependencies":[{"name":"orders","status":"ready"},{"name":"products","status":"unready"}]}"#
        );
    }

    #[test]
    fn all_that_answer_make_it_ready() {
        assert_eq!(HealthView::new([("orders".to_owned(), true)]).http_status(), 200);
        assert_eq!(LivenessView::live().to_json(), br#"{"status":"live"}"#);
    }
}
