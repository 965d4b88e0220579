//! Which route a request takes, in the order HTTP APIs have: a full match, then a greedy `{name+}`, then `$default`.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::template::RouteSpec;

/// The routes of an API.
pub(super) struct Routes {
    routes: Vec<Route>,
}

/// One route.
pub(super) struct Route {
    /// `POST /v1/orders`, or `$default`.
    pub(super) key: String,
    /// The function behind it.
    pub(super) function: String,
    /// The authorizer it goes through.
    pub(super) authorizer: Option<String>,
    method: String,
    segments: Option<Vec<Segment>>,
}

enum Segment {
    Fixed(String),
    One(String),
    Rest(String),
}

/// A route that fits, and what its parameters are (URL-decoded).
pub(super) struct Match<'a> {
    pub(super) route: &'a Route,
    pub(super) parameters: BTreeMap<String, String>,
}

impl Routes {
    /// The template's routes; `default_authorizer` stands where a route names none.
    pub(super) fn new(specs: &[RouteSpec], default_authorizer: Option<&str>) -> Self {
        let mut routes: Vec<Route> = specs.iter().map(|it| Route::new(it, default_authorizer)).collect();
        routes.sort_by_key(Route::rank);
        Self { routes }
    }

    /// The keys of all routes.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|it| it.key.as_str())
    }

    /// The route for a request. `path` is as the client sent it.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<Match<'_>> {
        self.routes.iter().find_map(|route| {
            let parameters = route.fit(method, path)?;
            Some(Match { route, parameters })
        })
    }
}

impl Route {
    fn new(spec: &RouteSpec, default_authorizer: Option<&str>) -> Self {
        let authorizer = spec.authorizer.as_deref().or(default_authorizer).filter(|it| *it != "NONE");
        let is_default = spec.path == "$default";
        Self {
            key: if is_default { spec.path.clone() } else { format!("{} {}", spec.method, spec.path) },
            function: spec.function.clone(),
            authorizer: authorizer.map(str::to_owned),
            method: spec.method.clone(),
            segments: (!is_default).then(|| segments(&spec.path)),
        }
    }

    /// Smaller is asked first: full matches before greedy ones before `$default`; of two, the one with more fixed text at
    /// its beginning, then the one that names its method.
    fn rank(&self) -> (u8, Vec<u8>, bool) {
        let Some(segments) = &self.segments else { return (2, vec![], true) };
        let kinds: Vec<u8> = segments
            .iter()
            .map(|it| match it {
                Segment::Fixed(_) => 0,
                Segment::One(_) => 1,
                Segment::Rest(_) => 2,
            })
            .collect();
        (u8::from(kinds.contains(&2)), kinds, self.method == "ANY")
    }

    fn fit(&self, method: &str, path: &str) -> Option<BTreeMap<String, String>> {
        let Some(segments) = &self.segments else { return Some(BTreeMap::new()) };
        if self.method != "ANY" && self.method != method {
            return None;
        }
        let mut parameters = BTreeMap::new();
        let mut rest = path.strip_prefix('/')?;
        for (at, segment) in segments.iter().enumerate() {
            if let Segment::Rest(name) = segment {
                parameters.insert(name.clone(), decoded(rest));
                return (!rest.is_empty()).then_some(parameters);
            }
            let last = at + 1 == segments.len();
            let (here, after) = if last { (rest, "") } else { rest.split_once('/')? };
            match segment {
                Segment::Fixed(text) if decoded(here) == *text => {}
                Segment::One(name) if !here.is_empty() && !here.contains('/') => {
                    parameters.insert(name.clone(), decoded(here));
                }
                _ => return None,
            }
            rest = after;
        }
        Some(parameters)
    }
}

/// Percent-decoded; what is not UTF-8 is replaced.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn segments(path: &str) -> Vec<Segment> {
    let parts = path.trim_start_matches('/').split('/');
    parts
        .map(|part| match part.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Segment::Rest(name.to_owned()),
                None => Segment::One(name.to_owned()),
            },
            None => Segment::Fixed(part.to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_match_comes_before_a_greedy_one_and_both_before_default() {
        let routes = routes(&["$default", "GET /a/{rest+}", "GET /a/{id}", "GET /a/fixed"]);
        assert_eq!(taken(&routes, "GET", "/a/fixed"), "GET /a/fixed");
        assert_eq!(taken(&routes, "GET", "/a/other"), "GET /a/{id}");
        assert_eq!(taken(&routes, "GET", "/a/other/deeper"), "GET /a/{rest+}");
        assert_eq!(taken(&routes, "GET", "/b"), "$default");
        assert_eq!(taken(&routes, "POST", "/a/fixed"), "$default");
    }

    #[test]
    fn a_route_that_names_the_method_comes_before_any() {
        let routes = routes(&["ANY /a", "GET /a"]);
        assert_eq!(taken(&routes, "GET", "/a"), "GET /a");
        assert_eq!(taken(&routes, "PUT", "/a"), "ANY /a");
    }

    #[test]
    fn parameters_are_decoded_and_an_encoded_slash_splits_nothing() {
        let routes = routes(&["GET /orders/{id}/events", "GET /files/{path+}"]);
        let found = routes.find("GET", "/orders/a%2Fb%20c/events").unwrap();
        assert_eq!(found.parameters["id"], "a/b c");
        let found = routes.find("GET", "/files/a/b").unwrap();
        assert_eq!(found.parameters["path"], "a/b");
    }

    #[test]
    fn without_default_an_unknown_path_takes_no_route() {
        let routes = routes(&["GET /orders/{id}"]);
        for path in ["/", "/orders", "/orders/", "/orders/1/2", "/orders/1/"] {
            assert!(routes.find("GET", path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_route_may_opt_out_of_the_default_authorizer() {
        let mut spec = spec("GET /open");
        assert_eq!(Route::new(&spec, Some("Jwt")).authorizer.as_deref(), Some("Jwt"));
        spec.authorizer = Some("NONE".into());
        assert_eq!(Route::new(&spec, Some("Jwt")).authorizer, None);
    }

    fn taken<'a>(routes: &'a Routes, method: &str, path: &str) -> &'a str {
        &routes.find(method, path).unwrap().route.key
    }

    fn routes(keys: &[&str]) -> Routes {
        Routes::new(&keys.iter().map(|it| spec(it)).collect::<Vec<_>>(), None)
    }

    fn spec(key: &str) -> RouteSpec {
        let (method, path) = key.split_once(' ').unwrap_or(("ANY", key));
        RouteSpec { method: method.into(), path: path.into(), function: "f".into(), authorizer: None }
    }
}
